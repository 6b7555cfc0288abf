// run: --dir %root::/
// setup: echo content > file
#include "check.h"

int main(void) {
  int fd = -1;
  __wasi_fdstat_t stat;
  EQUAL(__wasi_fd_fdstat_get(ROOT, &stat), 0);
  EQUAL(stat.fs_filetype, __WASI_FILETYPE_DIRECTORY);
  CHECK((stat.fs_rights_base & R(PATH_OPEN)) != 0);
  EQUAL(stat.fs_rights_base & R(FD_SEEK), 0);
  EQUAL(raw_open(ROOT, "file", 0, READ_RIGHTS, &fd), 0);
  EQUAL(__wasi_fd_fdstat_get(fd, &stat), 0);
  EQUAL(stat.fs_filetype, __WASI_FILETYPE_REGULAR_FILE);
  EQUAL(stat.fs_rights_base, READ_RIGHTS);
  char buffer[4];
  __wasi_size_t count = 0;
  __wasi_iovec_t in = {(uint8_t*)buffer, sizeof buffer};
  __wasi_ciovec_t out = {(uint8_t*)buffer, sizeof buffer};
  EQUAL(__wasi_fd_read(fd, &in, 1, &count), 0);
  EQUAL(__wasi_fd_write(fd, &out, 1, &count), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(__wasi_fd_fdstat_set_rights(fd, R(FD_READ) | R(FD_WRITE), 0), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(__wasi_fd_fdstat_set_rights(fd, R(FD_SEEK), 0), 0);
  EQUAL(__wasi_fd_read(fd, &in, 1, &count), __WASI_ERRNO_NOTCAPABLE);
  __wasi_filesize_t offset = 0;
  EQUAL(__wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, &offset), 0);
  EQUAL(offset, 4);
  EQUAL(__wasi_fd_tell(fd, &offset), 0);
  EQUAL(__wasi_fd_close(fd), 0);

  // What a directory does not hand on cannot be had below it.
  int dir = -1;
  EQUAL(__wasi_path_open(ROOT, 0, ".", __WASI_OFLAGS_DIRECTORY, R(PATH_OPEN), R(FD_READ), 0, &dir),
        0);
  EQUAL(raw_open(dir, "file", 0, R(FD_WRITE), &fd), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(raw_open(dir, "file", __WASI_OFLAGS_TRUNC, R(FD_READ), &fd), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(raw_open(dir, "new", __WASI_OFLAGS_CREAT, R(FD_READ), &fd), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(raw_open(dir, "file", 0, R(FD_READ), &fd), 0);
  EQUAL(__wasi_path_create_directory(dir, "d"), __WASI_ERRNO_NOTCAPABLE);
  EQUAL(raw_open(fd, "x", 0, 0, &dir), __WASI_ERRNO_NOTDIR);
  EQUAL(__wasi_sock_shutdown(fd, __WASI_SDFLAGS_RD), __WASI_ERRNO_NOTSOCK);
  EQUAL(__wasi_sock_shutdown(99, __WASI_SDFLAGS_RD), __WASI_ERRNO_BADF);
  EQUAL(raw_open(99, "file", 0, 0, &fd), __WASI_ERRNO_BADF);
  EQUAL(__wasi_fd_seek(0, 0, __WASI_WHENCE_CUR, &offset), __WASI_ERRNO_SPIPE);
  return finish();
}
