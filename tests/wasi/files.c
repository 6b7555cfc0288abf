// run: --dir %root::/
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void contents(void) {
  int fd = open("/f", O_CREAT | O_EXCL | O_RDWR, 0666);
  CHECK(fd > 2);
  EQUAL(write(fd, "hello world", 11), 11);
  EQUAL(lseek(fd, 6, SEEK_SET), 6);
  char buffer[16] = {0};
  EQUAL(read(fd, buffer, 16), 5);
  CHECK(strcmp(buffer, "world") == 0);
  EQUAL(read(fd, buffer, 16), 0);
  EQUAL(pwrite(fd, "J", 1, 0), 1);
  EQUAL(pread(fd, buffer, 5, 0), 5);
  CHECK(memcmp(buffer, "Jello", 5) == 0);
  EQUAL(lseek(fd, 0, SEEK_CUR), 11);
  EQUAL(ftruncate(fd, 4), 0);
  EQUAL(lseek(fd, 0, SEEK_END), 4);
  EQUAL(posix_fallocate(fd, 0, 100), 0);
  struct stat status;
  EQUAL(fstat(fd, &status), 0);
  EQUAL(status.st_size, 100);
  CHECK(S_ISREG(status.st_mode));
  EQUAL(fsync(fd), 0);
  EQUAL(close(fd), 0);
  FAILS(close(fd), EBADF);
  FAILS(open("/f", O_CREAT | O_EXCL | O_RDWR, 0666), EEXIST);
  fd = open("/f", O_WRONLY | O_APPEND);
  EQUAL(write(fd, "end", 3), 3);
  EQUAL(lseek(fd, 0, SEEK_SET), 0);
  EQUAL(write(fd, "end", 3), 3);
  EQUAL(lseek(fd, 0, SEEK_CUR), 106);
  EQUAL(close(fd), 0);
  EQUAL(truncate("/f", 3), 0);
  EQUAL(stat("/f", &status), 0);
  EQUAL(status.st_size, 3);
}

static void names(void) {
  struct stat status;
  EQUAL(mkdir("/d", 0777), 0);
  FAILS(mkdir("/d", 0777), EEXIST);
  FAILS(unlink("/d"), EISDIR);
  FAILS(rmdir("/f"), ENOTDIR);
  EQUAL(rename("/f", "/d/g"), 0);
  FAILS(stat("/f", &status), ENOENT);
  FAILS(rmdir("/d"), ENOTEMPTY);
  EQUAL(link("/d/g", "/d/h"), 0);
  EQUAL(stat("/d/h", &status), 0);
  EQUAL(status.st_nlink, 2);
  EQUAL(symlink("g", "/d/s"), 0);
  EQUAL(lstat("/d/s", &status), 0);
  CHECK(S_ISLNK(status.st_mode));
  EQUAL(stat("/d/s", &status), 0);
  CHECK(S_ISREG(status.st_mode));
  char target[8] = {0};
  EQUAL(readlink("/d/s", target, sizeof target), 1);
  CHECK(strcmp(target, "g") == 0);
  FAILS(open("/d/s", O_RDONLY | O_NOFOLLOW), ELOOP);
  FAILS(open("/d/g/x", O_RDONLY), ENOTDIR);
  FAILS(open("/d/g/", O_RDONLY), ENOTDIR);
  EQUAL(access("/d/g", R_OK | W_OK), 0);
  struct timespec times[2] = {{1000, 5}, {2000, 7}};
  EQUAL(utimensat(AT_FDCWD, "/d/g", times, 0), 0);
  EQUAL(stat("/d/g", &status), 0);
  EQUAL(status.st_atim.tv_sec, 1000);
  EQUAL(status.st_mtim.tv_nsec, 7);
}

static void listing(void) {
  int seen = 0;
  DIR* dir = opendir("/d");
  CHECK(dir != NULL);
  for (struct dirent* entry; (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0) seen |= 1;
    if (strcmp(entry->d_name, "..") == 0) seen |= 2;
    if (strcmp(entry->d_name, "g") == 0 && entry->d_type == DT_REG) seen |= 4;
    if (strcmp(entry->d_name, "h") == 0) seen |= 8;
    if (strcmp(entry->d_name, "s") == 0 && entry->d_type == DT_LNK) seen |= 16;
  }
  EQUAL(closedir(dir), 0);
  EQUAL(seen, 31);
  int at = open("/d", O_RDONLY | O_DIRECTORY);
  CHECK(at > 2);
  FAILS(openat(at, "../d/g", O_RDONLY), EPERM);
  EQUAL(unlinkat(at, "g", 0), 0);
  EQUAL(close(at), 0);
}

static void streams(void) {
  FILE* file = fopen("/text", "w+");
  CHECK(file != NULL);
  for (int i = 0; i < 10000; ++i) fprintf(file, "%d\n", i);
  rewind(file);
  long sum = 0;
  for (int value; fscanf(file, "%d", &value) == 1;) sum += value;
  EQUAL(sum, 49995000);
  EQUAL(fclose(file), 0);
}

int main(void) {
  contents();
  names();
  listing();
  streams();
  return finish();
}
