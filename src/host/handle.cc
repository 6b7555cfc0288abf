#include "host/handle.h"

#include <sys/stat.h>

#include "os/clock.h"

namespace nacre::host {
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
  result.access_time = os::nanoseconds(status.st_atim);
  result.modified_time = os::nanoseconds(status.st_mtim);
  result.change_time = os::nanoseconds(status.st_ctim);
  return result;
}

}  // namespace nacre::host
