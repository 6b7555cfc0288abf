# Yosys 0.55, logic synthesis, with its cell library (npm @yowasp/yosys; ISC licence).
apt_packages="nodejs npm"
sources="tests/programs/yosys/unpack_share.mjs"

build() {
  local package
  package=$(npm_package @yowasp/yosys 0.55.944)/package/gen
  cp "$package/yosys.core.wasm" "$OUT/yosys.wasm"
  cp "$package/resources-yosys.js" resources.mjs
  node "$HERE/unpack_share.mjs" "$PWD/resources.mjs" "$OUT/share"
}
