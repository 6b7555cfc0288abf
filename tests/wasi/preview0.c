// run: --dir %root::/
// setup: printf 0123456789 > file
#include "check.h"

#define UNSTABLE(name) __attribute__((import_module("wasi_unstable"), import_name(#name)))
UNSTABLE(fd_seek)
int32_t unstable_fd_seek(int32_t fd, int64_t offset, int32_t whence, uint64_t* out);
UNSTABLE(fd_filestat_get) int32_t unstable_fd_filestat_get(int32_t fd, uint8_t* out);
UNSTABLE(path_filestat_get)
int32_t unstable_path_filestat_get(int32_t fd, int32_t flags, const char* path, int32_t length,
                                   uint8_t* out);
UNSTABLE(poll_oneoff)
int32_t unstable_poll_oneoff(const uint8_t* in, uint8_t* out, int32_t count, uint32_t* events);
UNSTABLE(fd_read)
int32_t unstable_fd_read(int32_t fd, const void* iovs, int32_t count, uint32_t* out);

static uint64_t load64(const uint8_t* at) {
  uint64_t value;
  memcpy(&value, at, 8);
  return value;
}

int main(void) {
  int fd = -1;
  uint64_t offset = 0;
  EQUAL(raw_open(ROOT, "file", 0, READ_RIGHTS, &fd), 0);
  EQUAL(unstable_fd_seek(fd, 4, 2, &offset), 0);  // set
  EQUAL(offset, 4);
  EQUAL(unstable_fd_seek(fd, 1, 0, &offset), 0);  // cur
  EQUAL(offset, 5);
  EQUAL(unstable_fd_seek(fd, -1, 1, &offset), 0);  // end
  EQUAL(offset, 9);
  char byte = 0;
  struct {
    char* at;
    uint32_t length;
  } iovec = {&byte, 1};
  uint32_t count = 0;
  EQUAL(unstable_fd_read(fd, &iovec, 1, &count), 0);
  EQUAL(byte, '9');
  uint8_t stat[64];
  memset(stat, 0xEE, sizeof stat);
  EQUAL(unstable_fd_filestat_get(fd, stat), 0);
  EQUAL(stat[16], 4);
  EQUAL(stat[20], 1);
  EQUAL(load64(stat + 24), 10);
  EQUAL(stat[56], 0xEE);
  EQUAL(unstable_path_filestat_get(ROOT, 0, "file", 4, stat), 0);
  EQUAL(load64(stat + 24), 10);
  uint8_t in[56] = {7};
  in[24] = 1;         // id: monotonic, behind an identifier
  in[32 + 2] = 0x10;  // timeout: 0x100000 ns
  uint8_t out[32];
  EQUAL(unstable_poll_oneoff(in, out, 1, &count), 0);
  EQUAL(count, 1);
  EQUAL(out[0], 7);
  EQUAL(out[8], 0);
  return finish();
}
