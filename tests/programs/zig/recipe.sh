# examples/dump.zig with Zig from PyPI.
apt_packages="python3-pip"
sources="examples/dump.zig"

build() {
  local wheel
  wheel=$(pip_package ziglang 0.17.1)
  "$wheel/ziglang/zig" build-exe -target wasm32-wasi -O ReleaseFast --cache-dir cache \
    --global-cache-dir cache "-femit-bin=$OUT/dump.wasm" "$REPO/examples/dump.zig"
  python3 "$INPUTS" binary 60001 > "$OUT/data.bin"
}
