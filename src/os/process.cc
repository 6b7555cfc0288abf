#include "os/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace nacre::os {
namespace {

constexpr int kFirstOther = 3;

// Whether it stays.
bool close_if_inherited(int fd) {
  int flags = ::fcntl(fd, F_GETFD);
  if (flags >= 0 && (flags & FD_CLOEXEC) != 0) return true;
  if (flags >= 0) ::close(fd);
  return false;
}

// Whether these are all: a process with few descriptors is spared a list of them, which takes
// longer than anything else here.
bool close_few() {
  constexpr int kFew = 128;
  pollfd items[kFew];
  for (int fd = 0; fd < kFew; ++fd) items[fd] = {fd, 0, 0};
  if (::poll(items, kFew, 0) < 0) return false;
  int there = 0;
  for (const pollfd& item : items) {
    bool is_open = (item.revents & POLLNVAL) == 0;
    if (is_open && (item.fd < kFirstOther || close_if_inherited(item.fd))) ++there;
  }
  struct stat status;  // since Linux 6.2, the number of them is its size
  return ::stat("/proc/self/fd", &status) == 0 && status.st_size == there;
}

// Whether all descriptors were seen.
bool close_those_listed() {
  OwnedFd list(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!list.valid()) return false;
  alignas(dirent64) char entries[4096];
  for (;;) {
    ssize_t length = ::getdents64(list.get(), entries, sizeof entries);
    if (length <= 0) return length == 0;
    for (ssize_t at = 0; at < length;) {
      auto* entry = reinterpret_cast<dirent64*>(entries + at);
      const char* name = entry->d_name;
      int fd = -1;
      bool is_number = std::from_chars(name, name + std::strlen(name), fd).ec == std::errc{};
      if (is_number && fd >= kFirstOther) close_if_inherited(fd);
      at += entry->d_reclen;
    }
  }
}

}  // namespace

uint32_t count_threads() {
  // A directory with a directory for each; its links are those, `.` and the name it has.
  struct stat tasks{};
  if (::stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink < 3) return 0;
  return static_cast<uint32_t>(tasks.st_nlink - 2);
}

void close_inherited() {
  if (close_few() || close_those_listed()) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (int fd = kFirstOther; static_cast<rlim_t>(fd) < limit.rlim_cur; ++fd) close_if_inherited(fd);
}

Sys<void> close_standard_stream(int fd) {
  OwnedFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.valid() || ::dup2(nothing.get(), fd) < 0) return std::unexpected(errno);
  return {};
}

}  // namespace nacre::os
