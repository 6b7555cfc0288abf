// A program that sets times and prints what came of it:
//   set PATH   set-link PATH (of a link itself)   set-open PATH (through a descriptor)
//   set-folder PATH (through a directory's descriptor)   set-below DIR NAME   say TEXT   input
// Errors are printed as their number in WASI.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct timespec kTimes[2] = {{1000000000, 5}, {1100000000, 7}};

static int set_open(const char* path, int flags) {
  int fd = open(path, flags);
  int done = fd < 0 ? -1 : futimens(fd, kTimes);
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return done;
}

static int set_below(const char* folder, const char* name) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY);
  int done = fd < 0 ? -1 : utimensat(fd, name, kTimes, 0);
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return done;
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* word = argv[i];
    const char* path = i + 1 < argc ? argv[i + 1] : "";
    int done = 0;
    if (!strcmp(word, "set")) {
      done = utimensat(AT_FDCWD, path, kTimes, 0);
      ++i;
    } else if (!strcmp(word, "set-link")) {
      done = utimensat(AT_FDCWD, path, kTimes, AT_SYMLINK_NOFOLLOW);
      ++i;
    } else if (!strcmp(word, "set-open")) {
      done = set_open(path, O_RDWR);
      ++i;
    } else if (!strcmp(word, "set-folder")) {
      done = set_open(path, O_RDONLY | O_DIRECTORY);
      ++i;
    } else if (!strcmp(word, "set-below")) {
      done = set_below(path, argv[i + 2]);
      i += 2;
    } else if (!strcmp(word, "say")) {
      printf("say: %s\n", path);
      fflush(stdout);
      ++i;
      continue;
    } else if (!strcmp(word, "input")) {
      getchar();
      continue;
    }
    if (done == 0) {
      printf("%s: done\n", word);
    } else {
      printf("%s: error %d\n", word, errno);
    }
    fflush(stdout);
  }
  return 0;
}
