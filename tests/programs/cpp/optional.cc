// Looks for files that it can do without, in the ways of C and C++: prints what it found, and fails
// if anything but ENOENT comes back for one that it does not get.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

static void told(const char* what, const char* path, bool there) {
  if (!there && errno != ENOENT) {
    std::printf("%s %s: %s\n", what, path, std::strerror(errno));
    std::exit(1);
  }
  std::printf("%s %s: %s\n", what, path, there ? "there" : "not there");
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* path = argv[i];
    char target[64];
    struct stat status;
    told("fopen", path, std::fopen(path, "r") != nullptr);
    told("open", path, open(path, O_RDWR) >= 0);
    told("openat", path, openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW) >= 0);
    told("stat", path, stat(path, &status) == 0);
    told("lstat", path, lstat(path, &status) == 0);
    told("access", path, access(path, R_OK) == 0);
    told("faccessat", path, faccessat(AT_FDCWD, path, F_OK, 0) == 0);
    told("readlink", path, readlink(path, target, sizeof target) >= 0);
    told("opendir", path, opendir(path) != nullptr);
    told("unlink", path, unlink(path) == 0);
    told("rmdir", path, rmdir(path) == 0);
  }
  return 0;
}
