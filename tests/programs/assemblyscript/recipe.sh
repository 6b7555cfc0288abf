# examples/totals.ts with AssemblyScript 0.27 (the last that Debian's Node 18 runs) and wasi-shim.
apt_packages="nodejs npm"
sources="examples/totals.ts"

build() {
  local modules
  modules=$(npm_packages assemblyscript assemblyscript@0.27.37 @assemblyscript/wasi-shim@0.1.0)
  ln -s "$modules/node_modules" .
  cp "$REPO/examples/totals.ts" .
  node node_modules/assemblyscript/bin/asc.js totals.ts -O --exportStart _start \
    --config node_modules/@assemblyscript/wasi-shim/asconfig.json -o "$OUT/totals.wasm"
  python3 "$INPUTS" csv 8000 > "$OUT/sales.csv"
}
