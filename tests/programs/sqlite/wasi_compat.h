// What SQLite's shell calls and Debian's wasi-libc lacks. WASI has no modes to change and no links
// that a shell on granted directories would have to resolve.
#pragma once
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static inline int chmod(const char* path, mode_t mode) {
  (void)path;
  (void)mode;
  return 0;
}

static inline char* realpath(const char* path, char* resolved) {
  return resolved ? strcpy(resolved, path) : strdup(path);
}
