// Standard streams that are files, pipes, devices or nothing: each is used as what it is, and what
// comes of it is written to `report`.
// run: --dir %root::/
// setup: printf '0123456789' >in; printf 'what was there' >old; printf 'both ways' >both
// shell: {} <in >out 2>err
// shell: {} <in >out 2>&1
// shell: {} <in >>old 2>>err
// shell: {} <in >>old 2>&1
// shell: {} <in >>new 2>/dev/null
// shell: {} <in 1<>old 2>err
// shell: {} <>in >out 2>out
// shell: {} <both >>both 2>err
// shell: {} <>both >&0 2>&0
// shell: {} </dev/null >/dev/null 2>/dev/null
// shell: {} </dev/zero >/dev/full 2>out
// shell: {} <. >out 2>err
// shell: {} <&- >&- 2>&-
// shell: {} <in >&- 2>err
// shell: printf abcdef | {} 2>&1 | cat >out
// shell: {} < <(printf abcdef) 2>err | cat >out
// shell: (read -r -n 3; {}) <in >out 2>err
// shell: (echo before; {}; echo behind) <in >out 2>err
// shell: ({}; {}) <in >out 2>&1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE* report;

static const char* name_of(int error) {
  switch (error) {
#define NAME(error) \
  case error:       \
    return #error;
    NAME(EBADF)
    NAME(EFBIG)
    NAME(EINVAL)
    NAME(EISDIR)
    NAME(ENODEV)
    NAME(ENOSPC)
    NAME(EOPNOTSUPP)
    NAME(EPERM)
    NAME(ESPIPE)
    default:
      return strerror(error);
  }
}

static void note(const char* what, long long result) {
  fprintf(report, "  %s: %lld %s\n", what, result, result < 0 ? name_of(errno) : "");
}
#define NOTE(call) note(#call, (long long)(call))
// What gives its error back.
#define NOTE_ERROR(call)                                                \
  do {                                                                  \
    int error = (call);                                                 \
    fprintf(report, "  " #call ": %s\n", error ? name_of(error) : "0"); \
  } while (0)

static char bytes[64];
static void note_bytes(const char* what, ssize_t count) {
  note(what, count);
  for (ssize_t i = 0; i < count; ++i) fprintf(report, " %02x", (unsigned char)bytes[i]);
  fprintf(report, "\n");
}

// Whether there is a stream.
static int describe(int fd, struct stat* about) {
  fprintf(report, "%d:\n", fd);
  if (fstat(fd, about) != 0) {
    fprintf(report, "  is closed\n");
    return 0;
  }
  fprintf(report, "  file %d, directory %d, device %d\n", S_ISREG(about->st_mode),
          S_ISDIR(about->st_mode), S_ISCHR(about->st_mode));
  if (S_ISREG(about->st_mode)) NOTE(about->st_size);
  if (S_ISREG(about->st_mode) || S_ISCHR(about->st_mode)) {
    struct pollfd poll_item = {.fd = fd, .events = fd == 0 ? POLLIN : POLLOUT};
    NOTE(poll(&poll_item, 1, 0));
  }
  return 1;
}

static void use_input(int fd) {
  struct stat about;
  if (!describe(fd, &about) || S_ISDIR(about.st_mode)) {
    NOTE(read(fd, bytes, 1));
    NOTE(pread(fd, bytes, 1, 0));
    return;
  }
  NOTE(lseek(fd, 0, SEEK_CUR));
  note_bytes("read", read(fd, bytes, 3));
  note_bytes("pread", pread(fd, bytes, 4, 1));
  NOTE(pread(fd, bytes, 4, 1000) >= 0);
  NOTE(lseek(fd, 0, SEEK_CUR));
  NOTE(lseek(fd, 2, SEEK_SET));
  NOTE(lseek(fd, -100, SEEK_CUR));
  NOTE(lseek(fd, -2, SEEK_END));
  NOTE_ERROR(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  note_bytes("read", read(fd, bytes, sizeof bytes));
}

static void use_output(int fd) {
  struct stat about;
  if (!describe(fd, &about)) {
    NOTE(write(fd, "x", 1));
    NOTE(pwrite(fd, "x", 1, 0));
    return;
  }
  int flags = fcntl(fd, F_GETFL);
  int appends = (flags & O_APPEND) != 0;
  // What is appended to is made longer only: cutting it off is refused here.
  off_t size = appends ? about.st_size + 60 : 6;
  NOTE(appends);
  NOTE(write(fd, "first words", 11));
  NOTE(lseek(fd, 0, SEEK_CUR));
  NOTE(pwrite(fd, "Z", 1, 4));
  NOTE(pwrite(fd, "far", 3, 40));
  NOTE(lseek(fd, 0, SEEK_CUR));
  NOTE(ftruncate(fd, size));
  NOTE(lseek(fd, 0, SEEK_END));
  NOTE(write(fd, "tail", 4));
  NOTE(lseek(fd, 1, SEEK_SET));
  NOTE(write(fd, "over", 4));
  NOTE(fdatasync(fd));
  NOTE(fsync(fd));
  NOTE_ERROR(posix_fallocate(fd, 0, 60));
  NOTE_ERROR(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
  if (!appends && S_ISREG(about.st_mode)) {
    NOTE(lseek(fd, 0, SEEK_SET));
    NOTE(fcntl(fd, F_SETFL, flags | O_APPEND));
    NOTE((fcntl(fd, F_GETFL) & O_APPEND) != 0);
    NOTE(write(fd, "behind", 6));
    NOTE(lseek(fd, 0, SEEK_CUR));
    NOTE(fcntl(fd, F_SETFL, flags));
  }
  if (!S_ISREG(about.st_mode)) return;
  struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};
  NOTE(futimens(fd, times));
  NOTE(fstat(fd, &about));
  NOTE(about.st_mtim.tv_sec);
  NOTE(about.st_size);
}

int main(void) {
  report = fopen("report", "a");
  if (report == NULL) return 1;
#ifndef __wasi__
  // A standard stream that is closed stays so.
  int away = fcntl(fileno(report), F_DUPFD, 10);
  fclose(report);
  report = fdopen(away, "a");
#endif
  use_input(0);
  use_output(1);
  use_output(2);
  return fclose(report) == 0 ? 0 : 1;
}
