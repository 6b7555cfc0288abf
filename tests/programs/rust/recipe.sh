# examples/json.rs, and what looks for optional files, with Debian's rustc 1.63. It wants the linker of its own LLVM: later ones refuse
# the metadata in its libraries.
apt_packages="rustc libstd-rust-dev-wasm32 lld-14"
sources="examples/json.rs tests/programs/rust/optional.rs"

build() {
  for source in "$REPO/examples/json.rs" "$HERE/optional.rs"; do
    /usr/bin/rustc --target wasm32-wasi --edition 2021 -O -C strip=debuginfo -C linker=wasm-ld-14 \
      "$source" -o "$OUT/$(basename "$source" .rs).wasm"
  done
  python3 "$INPUTS" json 1500 > "$OUT/records.json"
  python3 "$INPUTS" json 501 > "$OUT/escaped.json"
}

build_native() {
  /usr/bin/rustc --edition 2021 -C opt-level=3 "$REPO/examples/json.rs" -o "$OUT/json"
  python3 "$INPUTS" json 60000 > "$OUT/many-records.json"
}
