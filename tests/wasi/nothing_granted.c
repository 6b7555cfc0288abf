// run: --no-ask --no-clock --no-random --no-stdin
#include <fcntl.h>
#include <unistd.h>

#include "check.h"

int main(void) {
  CHECK(fopen("/etc/passwd", "r") == NULL);
  CHECK(fopen("file", "w") == NULL);
  __wasi_prestat_t prestat;
  EQUAL(__wasi_fd_prestat_get(3, &prestat), __WASI_ERRNO_BADF);
  __wasi_timestamp_t time;
  EQUAL(__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 0, &time), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &time), __WASI_ERRNO_NOTCAPABLE);
  uint8_t bytes[4];
  EQUAL(__wasi_random_get(bytes, sizeof bytes), __WASI_ERRNO_NOTCAPABLE);
  __wasi_iovec_t in = {bytes, sizeof bytes};
  __wasi_size_t count;
  EQUAL(__wasi_fd_read(0, &in, 1, &count), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(__wasi_fd_read(99, &in, 1, &count), __WASI_ERRNO_BADF);
  return finish();
}
