// run: --listen 127.0.0.1:0
#include "check.h"

int main(void) {
  __wasi_fdstat_t stat;
  EQUAL(__wasi_fd_fdstat_get(3, &stat), 0);
  EQUAL(stat.fs_filetype, __WASI_FILETYPE_SOCKET_STREAM);
  // Nobody connects: a socket that may not wait says so, and polling it ends with the clock.
  __wasi_fd_t fd;
  EQUAL(__wasi_fd_fdstat_set_flags(3, __WASI_FDFLAGS_NONBLOCK), 0);
  EQUAL(__wasi_sock_accept(3, 0, &fd), __WASI_ERRNO_AGAIN);
  __wasi_subscription_t in[2] = {0};
  in[0].u.tag = __WASI_EVENTTYPE_FD_READ;
  in[0].u.u.fd_read.file_descriptor = 3;
  in[1].userdata = 1;
  in[1].u.tag = __WASI_EVENTTYPE_CLOCK;
  in[1].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  in[1].u.u.clock.timeout = 2000000;
  __wasi_event_t out[2];
  __wasi_size_t count = 0;
  EQUAL(__wasi_poll_oneoff(in, out, 2, &count), 0);
  EQUAL(count, 1);
  EQUAL(out[0].userdata, 1);
  uint8_t byte;
  __wasi_iovec_t data = {&byte, 1};
  __wasi_roflags_t flags;
  EQUAL(__wasi_sock_recv(3, &data, 1, 0, &count, &flags), __WASI_ERRNO_NOTCONN);
  EQUAL(__wasi_sock_shutdown(3, 4), __WASI_ERRNO_INVAL);
  EQUAL(__wasi_sock_accept(1, 0, &fd), __WASI_ERRNO_NOTSOCK);
  EQUAL(__wasi_sock_accept(77, 0, &fd), __WASI_ERRNO_BADF);
  __wasi_filesize_t offset;
  EQUAL(__wasi_fd_seek(3, 0, __WASI_WHENCE_CUR, &offset), __WASI_ERRNO_SPIPE);
  return finish();
}
