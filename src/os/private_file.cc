#include "os/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/utf8.h"
#include "os/host_path.h"

namespace nacre::os {
namespace {

constexpr mode_t kOwnersAlone = 0600;

std::unexpected<Error> failed(const std::string& path, std::string_view what) {
  return fail(ErrorCode::io, printable(path) + ": " + std::string(what));
}
std::unexpected<Error> failed(const std::string& path, int error) {
  return failed(path, std::strerror(error));
}

Sys<OwnedFd> open_file(const std::string& path, int flags, mode_t mode = 0) {
  for (;;) {
    int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode);
    if (fd >= 0) return OwnedFd(fd);
    if (errno != EINTR) return std::unexpected(errno);
  }
}

// What somebody else can write is not this user's decision.
const char* not_private(const struct stat& status) {
  if (status.st_uid != geteuid()) return "it belongs to somebody else";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write it (chmod go-w)";
  return nullptr;
}

Result<void> make_folders(const std::string& path) {
  if (exists(path) || mkdir(path.c_str(), 0700) == 0) return {};
  if (errno == EEXIST) return {};
  if (errno != ENOENT || path == "/") return failed(path, errno);
  TRY(make_folders(std::string(parent_of(path))));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path, errno);
  return {};
}

}  // namespace

Result<std::optional<std::string>> PrivateFile::read(uint64_t max_bytes) const {
  Sys<OwnedFd> fd = open_file(path_, O_RDONLY | O_NONBLOCK);
  if (!fd && (fd.error() == ENOENT || fd.error() == ENOTDIR)) return std::nullopt;
  if (!fd) return failed(path_, fd.error());
  struct stat status;
  if (fstat(fd->get(), &status) != 0) return failed(path_, errno);
  if (!S_ISREG(status.st_mode)) return failed(path_, "it is no file");
  if (const char* why = not_private(status)) return failed(path_, why);
  struct stat folder;
  std::string folder_path(parent_of(path_));
  if (stat(folder_path.c_str(), &folder) != 0) return failed(folder_path, errno);
  if (const char* why = not_private(folder)) return failed(folder_path, why);
  if (static_cast<uint64_t>(status.st_size) > max_bytes) {
    return fail(ErrorCode::limit, printable(path_) + ": it is too large");
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  for (size_t at = 0; at < text.size();) {
    MutableBytes rest(reinterpret_cast<uint8_t*>(text.data()) + at, text.size() - at);
    Sys<size_t> count = read_vectors(fd->get(), std::span<const MutableBytes>(&rest, 1));
    if (!count) return failed(path_, count.error());
    if (*count == 0) text.resize(at);
    at += *count;
  }
  return text;
}

Sys<OwnedFd> open_for_appending(const std::string& path) {
  return open_file(path, O_WRONLY | O_CREAT | O_APPEND, kOwnersAlone);
}

Result<PrivateFile::Lock> PrivateFile::lock() const {
  TRY(make_folders(std::string(parent_of(path_))));
  std::string lock_path = path_ + ".lock";
  Sys<OwnedFd> fd = open_file(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW, kOwnersAlone);
  if (!fd) return failed(lock_path, fd.error());
  while (flock(fd->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed(lock_path, errno);
  }
  return Lock(path_, std::move(*fd));
}

Result<void> PrivateFile::Lock::replace(std::string_view text) { return replace_file(path_, text); }

Result<void> replace_file(const std::string& path, std::string_view text) {
  std::string next_path = path + ".new";
  // Left behind by one who died; the lock is ours now.
  (void)::unlink(next_path.c_str());
  Sys<OwnedFd> next = open_file(next_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kOwnersAlone);
  if (!next) return failed(next_path, next.error());
  while (!text.empty()) {
    Bytes bytes = as_bytes(text);
    Sys<size_t> written = write_vectors(next->get(), std::span<const Bytes>(&bytes, 1));
    if (!written) return failed(next_path, written.error());
    text.remove_prefix(*written);
  }
  if (fsync(next->get()) != 0) return failed(next_path, errno);
  if (::rename(next_path.c_str(), path.c_str()) != 0) return failed(path, errno);
  Sys<OwnedFd> folder = open_file(std::string(parent_of(path)), O_RDONLY | O_DIRECTORY);
  if (!folder || fsync(folder->get()) != 0) return failed(path, "it may not last a power failure");
  return {};
}

}  // namespace nacre::os
