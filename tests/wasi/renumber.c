// run: --dir %root::/
#include <fcntl.h>
#include <unistd.h>

#include "check.h"

int main(void) {
  int a = open("/a", O_CREAT | O_RDWR, 0666);
  int b = open("/b", O_CREAT | O_RDWR, 0666);
  EQUAL(write(a, "aaa", 3), 3);
  EQUAL(__wasi_fd_renumber(a, b), 0);
  FAILS(close(a), EBADF);
  EQUAL(lseek(b, 0, SEEK_CUR), 3);
  EQUAL(__wasi_fd_renumber(b, a), __WASI_ERRNO_BADF);
  EQUAL(__wasi_fd_renumber(b, b), 0);
  // The lowest free number is used again.
  EQUAL(open("/c", O_CREAT | O_RDWR, 0666), a);
  // The table ends in an error, not in trouble.
  int error = 0;
  int opened = 0;
  for (int fd; opened < 100000 && (error = raw_open(ROOT, "c", 0, 0, &fd)) == 0;) ++opened;
  EQUAL(error, __WASI_ERRNO_MFILE);
  CHECK(opened > 100);
  return finish();
}
