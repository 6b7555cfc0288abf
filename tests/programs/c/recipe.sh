# examples/sort.c with Debian's clang and wasi-libc.
apt_packages=$apt_wasm_c
sources="examples/sort.c"

build() {
  wasm_cc -Wall -Wextra -Werror "$REPO/examples/sort.c" -o "$OUT/sort.wasm"
  python3 "$INPUTS" lines 20000 > "$OUT/lines.txt"
}

build_native() {
  native_cc "$REPO/examples/sort.c" -o "$OUT/sort"
  python3 "$INPUTS" lines 400000 > "$OUT/many-lines.txt"
}
