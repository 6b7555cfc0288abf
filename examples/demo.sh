#!/usr/bin/env bash
# A tour: real programs under build/nacre, with exactly the rights named on the command line. ./dev demo calls it
# after it has built Nacre; each step prints the command that it runs, and can be typed again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
step=0
title() {
  step=$((step + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
}
# run WANTED-EXIT-CODE COMMAND...: shows the command as one would type it, runs it, and holds it to its exit code.
run() {
  local wanted=$1 code=0
  shift
  printf '   $'
  local word
  for word in "$@"; do
    if [[ $word =~ ^[][A-Za-z0-9_./:=,@%+-]+$ ]]; then printf ' %s' "$word"; else printf " '%s'" "$word"; fi
  done
  printf '\n'
  # No stream is a terminal, so nobody is asked: each step does what is written about it.
  { "$@" < /dev/null 2>&1 || code=$?; echo "$code" > build/demo/.exit; } | sed 's/^/     /'
  code=$(cat build/demo/.exit)
  if [ "$wanted" -ne 0 ] && [ "$code" -eq "$wanted" ]; then printf '   (exit code %d, as it should be)\n' "$code"; fi
  if [ "$code" -ne "$wanted" ]; then
    printf '   exit code %d; %d was expected\n' "$code" "$wanted"
    exit 1
  fi
}

mkdir -p build/demo
nacre=build/nacre

title 'Ruby, as its own people compiled it to WebAssembly (24 MB, fetched once from npm)'
tests/programs/setup.sh ruby | sed 's/^/   /'
ruby=build/programs/ruby/ruby.wasm
run 0 $nacre $ruby -e 'puts "Ruby #{RUBY_VERSION} on #{RUBY_PLATFORM}: 2**100 = #{2**100}"'
run 0 $nacre $ruby -e 'p (1..30).select { |n| (2..n / 2).none? { |d| n % d == 0 } }'

title 'A C program, compiled on the spot'
run 0 clang-19 --target=wasm32-wasi -O2 examples/hello.c -o build/demo/hello.wasm
run 0 $nacre build/demo/hello.wasm

title 'It was granted no directory, so it sees no file, though you could read this one'
run 1 $nacre build/demo/hello.wasm examples/hello.c

title 'The same with the folder granted, for reading only'
run 0 $nacre --dir examples:ro build/demo/hello.wasm examples/hello.c

title 'That grant ends at the folder: what lies beside it stays out of reach, by any spelling'
run 1 $nacre --dir examples:ro build/demo/hello.wasm examples/../LICENSE

title 'Ruby can read there as well, but not write'
run 0 $nacre --dir examples:ro $ruby -e 'puts File.readlines("examples/hello.c").grep(/main/)'
run 1 $nacre --dir examples:ro $ruby -e 'File.write("examples/new.txt", "hello")'

printf '\nThat was it. Where nobody can be asked, what is not granted is refused. Typed into a terminal, step 3 asks you:\n'
printf '   $ %s build/demo/hello.wasm examples/hello.c\n' $nacre
printf 'Next: %s --help, examples/README.md, and ./dev test for all tests.\n' $nacre
