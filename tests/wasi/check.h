// Checks for WASI programs: a failed one says where and what; finish() is main's result.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

static int failures;

#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      ++failures;                                                           \
      printf("%s:%d: not true: %s\n", __FILE_NAME__, __LINE__, #condition); \
    }                                                                       \
  } while (0)

// Two integers are equal.
#define EQUAL(actual, expected)                                                          \
  do {                                                                                   \
    long long a_ = (long long)(actual), e_ = (long long)(expected);                      \
    if (a_ != e_) {                                                                      \
      ++failures;                                                                        \
      printf("%s:%d: %s is %lld, not %lld\n", __FILE_NAME__, __LINE__, #actual, a_, e_); \
    }                                                                                    \
  } while (0)

// A POSIX call fails (-1) with this errno.
#define FAILS(call, expected)                                                            \
  do {                                                                                   \
    errno = 0;                                                                           \
    if ((call) != -1) {                                                                  \
      ++failures;                                                                        \
      printf("%s:%d: succeeds: %s\n", __FILE_NAME__, __LINE__, #call);                   \
    } else if (errno != (expected)) {                                                    \
      ++failures;                                                                        \
      printf("%s:%d: %s: %s, not %s\n", __FILE_NAME__, __LINE__, #call, strerror(errno), \
             #expected);                                                                 \
    }                                                                                    \
  } while (0)

static inline int finish(void) {
  if (failures == 0) puts("ok");
  return failures == 0 ? 0 : 1;
}

// The directory "/" that the runner grants.
#define ROOT 3
#define R(name) __WASI_RIGHTS_##name
#define READ_RIGHTS \
  (R(FD_READ) | R(FD_SEEK) | R(FD_TELL) | R(FD_FILESTAT_GET) | R(POLL_FD_READWRITE))
#define WRITE_RIGHTS (READ_RIGHTS | R(FD_WRITE) | R(FD_FDSTAT_SET_FLAGS) | R(FD_FILESTAT_SET_SIZE))

// path_open without wasi-libc's help; the errno, and the descriptor in *fd.
static inline int raw_open(int dir, const char* path, int oflags, __wasi_rights_t base, int* fd) {
  return __wasi_path_open(dir, 0, path, oflags, base, 0, 0, fd);
}
