#include "os/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

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

Sys<OwnedFd> open_file(const std::string& path, int flags, mode_t mode = 0,
                       int directory = AT_FDCWD) {
  for (;;) {
    int fd = ::openat(directory, path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode);
    if (fd >= 0) return OwnedFd(fd);
    if (errno != EINTR) return std::unexpected(errno);
  }
}

// What another user can write is not this user's decision.
const char* not_private(const struct stat& status) {
  if (status.st_uid != geteuid()) return "it belongs to another user";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write it (chmod go-w)";
  return nullptr;
}

// Whether user numbers are those of the machine. In a container with numbers of its own, what
// belongs to others, the system's root among them, is shown as belonging to kNobody.
bool has_all_users() {
  Sys<OwnedFd> map = open_file("/proc/self/uid_map", O_RDONLY);
  char text[128];
  ssize_t length = map ? ::read(map->get(), text, sizeof text) : -1;
  // "first here, first outside, how many"; a failure is taken for the usual.
  return length <= 0 || std::string_view(text, static_cast<size_t>(length)).find("4294967295") !=
                            std::string_view::npos;
}

bool is_trusted(uid_t owner) {
  constexpr uid_t kNobody = 65534;
  return owner == geteuid() || owner == 0 || (owner == kNobody && !has_all_users());
}

// Whether another user could give `name` in this folder to something else. In a sticky one, such
// as /tmp, only the owners of names can.
bool others_may_rename(const struct stat& folder, const struct stat& name) {
  bool writable = (folder.st_mode & S_IWOTH) != 0 ||
                  ((folder.st_mode & S_IWGRP) != 0 && folder.st_gid != getegid());
  bool keeps_names = (folder.st_mode & S_ISVTX) != 0 && is_trusted(name.st_uid);
  return writable && !keeps_names;
}

// That `path` leads to what its user meant: not through a directory where others choose what a name
// on the way means. The folder of the file itself is this user's alone.
Result<void> check_way(const std::string& path, const Way& way) {
  auto through = [&](std::string_view folder) {
    return failed(
        path, "it leads through " + printable(folder) + ", where others may write (chmod go-w)");
  };
  struct stat folder;
  std::string parent(parent_of(way.end));
  if (stat(parent.c_str(), &folder) != 0) return failed(parent, errno);
  if (const char* why = not_private(folder)) return failed(parent, why);
  std::vector<std::string> names = way.links;
  names.push_back(way.end);
  for (const std::string& name : names) {
    std::string at = name;
    while (at != "/") {
      struct stat entry;
      if (lstat(at.c_str(), &entry) != 0) return failed(path, errno);
      at = parent_of(at);
      if (lstat(at.c_str(), &folder) != 0) return failed(path, errno);
      if (others_may_rename(folder, entry) || !is_trusted(folder.st_uid)) return through(at);
    }
  }
  return {};
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
  // Most users have none: then nothing depends on the way there.
  if (::access(path_.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return std::nullopt;
  }
  Way way = way_of(path_, "/");
  Sys<OwnedFd> fd = open_file(way.end, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!fd && (fd.error() == ENOENT || fd.error() == ENOTDIR)) return std::nullopt;
  if (!fd) return failed(path_, fd.error());
  struct stat status;
  if (fstat(fd->get(), &status) != 0) return failed(path_, errno);
  if (!S_ISREG(status.st_mode)) return failed(path_, "it is not a file");
  if (const char* why = not_private(status)) return failed(path_, why);
  TRY(check_way(path_, way));
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
  // Those behind links as well.
  TRY(make_folders(canonical_path(parent_of(path_), "/")));
  TRY(make_folders(std::string(parent_of(canonical_path(path_, "/")))));
  std::string lock_path = path_ + ".lock";
  Sys<OwnedFd> fd = open_file(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW, kOwnersAlone);
  if (!fd) return failed(lock_path, fd.error());
  while (flock(fd->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed(lock_path, errno);
  }
  return Lock(path_, std::move(*fd));
}

Result<void> PrivateFile::Lock::replace(std::string_view text) {
  HeldName file = TRY(HeldName::find(canonical_path(path_, "/")));
  return file.replace(text);
}

std::string next_path(std::string_view path) { return std::string(path) + ".new"; }

bool has_no_contents(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

Result<HeldName> HeldName::find(std::string path) {
  Sys<OwnedFd> folder = open_file(std::string(parent_of(path)), O_RDONLY | O_DIRECTORY);
  if (!folder) return failed(path, folder.error());
  return HeldName(std::move(path), std::move(*folder));
}

Result<void> HeldName::replace(std::string_view text) const {
  std::string name = path_.substr(path_.rfind('/') + 1);
  std::string next_name = next_path(name);
  // Left behind by one who died; the lock is ours now.
  (void)::unlinkat(folder_.get(), next_name.c_str(), 0);
  Sys<OwnedFd> next =
      open_file(next_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kOwnersAlone, folder_.get());
  if (!next) return failed(next_path(path_), next.error());
  while (!text.empty()) {
    Bytes bytes = as_bytes(text);
    Sys<size_t> written = write_vectors(next->get(), std::span<const Bytes>(&bytes, 1));
    if (!written) return failed(next_path(path_), written.error());
    text.remove_prefix(*written);
  }
  if (fsync(next->get()) != 0) return failed(next_path(path_), errno);
  if (::renameat(folder_.get(), next_name.c_str(), folder_.get(), name.c_str()) != 0) {
    return failed(path_, errno);
  }
  if (fsync(folder_.get()) != 0) return failed(path_, "it may not survive a power failure");
  return {};
}

}  // namespace nacre::os
