// run: --dir %root::/
// setup: mkdir in; echo inside > in/file; ln -s in back; ln -s loop loop
// setup: ln -s ../outside out; ln -s ../outside/secret secret; ln -s /etc absolute
#include "check.h"

static int opens(const char* path) {
  int fd = -1;
  int error =
      __wasi_path_open(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, 0, READ_RIGHTS, 0, 0, &fd);
  if (error == 0) error = __wasi_fd_close(fd);
  return error;
}

int main(void) {
  const int refused = __WASI_ERRNO_PERM;
  EQUAL(opens("in/file"), 0);
  EQUAL(opens("in/../in/./file"), 0);
  EQUAL(opens("back/file"), 0);
  EQUAL(opens("back/"), 0);
  EQUAL(opens("in/.//../back///./file"), 0);
  EQUAL(opens("/in/file"), refused);
  EQUAL(opens("/etc/passwd"), refused);
  EQUAL(opens(".."), refused);
  EQUAL(opens("../"), refused);
  EQUAL(opens("../root/in/file"), refused);
  EQUAL(opens("in/../../outside/secret"), refused);
  EQUAL(opens("out"), refused);
  EQUAL(opens("out/"), refused);
  EQUAL(opens("out/."), refused);
  EQUAL(opens("out/secret"), refused);
  EQUAL(opens("secret"), refused);
  EQUAL(opens("absolute/passwd"), refused);
  EQUAL(opens("loop"), __WASI_ERRNO_LOOP);
  EQUAL(opens("in/file/"), __WASI_ERRNO_NOTDIR);
  EQUAL(opens(""), __WASI_ERRNO_NOENT);
  __wasi_filestat_t stat;
  EQUAL(__wasi_path_filestat_get(ROOT, 0, "out", &stat), 0);
  EQUAL(stat.filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
  EQUAL(__wasi_path_filestat_get(ROOT, 0, "out/", &stat), refused);
  EQUAL(__wasi_path_filestat_get(ROOT, 1, "secret", &stat), refused);
  EQUAL(__wasi_path_filestat_set_times(ROOT, 1, "secret", 0, 0, __WASI_FSTFLAGS_MTIM), refused);
  EQUAL(__wasi_path_create_directory(ROOT, "out/new"), refused);
  EQUAL(__wasi_path_unlink_file(ROOT, "out/secret"), refused);
  EQUAL(__wasi_path_remove_directory(ROOT, "../outside"), refused);
  EQUAL(__wasi_path_rename(ROOT, "out/secret", ROOT, "stolen"), refused);
  EQUAL(__wasi_path_rename(ROOT, "in/file", ROOT, "out/file"), refused);
  EQUAL(__wasi_path_link(ROOT, 0, "out/secret", ROOT, "stolen"), refused);
  EQUAL(__wasi_path_link(ROOT, 1, "secret", ROOT, "stolen"), refused);
  EQUAL(__wasi_path_symlink("/etc/passwd", ROOT, "link"), refused);
  EQUAL(__wasi_path_symlink("../outside/secret", ROOT, "link"), refused);
  EQUAL(__wasi_path_symlink("x", ROOT, "out/link"), refused);
  EQUAL(__wasi_path_symlink("in/file", ROOT, "link"), 0);
  EQUAL(opens("link"), 0);
  return finish();
}
