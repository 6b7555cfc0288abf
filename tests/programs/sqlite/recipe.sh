# The SQLite shell, from the amalgamation in npm's sqlite3 (public domain).
apt_packages="$apt_wasm_c npm sqlite3"
sources="tests/programs/sqlite/wasi_compat.h"
options="-DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_ENABLE_MATH_FUNCTIONS
  -DSQLITE_ENABLE_FTS5 -DSQLITE_NOHAVE_SYSTEM -DSQLITE_OMIT_POPEN"

sources_here() {
  tar xzf "$(npm_package sqlite3 6.0.1)"/package/deps/sqlite-autoconf-*.tar.gz --strip-components=1
}

build() {
  sources_here
  wasm_cc $options -DSQLITE_OMIT_WAL -include "$HERE/wasi_compat.h" -w sqlite3.c shell.c \
    $wasi_emulation -lm -o "$OUT/sqlite3.wasm"
  python3 "$INPUTS" sql 4000 > "$OUT/trips.sql"
}

build_native() {
  sources_here
  native_cc $options -w sqlite3.c shell.c -lm -o "$OUT/sqlite3"
  python3 "$INPUTS" sql 60000 > "$OUT/many-trips.sql"
}
