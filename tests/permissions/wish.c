// A program that does what its arguments say, one after the other, and prints what came of it:
//   read PATH   write PATH   stat PATH   list DIR   remove PATH   rename FROM TO   link FROM TO
//   mkdir PATH   rmdir PATH   symlink TARGET PATH   put PATH TEXT   readlink PATH   access PATH
//   touch PATH   clock   random   input   variable NAME   token   say TEXT   show TEXT   spin N
//   exit CODE
// Errors are printed as their number in WASI: 44 is "no such file", 76 "not capable", 63 "not
// permitted".
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void result(const char* what, int ok) {
  if (ok) {
    printf("%s: done\n", what);
  } else {
    printf("%s: error %d\n", what, errno);
  }
  fflush(stdout);
}

static void read_file(const char* path) {
  int fd = open(path, O_RDONLY);
  char text[256];
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (size < 0) {
    result("read", 0);
  } else {
    text[size] = 0;
    text[strcspn(text, "\n")] = 0;
    printf("read: %s\n", text);
  }
  if (fd >= 0) close(fd);
}

static void write_file(const char* path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  result("write", fd >= 0 && write(fd, "written\n", 8) == 8);
  if (fd >= 0) close(fd);
}

static void put_text(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ssize_t size = (ssize_t)strlen(text);
  result("put", fd >= 0 && write(fd, text, (size_t)size) == size);
  if (fd >= 0) close(fd);
}

static void list(const char* path) {
  DIR* dir = opendir(path);
  if (dir == NULL) return result("list", 0);
  int count = 0;
  while (readdir(dir) != NULL) ++count;
  printf("list: %d\n", count);
  closedir(dir);
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* word = argv[i];
    const char* next = i + 1 < argc ? argv[i + 1] : "";
    struct stat status;
    unsigned char byte;
    struct timespec now;
    char line[64];
    if (!strcmp(word, "read")) {
      read_file(argv[++i]);
    } else if (!strcmp(word, "write")) {
      write_file(argv[++i]);
    } else if (!strcmp(word, "stat")) {
      result("stat", stat(argv[++i], &status) == 0);
    } else if (!strcmp(word, "list")) {
      list(argv[++i]);
    } else if (!strcmp(word, "remove")) {
      result("remove", unlink(argv[++i]) == 0);
    } else if (!strcmp(word, "mkdir")) {
      result("mkdir", mkdir(argv[++i], 0777) == 0);
    } else if (!strcmp(word, "rmdir")) {
      result("rmdir", rmdir(argv[++i]) == 0);
    } else if (!strcmp(word, "symlink")) {
      result("symlink", symlink(next, argv[i + 2]) == 0);
      i += 2;
    } else if (!strcmp(word, "put")) {
      put_text(next, argv[i + 2]);
      i += 2;
    } else if (!strcmp(word, "rename")) {
      result("rename", rename(next, argv[i + 2]) == 0);
      i += 2;
    } else if (!strcmp(word, "link")) {
      result("link", link(next, argv[i + 2]) == 0);
      i += 2;
    } else if (!strcmp(word, "readlink")) {
      result("readlink", readlink(argv[++i], line, sizeof line) > 0);
    } else if (!strcmp(word, "access")) {
      result("access", access(argv[++i], F_OK) == 0);
    } else if (!strcmp(word, "touch")) {
      result("touch", utimensat(AT_FDCWD, argv[++i], NULL, 0) == 0);
    } else if (!strcmp(word, "exit")) {
      return atoi(next);
    } else if (!strcmp(word, "clock")) {
      result("clock", clock_gettime(CLOCK_REALTIME, &now) == 0);
    } else if (!strcmp(word, "random")) {
      result("random", getentropy(&byte, 1) == 0);
    } else if (!strcmp(word, "input")) {
      printf("input: %s", fgets(line, sizeof line, stdin) ? line : "none\n");
    } else if (!strcmp(word, "variable")) {
      const char* value = getenv(argv[++i]);
      printf("variable: %s\n", value ? value : "not set");
    } else if (!strcmp(word, "token")) {
      // Names that stand in its data.
      const char* token = getenv("WISH_TOKEN");
      const char* color = getenv("WISH_COLOR");
      printf("token: %s, color: %s\n", token ? token : "none", color ? color : "none");
    } else if (!strcmp(word, "say")) {
      printf("say: %s\n", argv[++i]);
    } else if (!strcmp(word, "show")) {
      fputs(argv[++i], stdout);  // and nothing else
    } else if (!strcmp(word, "spin")) {
      // Reads of one byte: many calls that each use a grant.
      int fd = open(argv[i + 2], O_RDONLY);
      for (long n = atol(next); n-- != 0;) {
        if (pread(fd, &byte, 1, 0) != 1) return 1;
      }
      i += 2;
    }
    fflush(stdout);
  }
  return 0;
}
