# bzip2 1.0 from Debian's source package (its own BSD-like licence).
apt_packages="$apt_wasm_c bzip2 xz-utils"
sources="tests/programs/bzip2/wasi_compat.h"
files="blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c bzip2.c"

build() {
  cd "$(debian_source bzip2)"/bzip2-1.0*
  wasm_cc -w -include "$HERE/wasi_compat.h" $files $wasi_emulation -o "$OUT/bzip2.wasm"
  python3 "$INPUTS" text 200000 > "$OUT/text.txt"
  python3 "$INPUTS" binary 150000 > "$OUT/data.bin"
}

build_native() {
  cd "$(debian_source bzip2)"/bzip2-1.0*
  native_cc -w $files -o "$OUT/bzip2"
  python3 "$INPUTS" text 4000000 > "$OUT/long-text.txt"
}
