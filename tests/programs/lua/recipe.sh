# Lua 5.4 from Debian's source package (MIT licence). Debian's wasi-libc has no setjmp, so that an
# error ends the program here, and pcall and coroutines are left out of the tests.
apt_packages="$apt_wasm_c lua5.4 xz-utils"
sources="tests/programs/lua/wasi"

sources_here() {
  cp "$(debian_source lua5.4)"/lua-5.4*/src/*.[ch] .
  rm luac.c
}

build() {
  sources_here
  wasm_cc -I"$HERE/wasi" -include "$HERE/wasi/lua_without_jumps.h" *.c $wasi_emulation -lm \
    -o "$OUT/lua.wasm"
}

build_native() {
  sources_here
  native_cc -DLUA_USE_POSIX *.c -lm -o "$OUT/lua"
}
