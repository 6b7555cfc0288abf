# Ruby 3.4 as a reactor (npm @ruby/3.4-wasm-wasi; Ruby's licence). Beside WASI it imports functions
# of a JavaScript host, which are never called here.
apt_packages="npm"

build() {
  local package
  package=$(npm_package @ruby/3.4-wasm-wasi 2.10.1)
  cp "$package/package/dist/ruby.wasm" "$OUT"
}
