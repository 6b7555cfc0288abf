// run: --dir %root::/:ro
// setup: echo content > file; mkdir dir
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

int main(void) {
  char buffer[16] = {0};
  int fd = open("/file", O_RDONLY);
  EQUAL(read(fd, buffer, sizeof buffer), 8);
  FAILS(open("/file", O_WRONLY), EPERM);
  FAILS(open("/file", O_RDWR), EPERM);
  FAILS(open("/file", O_RDONLY | O_TRUNC), EPERM);
  FAILS(open("/new", O_CREAT | O_RDONLY, 0666), EPERM);
  CHECK(open("/file", O_CREAT | O_RDONLY, 0666) > 2);
  FAILS(mkdir("/new", 0777), EPERM);
  FAILS(rmdir("/dir"), EPERM);
  FAILS(unlink("/file"), EPERM);
  FAILS(rename("/file", "/new"), EPERM);
  FAILS(link("/file", "/new"), EPERM);
  FAILS(symlink("file", "/new"), EPERM);
  FAILS(truncate("/file", 0), EPERM);
  FAILS(futimens(fd, NULL), EPERM);
  FAILS(utimensat(AT_FDCWD, "/file", NULL, 0), EPERM);
  struct stat status;
  EQUAL(stat("/file", &status), 0);
  EQUAL(status.st_size, 8);
  return finish();
}
