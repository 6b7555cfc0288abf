// run: --dir %root::/
// stdin: ready
// setup: echo content > file
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static __wasi_subscription_t on_clock(uint64_t userdata, uint32_t id, uint64_t timeout, int flags) {
  __wasi_subscription_t result = {0};
  result.userdata = userdata;
  result.u.tag = __WASI_EVENTTYPE_CLOCK;
  result.u.u.clock.id = id;
  result.u.u.clock.timeout = timeout;
  result.u.u.clock.flags = flags;
  return result;
}

static __wasi_subscription_t on_fd(uint64_t userdata, int type, int fd) {
  __wasi_subscription_t result = {0};
  result.userdata = userdata;
  result.u.tag = type;
  result.u.u.fd_read.file_descriptor = fd;
  return result;
}

static uint64_t now(uint32_t id) {
  __wasi_timestamp_t time = 0;
  EQUAL(__wasi_clock_time_get(id, 0, &time), 0);
  return time;
}

int main(void) {
  __wasi_subscription_t in[4];
  __wasi_event_t out[4];
  __wasi_size_t count = 0;
  const uint64_t ms = 1000000;
  EQUAL(__wasi_poll_oneoff(in, out, 0, &count), __WASI_ERRNO_INVAL);

  uint64_t before = now(__WASI_CLOCKID_MONOTONIC);
  in[0] = on_clock(1, __WASI_CLOCKID_MONOTONIC, 20 * ms, 0);
  in[1] = on_clock(2, __WASI_CLOCKID_MONOTONIC, 3600000 * ms, 0);
  EQUAL(__wasi_poll_oneoff(in, out, 2, &count), 0);
  EQUAL(count, 1);
  EQUAL(out[0].userdata, 1);
  EQUAL(out[0].error, 0);
  EQUAL(out[0].type, __WASI_EVENTTYPE_CLOCK);
  CHECK(now(__WASI_CLOCKID_MONOTONIC) - before >= 20 * ms);
  CHECK(now(__WASI_CLOCKID_MONOTONIC) - before < 5000 * ms);

  in[0] = on_clock(3, __WASI_CLOCKID_REALTIME, now(__WASI_CLOCKID_REALTIME) + 10 * ms, 1);
  EQUAL(__wasi_poll_oneoff(in, out, 1, &count), 0);
  EQUAL(count, 1);
  in[0] = on_clock(4, __WASI_CLOCKID_REALTIME, 1, 1);
  EQUAL(__wasi_poll_oneoff(in, out, 1, &count), 0);
  EQUAL(out[0].userdata, 4);

  int fd = -1;
  EQUAL(raw_open(ROOT, "file", 0, READ_RIGHTS, &fd), 0);
  in[0] = on_fd(5, __WASI_EVENTTYPE_FD_READ, fd);
  in[1] = on_fd(6, __WASI_EVENTTYPE_FD_READ, 77);
  in[2] = on_clock(7, __WASI_CLOCKID_MONOTONIC, UINT64_MAX, 0);
  EQUAL(__wasi_poll_oneoff(in, out, 3, &count), 0);
  EQUAL(count, 2);
  EQUAL(out[0].userdata, 5);
  EQUAL(out[0].fd_readwrite.nbytes, 8);
  EQUAL(out[1].userdata, 6);
  EQUAL(out[1].error, __WASI_ERRNO_BADF);

  in[0] = on_fd(8, __WASI_EVENTTYPE_FD_READ, 0);
  in[1] = on_fd(9, __WASI_EVENTTYPE_FD_WRITE, 1);
  EQUAL(__wasi_poll_oneoff(in, out, 2, &count), 0);
  EQUAL(count, 2);
  struct pollfd libc_poll = {.fd = 0, .events = POLLRDNORM};
  EQUAL(poll(&libc_poll, 1, 1000), 1);
  char text[8];
  EQUAL(read(0, text, sizeof text), 5);
  struct timespec pause = {0, 5000000};
  EQUAL(nanosleep(&pause, NULL), 0);
  return finish();
}
