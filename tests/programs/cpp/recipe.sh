# examples/words.cc with Debian's clang and libc++: iostream, format and ranges in 1.6 MB.
# The wasm32 libc++ has no exceptions to link against, and wants the stack protector's symbols.
apt_packages=$apt_wasm_cxx
apt_native="libc++-19-dev libc++abi-19-dev"
sources="examples/words.cc tests/programs/cpp/optional.cc tests/programs/cpp/stack_protector.c"
flags="-std=c++20 -fno-exceptions -Wall -Wextra -Werror"

build() {
  wasm_cc -c "$HERE/stack_protector.c" -o stack_protector.o
  wasm_cxx $flags "$REPO/examples/words.cc" stack_protector.o -o "$OUT/words.wasm"
  wasm_cxx $flags "$HERE/optional.cc" stack_protector.o -o "$OUT/optional.wasm"
  python3 "$INPUTS" text 300000 > "$OUT/text.txt"
}

build_native() {
  native_cxx $flags -stdlib=libc++ "$REPO/examples/words.cc" -o "$OUT/words"
  python3 "$INPUTS" text 4000000 > small.txt
  for _ in 1 2 3 4 5; do cat small.txt; done > "$OUT/long-text.txt"
}
