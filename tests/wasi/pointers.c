// run: --dir %root::/
// setup: echo content > file
#include "check.h"

// The same functions with addresses instead of pointers.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int32_t
fd_write(int32_t fd, uint32_t iovs, uint32_t count, uint32_t out);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open"))) int32_t
path_open(int32_t fd, int32_t dirflags, uint32_t path, uint32_t length, int32_t oflags,
          uint64_t base, uint64_t inheriting, int32_t fdflags, uint32_t out);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("poll_oneoff"))) int32_t
poll_oneoff(uint32_t in, uint32_t out, uint32_t count, uint32_t events);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("args_get"))) int32_t
args_get(uint32_t argv, uint32_t buffer);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get"))) int32_t
random_get(uint32_t buffer, uint32_t length);

static uint32_t address(const void* pointer) { return (uint32_t)(uintptr_t)pointer; }

int main(void) {
  const uint32_t end = __builtin_wasm_memory_size(0) * 65536u;
  static uint32_t words[16];
  const int fault = __WASI_ERRNO_FAULT;
  words[0] = 0xFFFFFFF0u;
  words[1] = 0x20;  // wraps around
  EQUAL(fd_write(1, address(words), 1, address(&words[8])), fault);
  words[0] = end - 1;
  words[1] = 2;
  EQUAL(fd_write(1, address(words), 1, address(&words[8])), fault);
  EQUAL(fd_write(1, end - 4, 1, address(&words[8])), fault);
  EQUAL(fd_write(1, 0xFFFFFFFF, 1, address(&words[8])), fault);
  words[0] = address("x");
  words[1] = 1;
  EQUAL(fd_write(1, address(words), 1, end), fault);
  EQUAL(path_open(ROOT, 0, end - 1, 4, 0, 0, 0, 0, address(words)), fault);
  EQUAL(path_open(ROOT, 0, address("file"), 4, 0, 0, 0, 0, 0xFFFFFFFF), fault);
  EQUAL(path_open(ROOT, 0, 0, 0xFFFFFFFF, 0, 0, 0, 0, address(words)), fault);
  EQUAL(poll_oneoff(end - 40, address(words), 1, address(&words[8])), fault);
  EQUAL(args_get(end - 2, address(words)), fault);
  EQUAL(random_get(end - 8, 9), fault);
  EQUAL(random_get(end, 0), 0);
  // Nothing needs alignment.
  uint8_t* odd = (uint8_t*)words + 1;
  EQUAL(path_open(ROOT, 0, address("file"), 4, 0, 0, 0, 0, address(odd)), 0);
  // Paths that are no text.
  EQUAL(path_open(ROOT, 0, address("fi\0e"), 4, 0, 0, 0, 0, address(words)), __WASI_ERRNO_INVAL);
  EQUAL(path_open(ROOT, 0, address("\xff"), 1, 0, 0, 0, 0, address(words)), __WASI_ERRNO_ILSEQ);
  return finish();
}
