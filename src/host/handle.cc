#include "host/handle.h"

#include <sys/stat.h>

namespace nacre::host {
namespace {

// Total: times before 1970 are 0, times beyond 2^64 ns the last there is (security.md O7).
uint64_t nanoseconds(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  uint64_t result;
  if (__builtin_mul_overflow(static_cast<uint64_t>(time.tv_sec), 1'000'000'000u, &result) ||
      __builtin_add_overflow(result, static_cast<uint64_t>(time.tv_nsec), &result)) {
    return UINT64_MAX;
  }
  return result;
}

}  // namespace

FileType to_file_type(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return FileType::block_device;
    case S_IFCHR:
      return FileType::character_device;
    case S_IFDIR:
      return FileType::directory;
    case S_IFREG:
      return FileType::regular_file;
    case S_IFSOCK:
      return FileType::socket_stream;
    case S_IFLNK:
      return FileType::symbolic_link;
    case S_IFIFO:
      return FileType::pipe;
    default:
      return FileType::unknown;
  }
}

FileStat to_file_stat(const struct stat& status) {
  FileStat result;
  result.device = status.st_dev;
  result.inode = status.st_ino;
  result.type = to_file_type(status.st_mode);
  result.link_count = status.st_nlink;
  result.size_bytes = static_cast<uint64_t>(status.st_size);
  result.access_time = nanoseconds(status.st_atim);
  result.modified_time = nanoseconds(status.st_mtim);
  result.change_time = nanoseconds(status.st_ctim);
  return result;
}

}  // namespace nacre::host
