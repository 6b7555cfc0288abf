// Open files of the operating system: an owned descriptor and the calls that work on one.
//
// Errors are errno values (Sys<T>). EINTR is returned only if the code that the thread runs is to
// stop (os/interrupt.h). In a guest whose time is kept, one call transfers at most kMaxKeptTransfer
// bytes, because the kernel does not interrupt transfers of files.
// Reads and writes may be short. Vectors beyond kMaxVectors are left for the caller's next call,
// which POSIX allows. No function here takes a path: paths are resolved in os/dir.h.
// Any thread may call; one descriptor may be shared as far as the kernel allows it.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace nacre::os {

template <class T>
using Sys = std::expected<T, int>;

inline constexpr size_t kMaxVectors = 64;
inline constexpr size_t kMaxKeptTransfer = size_t{4} << 20;

// Owns one descriptor; -1 is none. Errors of closing are ignored: the kernel has the data by then.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

Sys<OwnedFd> duplicate(int fd);

// At the descriptor's own position.
Sys<size_t> read_vectors(int fd, std::span<const MutableBytes> to);
Sys<size_t> write_vectors(int fd, std::span<const Bytes> from);
// At a given position; the descriptor's own stays where it is.
Sys<size_t> read_vectors_at(int fd, std::span<const MutableBytes> to, uint64_t offset);
// Reads only what the system has in memory. EAGAIN: nothing, or it cannot be told for this file.
Sys<size_t> read_vectors_cached(int fd, std::span<const MutableBytes> to, uint64_t offset);
Sys<size_t> write_vectors_at(int fd, std::span<const Bytes> from, uint64_t offset);

struct Appended {
  size_t written;
  uint64_t end_offset;  // of the first byte after what was written
};
// At the end of the file, atomically where the kernel can.
Sys<Appended> append_vectors(int fd, std::span<const Bytes> from);

Sys<uint64_t> seek(int fd, int64_t offset, int whence);
Sys<struct stat> file_status(int fd);
Sys<void> set_size(int fd, uint64_t size_bytes);
Sys<void> allocate(int fd, uint64_t offset, uint64_t length);
Sys<void> advise(int fd, uint64_t offset, uint64_t length, int advice);
Sys<void> sync_file(int fd, bool data_only);

// Nanoseconds since 1970; nothing leaves a time as it is.
struct FileTimes {
  std::optional<uint64_t> access;
  std::optional<uint64_t> modified;
  bool access_now = false;
  bool modified_now = false;
};
Sys<void> set_times(int fd, const FileTimes& times);

bool is_terminal(int fd);
// Whether the descriptor is open for reading (writing), as fcntl(F_GETFL) says.
bool can_read(int fd);
bool can_write(int fd);
// How the open file description, which others may share, writes.
struct OpenedAs {
  bool append = false;     // at the end
  bool data_sync = false;  // waiting for the data, ...
  bool sync = false;       // ... for all of the file
};
OpenedAs opened_as(int fd);
// Clears or sets O_NONBLOCK on the open file description (shared by all its descriptors).
Sys<void> set_nonblocking(int fd, bool nonblocking);
// Where both lead to one regular file, `fd` only appends to it from now on, as do all descriptors
// of its open file description.
Sys<void> append_if_same_file(int fd, int other);

// Whether the file is in a file system that shows the kernel's own state (procfs, sysfs, debugfs
// and the like) rather than data.
bool is_kernel_interface(int fd);

// Writing to a closed pipe, or beyond RLIMIT_FSIZE, should be an error (EPIPE, EFBIG), not the end
// of the process. Changes the dispositions of SIGPIPE and SIGXFSZ from default to ignored, and
// leaves any other alone.
void ignore_write_signals();

}  // namespace nacre::os
