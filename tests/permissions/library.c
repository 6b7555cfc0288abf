// A module beside a program: what it does, it does with its own rights. Its one export takes the
// number of an act and says what came of it: 0, or an error's number in WASI.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int result(int ok) { return ok ? 0 : errno; }

static int open_path(const char* path, int flags) {
  int fd = open(path, flags, 0666);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

__attribute__((export_name("act"))) int act(int number) {
  struct timespec now;
  char byte;
  switch (number) {
    case 0:
      return open_path("d/sub/a.txt", O_RDONLY);
    case 1:
      return open_path("d/sub/a.txt", O_WRONLY);
    case 2:
      return open_path("d/b.txt", O_RDONLY);
    case 3:
      return open_path("d/sub/../b.txt", O_RDONLY);
    case 4:
      return open_path("d/sub/link", O_RDONLY);
    case 5:
      return open_path("d/sub/new.txt", O_WRONLY | O_CREAT);
    case 6:
      return result(clock_gettime(CLOCK_REALTIME, &now) == 0);
    case 7:
      return result(getentropy(&byte, 1) == 0);
    case 8:
      return result(getenv("WORD") != NULL ? 1 : (errno = ENOENT, 0));
    case 9:
      return result(write(1, "said\n", 5) == 5);
    case 10:
      return result(mkdir("d/sub/made", 0777) == 0);
    case 11:
      return result(unlink("d/sub/a.txt") == 0);
    case 12: {
      int fd = open("d/sub/a.txt", O_RDONLY);
      int code = result(futimens(fd, NULL) == 0);
      close(fd);
      return code;
    }
    default:
      return -1;
  }
}
