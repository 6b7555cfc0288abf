#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

int main(void) {
  struct timespec time;
  EQUAL(clock_gettime(CLOCK_REALTIME, &time), 0);
  CHECK(time.tv_sec > 1700000000);
  EQUAL(clock_getres(CLOCK_MONOTONIC, &time), 0);
  CHECK(time.tv_nsec > 0);
  __wasi_timestamp_t first, second;
  EQUAL(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &first), 0);
  EQUAL(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &second), 0);
  CHECK(second >= first);
  EQUAL(__wasi_clock_time_get(2, 0, &first), 0);
  EQUAL(__wasi_clock_time_get(3, 0, &first), 0);
  EQUAL(__wasi_clock_time_get(4, 0, &first), __WASI_ERRNO_INVAL);
  uint8_t a[64] = {0}, b[64] = {0};
  EQUAL(getentropy(a, sizeof a), 0);
  EQUAL(getentropy(b, sizeof b), 0);
  CHECK(memcmp(a, b, sizeof a) != 0);
  uint8_t* large = malloc(1 << 20);
  EQUAL(__wasi_random_get(large, 1 << 20), 0);
  int zeros = 0;
  for (int i = 0; i < 1 << 20; ++i) zeros += large[i] == 0;
  CHECK(zeros > 3000 && zeros < 5500);
  EQUAL(__wasi_sched_yield(), 0);
  return finish();
}
