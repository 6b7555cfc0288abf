# examples/json.rs with Debian's rustc 1.63. It wants the linker of its own LLVM: later ones refuse
# the metadata in its libraries.
apt_packages="rustc libstd-rust-dev-wasm32 lld-14"
sources="examples/json.rs"

build() {
  /usr/bin/rustc --target wasm32-wasi --edition 2021 -O -C strip=debuginfo -C linker=wasm-ld-14 \
    "$REPO/examples/json.rs" -o "$OUT/json.wasm"
  python3 "$INPUTS" json 1500 > "$OUT/records.json"
  python3 "$INPUTS" json 501 > "$OUT/escaped.json"
}

build_native() {
  /usr/bin/rustc --edition 2021 -C opt-level=3 "$REPO/examples/json.rs" -o "$OUT/json"
  python3 "$INPUTS" json 60000 > "$OUT/many-records.json"
}
