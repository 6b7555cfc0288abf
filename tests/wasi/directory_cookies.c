// run: --dir %root::/
#include "check.h"

enum { kFiles = 500 };

int main(void) {
  int fd;
  char name[32];
  for (int i = 0; i < kFiles; ++i) {
    snprintf(name, sizeof name, "file.%d", i);
    EQUAL(raw_open(ROOT, name, __WASI_OFLAGS_CREAT, 0, &fd), 0);
    EQUAL(__wasi_fd_close(fd), 0);
  }
  int seen[kFiles] = {0};
  int others = 0;
  __wasi_dircookie_t cookie = 0;
  for (int more = 1; more;) {
    uint8_t buffer[256];
    __wasi_size_t used = 0;
    EQUAL(__wasi_fd_readdir(ROOT, buffer, sizeof buffer, cookie, &used), 0);
    more = used == sizeof buffer;
    for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= used;) {
      __wasi_dirent_t entry;
      memcpy(&entry, buffer + at, sizeof entry);
      at += sizeof entry;
      if (at + entry.d_namlen > used) break;
      memcpy(name, buffer + at, entry.d_namlen);
      name[entry.d_namlen] = 0;
      at += entry.d_namlen;
      cookie = entry.d_next;
      int number;
      if (sscanf(name, "file.%d", &number) == 1) {
        ++seen[number];
        // What was seen may go; what is left must still come.
        EQUAL(__wasi_path_unlink_file(ROOT, name), 0);
      } else {
        ++others;
      }
    }
  }
  for (int i = 0; i < kFiles; ++i) EQUAL(seen[i], 1);
  EQUAL(others, 2);
  return finish();
}
