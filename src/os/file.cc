#include "os/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "os/file_times.h"
#include "os/interrupt.h"

namespace nacre::os {
namespace {

constexpr uint64_t kMaxOffset = std::numeric_limits<int64_t>::max();

template <class Call>
auto retry(Call call) {
  for (;;) {
    auto result = call();
    if (result != -1 || errno != EINTR || stop_requested()) return result;
  }
}

template <class Call>
Sys<void> check(Call call) {
  if (retry(call) == -1) return std::unexpected(errno);
  return {};
}

// The spans as the kernel wants them, at most kMaxVectors.
struct Vectors {
  iovec items[kMaxVectors];
  int count = 0;

  template <class Span>
  explicit Vectors(std::span<const Span> spans) {
    size_t room = innermost() == nullptr ? SIZE_MAX : kMaxKeptTransfer;
    for (const Span& span : spans) {
      if (count == static_cast<int>(kMaxVectors) || room == 0) break;
      size_t size = std::min(span.size(), room);
      items[count++] = {const_cast<uint8_t*>(span.data()), size};
      room -= size;
    }
  }
};

Sys<size_t> transferred(ssize_t result) {
  if (result < 0) return std::unexpected(errno);
  return static_cast<size_t>(result);
}

}  // namespace

void OwnedFd::reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Sys<OwnedFd> duplicate(int fd) {
  int copy = retry([&] { return fcntl(fd, F_DUPFD_CLOEXEC, 3); });
  if (copy < 0) return std::unexpected(errno);
  return OwnedFd(copy);
}

Sys<size_t> read_vectors(int fd, std::span<const MutableBytes> to) {
  Vectors vectors(to);
  return transferred(retry([&] { return readv(fd, vectors.items, vectors.count); }));
}

Sys<size_t> write_vectors(int fd, std::span<const Bytes> from) {
  Vectors vectors(from);
  return transferred(retry([&] { return writev(fd, vectors.items, vectors.count); }));
}

Sys<size_t> read_vectors_at(int fd, std::span<const MutableBytes> to, uint64_t offset) {
  if (offset > kMaxOffset) return std::unexpected(EINVAL);
  Vectors vectors(to);
  auto at = static_cast<off_t>(offset);
  return transferred(retry([&] { return preadv(fd, vectors.items, vectors.count, at); }));
}

Sys<size_t> read_vectors_cached(int fd, std::span<const MutableBytes> to, uint64_t offset) {
  if (offset > kMaxOffset) return std::unexpected(EINVAL);
  Vectors vectors(to);
  auto at = static_cast<off_t>(offset);
  ssize_t done = retry([&] { return preadv2(fd, vectors.items, vectors.count, at, RWF_NOWAIT); });
  if (done < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) errno = EAGAIN;
  return transferred(done);
}

Sys<size_t> write_vectors_at(int fd, std::span<const Bytes> from, uint64_t offset) {
  if (offset > kMaxOffset) return std::unexpected(EFBIG);
  Vectors vectors(from);
  auto at = static_cast<off_t>(offset);
  return transferred(retry([&] { return pwritev(fd, vectors.items, vectors.count, at); }));
}

Sys<Appended> append_vectors(int fd, std::span<const Bytes> from) {
  Vectors vectors(from);
  ssize_t written =
      retry([&] { return pwritev2(fd, vectors.items, vectors.count, -1, RWF_APPEND); });
  if (written < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
    // A file system without RWF_APPEND: as near as two calls come to it.
    if (lseek(fd, 0, SEEK_END) < 0) return std::unexpected(errno);
    written = retry([&] { return writev(fd, vectors.items, vectors.count); });
  }
  if (written < 0) return std::unexpected(errno);
  off_t end = lseek(fd, 0, SEEK_CUR);
  if (end < 0) return std::unexpected(errno);
  return Appended{static_cast<size_t>(written), static_cast<uint64_t>(end)};
}

Sys<uint64_t> seek(int fd, int64_t offset, int whence) {
  off_t result = lseek(fd, offset, whence);
  if (result < 0) return std::unexpected(errno);
  return static_cast<uint64_t>(result);
}

Sys<struct stat> file_status(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return std::unexpected(errno);
  return status;
}

Sys<void> set_size(int fd, uint64_t size_bytes) {
  if (size_bytes > kMaxOffset) return std::unexpected(EFBIG);
  return check([&] { return ftruncate(fd, static_cast<off_t>(size_bytes)); });
}

Sys<void> allocate(int fd, uint64_t offset, uint64_t length) {
  if (offset > kMaxOffset || length > kMaxOffset - offset) return std::unexpected(EFBIG);
  return check(
      [&] { return fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(length)); });
}

Sys<void> advise(int fd, uint64_t offset, uint64_t length, int advice) {
  if (offset > kMaxOffset) return std::unexpected(EINVAL);
  // Longer than any file means to the end, which the kernel spells 0.
  off_t bounded = length > kMaxOffset - offset ? 0 : static_cast<off_t>(length);
  int error = posix_fadvise(fd, static_cast<off_t>(offset), bounded, advice);
  if (error != 0) return std::unexpected(error);
  return {};
}

Sys<void> sync_file(int fd, bool data_only) {
  return check([&] { return data_only ? fdatasync(fd) : fsync(fd); });
}

Sys<void> set_times(int fd, const FileTimes& times) {
  TimePair pair = time_pair(times);
  return check([&] { return futimens(fd, pair.items); });
}

bool is_terminal(int fd) { return isatty(fd) == 1; }

bool can_read(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY;
}

bool can_write(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
}

OpenedAs opened_as(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return {};
  return {.append = (flags & O_APPEND) != 0,
          .data_sync = (flags & O_DSYNC) != 0,
          .sync = (flags & O_SYNC) == O_SYNC};
}

Sys<void> set_nonblocking(int fd, bool nonblocking) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return std::unexpected(errno);
  int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted == flags) return {};
  return check([&] { return fcntl(fd, F_SETFL, wanted); });
}

Sys<void> append_if_same_file(int fd, int other) {
  struct stat here;
  struct stat there;
  if (fstat(fd, &here) != 0 || fstat(other, &there) != 0 || !S_ISREG(here.st_mode)) return {};
  if (here.st_dev != there.st_dev || here.st_ino != there.st_ino) return {};
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return std::unexpected(errno);
  if ((flags & O_APPEND) != 0) return {};
  return check([&] { return fcntl(fd, F_SETFL, flags | O_APPEND); });
}

bool is_kernel_interface(int fd) {
  struct statfs info;
  if (fstatfs(fd, &info) != 0) return false;
  switch (static_cast<uint32_t>(info.f_type)) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
    case SELINUX_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case BPF_FS_MAGIC:
      return true;
    default:
      return false;
  }
}

void ignore_write_signals() {
  for (int signal : {SIGPIPE, SIGXFSZ}) {
    struct sigaction action;
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action = {};
    action.sa_handler = SIG_IGN;
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace nacre::os
