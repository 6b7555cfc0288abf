#include "os/dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/file_times.h"
#include "os/host_path.h"
#include "os/interrupt.h"

namespace nacre::os {
namespace {

constexpr int kSearchFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// How often to look again when others rename under our feet.
constexpr int kMaxRaces = 40;
constexpr size_t kMaxLinkLength = 4096;
constexpr uint8_t kAllOfPath = kReadPath | kWritePath | kCreatePath;
// Deeper than any path can name (PATH_MAX is 4096).
constexpr size_t kMaxDepth = 4096;

Sys<OwnedFd> openat2_within(int root, const char* path, int flags, mode_t mode, uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return OwnedFd(static_cast<int>(fd));
    // EAGAIN: a rename happened while `..` was resolved, so the kernel cannot vouch for it.
    if (errno == EINTR && !stop_requested()) continue;
    if (errno == EAGAIN && attempt < kMaxRaces) continue;
    return std::unexpected(errno == EXDEV ? kOutside : errno);
  }
}

Sys<OwnedFd> open_in(int dir, const char* name, int flags, mode_t mode = 0) {
  for (;;) {
    int fd = openat(dir, name, flags | O_CLOEXEC, mode);
    if (fd >= 0) return OwnedFd(fd);
    if (errno != EINTR || stop_requested()) return std::unexpected(errno);
  }
}

Sys<struct stat> status_in(int dir, const char* name) {
  struct stat status;
  if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::unexpected(errno);
  return status;
}

Sys<std::string> link_in(int dir, const char* name) {
  std::string target(kMaxLinkLength, '\0');
  ssize_t length = readlinkat(dir, name, target.data(), target.size());
  if (length < 0) return std::unexpected(errno);
  target.resize(static_cast<size_t>(length));
  return target;
}

bool is_removed(int fd) {
  Sys<struct stat> status = file_status(fd);
  return status && status->st_nlink == 0;
}

Sys<void> result_of(int value) {
  if (value != 0) return std::unexpected(errno);
  return {};
}

}  // namespace

struct BeneathDir::Step {
  OwnedFd owned;
  int fd = -1;
};

struct BeneathDir::Tree {
  using Node = Step;

  Sys<Step> enter(const Step& in, const std::string& name) {
    Sys<OwnedFd> fd = open_in(in.fd, name.c_str(), kSearchFlags);
    if (!fd) return std::unexpected(fd.error());
    int raw = fd->get();
    return Step{std::move(*fd), raw};
  }

  Sys<std::optional<std::string>> link_target(const Step& in, const std::string& name) {
    Sys<std::string> target = link_in(in.fd, name.c_str());
    // A magic link of procfs: it leads to an object, and its text is only what that was called.
    if (target && target->starts_with('/') && is_kernel_interface(in.fd)) {
      return std::unexpected(ELOOP);
    }
    if (target) return std::move(*target);
    if (target.error() == EINVAL || target.error() == ENOENT) return std::nullopt;
    return std::unexpected(target.error());
  }
};

Sys<BeneathDir> BeneathDir::open_root(const std::string& host_path, Resolver resolver) {
  Sys<OwnedFd> fd = open_in(AT_FDCWD, host_path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!fd) return std::unexpected(fd.error());
  Sys<struct stat> status = file_status(fd->get());
  if (!status) return std::unexpected(status.error());
  BeneathDir dir;
  dir.root_device_ = status->st_dev;
  dir.root_inode_ = status->st_ino;
  dir.allows_kernel_interface_ = is_kernel_interface(fd->get());
  if (resolver != Resolver::walk) {
    // Old kernels answer ENOSYS, seccomp filters usually EPERM.
    dir.uses_kernel_ =
        openat2_within(fd->get(), ".", O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH).has_value();
    if (resolver == Resolver::kernel && !dir.uses_kernel_) return std::unexpected(ENOSYS);
  }
  dir.fd_ = std::move(*fd);
  return dir;
}

Sys<BeneathDir> BeneathDir::open_everything(Resolver resolver) {
  Sys<BeneathDir> dir = open_root("/", resolver);
  if (dir) dir->is_everything_ = true;
  return dir;
}

Sys<OwnedFd> BeneathDir::open_beneath(const char* path, int flags, mode_t mode) const {
  return openat2_within(fd(), path, flags, mode,
                        is_everything_ ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
}

BeneathDir BeneathDir::child(OwnedFd fd) const {
  BeneathDir dir;
  dir.guard_ = guard_;
  dir.time_setter_ = time_setter_;
  dir.fd_ = std::move(fd);
  dir.uses_kernel_ = uses_kernel_;
  dir.allows_kernel_interface_ = allows_kernel_interface_;
  dir.root_device_ = root_device_;
  dir.root_inode_ = root_inode_;
  return dir;
}

bool BeneathDir::is_root() const {
  Sys<struct stat> status = file_status(fd());
  return status && status->st_dev == root_device_ && status->st_ino == root_inode_;
}

// The parent of the last component, and that component. The kernel finds the parent where it can;
// what must expand a last link is walked.
Sys<BeneathDir::Place> BeneathDir::find(const std::string& path, LastLink last_link) const {
  bool slashed = path.ends_with('/');
  if (uses_kernel_ &&
      (last_link == LastLink::keep || (last_link == LastLink::if_slashed && !slashed))) {
    return locate_by_kernel(path);
  }
  Tree tree;
  return walk(tree, Step{OwnedFd(), fd()}, path, last_link,
              is_everything_ ? AboveRoot::root : AboveRoot::outside);
}

Sys<BeneathDir::Place> BeneathDir::locate(const std::string& path, LastLink last_link,
                                          uint8_t wanted, NameEffect effect, bool silent) const {
  Sys<Place> place = find(path, last_link);
  if (!guard_) return place;
  if (!place) return std::unexpected(admit_missing(path, wanted, place.error(), effect, silent));
  int refused = admit(place->parent().fd, place->name, wanted, effect, silent);
  if (refused != 0) return std::unexpected(refused);
  return place;
}

// A second name must not give more than the first: both need every right.
Sys<std::pair<BeneathDir::Place, BeneathDir::Place>> BeneathDir::locate_ends(
    const std::string& from, const BeneathDir& to_dir, const std::string& to,
    const Ends& ends) const {
  Sys<Place> source = locate(from, ends.last_link, kAllOfPath, ends.from);
  bool refused = !source && (source.error() == kRefused || source.error() == kHidden);
  // Where one end was refused, the other is noted as well: both are needed.
  if (!source && !refused) return std::unexpected(source.error());
  Sys<Place> target = to_dir.locate(to, LastLink::keep, kAllOfPath, ends.to, refused);
  if (!source) return std::unexpected(source.error());
  if (!target) return std::unexpected(target.error());
  return std::pair(std::move(*source), std::move(*target));
}

Sys<BeneathDir::Place> BeneathDir::locate_by_kernel(const std::string& path) const {
  if (path.empty()) return std::unexpected(ENOENT);
  size_t end = path.find_last_not_of('/');
  if (path.front() == '/' || end == std::string::npos) return std::unexpected(kOutside);
  size_t slash = path.rfind('/', end);
  size_t begin = slash == std::string::npos ? 0 : slash + 1;
  Place place;
  place.name = path.substr(begin, end + 1 - begin);
  place.must_be_directory = end + 1 != path.size();
  if (place.name == "." || place.name == "..") {
    place.ends_in = place.name == "." ? EndsIn::dot : EndsIn::dot_dot;
    place.name.clear();
    begin = path.size();  // the whole path is the directory
  }
  if (begin == 0) {
    place.chain.push_back(Step{OwnedFd(), fd()});
    return place;
  }
  Sys<OwnedFd> parent = open_beneath(path.substr(0, begin).c_str(), O_PATH | O_DIRECTORY, 0);
  if (!parent) return std::unexpected(parent.error());
  int raw = parent->get();
  place.chain.push_back(Step{std::move(*parent), raw});
  return place;
}

Sys<OwnedFd> BeneathDir::open_by_kernel(const std::string& path, int flags, bool follow) const {
  mode_t mode = (flags & O_CREAT) != 0 ? 0666 : 0;
  return open_beneath(path.c_str(), flags | (follow ? 0 : O_NOFOLLOW), mode);
}

Sys<OwnedFd> BeneathDir::open_by_walk(const std::string& path, int flags, bool follow) const {
  bool creates = (flags & O_CREAT) != 0;
  if (creates && (flags & O_EXCL) != 0) follow = false;
  LastLink last_link = follow ? LastLink::follow : LastLink::if_slashed;
  if (creates && path.ends_with('/')) last_link = LastLink::keep;  // and then EISDIR
  for (int attempt = 0;; ++attempt) {
    Tree tree;
    Sys<Place> place = walk(tree, Step{OwnedFd(), fd()}, path, last_link,
                            is_everything_ ? AboveRoot::root : AboveRoot::outside);
    if (!place) return std::unexpected(place.error());
    int parent = place->parent().fd;
    if (place->name.empty()) {
      return open_in(parent, ".", flags);
    }
    if (place->must_be_directory) {
      if (creates) return std::unexpected(EISDIR);
      flags |= O_DIRECTORY;
    }
    Sys<OwnedFd> opened = open_in(parent, place->name.c_str(), flags | O_NOFOLLOW, 0666);
    // The walk saw no link there, so one was put in its place since: look again.
    bool raced = !opened && opened.error() == ELOOP && follow;
    if (!raced || attempt == kMaxRaces) return opened;
  }
}

// 0, or why not. `name` lies in the directory `fd`; empty: `fd` itself is meant.
int BeneathDir::admit(int fd, const std::string& name, uint8_t wanted, NameEffect effect,
                      bool silent) const {
  if (!guard_) return 0;
  Sys<std::string> path = path_of(fd);
  if (!path) return is_removed(fd) ? ENOENT : kHidden;  // it cannot be told what it is
  Sys<struct stat> status = name.empty() ? file_status(fd) : status_in(fd, name.c_str());
  PathUse use{name.empty() ? std::move(*path) : join_path(*path, name), wanted,
              status ? status->st_mode & S_IFMT : 0, effect, silent};
  return guard_->admits(use) ? 0 : refusal(use);
}

int BeneathDir::refusal(const PathUse& use) const {
  return guard_->shows(use) ? kRefused : kHidden;
}

// Of what nothing opens from here: that it is so, if the guest may know that it is there.
int BeneathDir::admit_closed(int fd, mode_t type, uint8_t wanted) const {
  Sys<std::string> path = path_of(fd);
  if (!path) return kHidden;
  PathUse use{std::move(*path), wanted, type, NameEffect::stays, true, true};
  // Block devices no grant opens: there is nothing to note.
  bool admitted = !S_ISBLK(type) && guard_->admits(use);
  return admitted || guard_->shows(use) ? kOutside : kHidden;
}

// The error of a path that leads nowhere, if the guest may know: asked about the first name on its
// way that is missing.
int BeneathDir::admit_missing(const std::string& path, uint8_t wanted, int error, NameEffect effect,
                              bool silent) const {
  if (!guard_ || error == kOutside) return error;
  std::string head = path;
  for (;;) {
    size_t end = head.find_last_not_of('/');
    if (end == std::string::npos) return kHidden;
    size_t slash = head.rfind('/', end);
    std::string name = head.substr(slash == std::string::npos ? 0 : slash + 1, end - slash);
    head = slash == std::string::npos ? "." : head.substr(0, slash + 1);
    Sys<OwnedFd> above = pin(head, true);
    Sys<std::string> place = above ? path_of(above->get()) : std::unexpected(above.error());
    if (place) {
      if (name == "..") return kHidden;
      PathUse use{join_path(*place, name), wanted, 0, effect, silent};
      return guard_->admits(use) ? error : refusal(use);
    }
    if (above && is_removed(above->get())) return error;
    if (head == ".") return kHidden;
  }
}

// The object itself, held open without any effect on it.
Sys<OwnedFd> BeneathDir::pin(const std::string& path, bool follow) const {
  if (uses_kernel_) return open_by_kernel(path, O_PATH, follow);
  for (int attempt = 0;; ++attempt) {
    Sys<OwnedFd> found = open_by_walk(path, O_PATH, follow);
    if (!found || !follow) return found;
    Sys<struct stat> status = file_status(found->get());
    // The walk saw no link there, so one was put in its place since.
    if (!status || !S_ISLNK(status->st_mode)) return found;
    if (attempt == kMaxRaces) return std::unexpected(ELOOP);
  }
}

Sys<OwnedFd> BeneathDir::open_guarded(const std::string& path, int flags, bool follow) const {
  bool creates = (flags & O_CREAT) != 0;
  bool exclusive = creates && (flags & O_EXCL) != 0;
  int mode = flags & O_ACCMODE;
  uint8_t wanted = mode == O_RDONLY ? kReadPath : mode == O_WRONLY ? 0 : kReadPath | kWritePath;
  if (mode == O_WRONLY || (flags & O_TRUNC) != 0) wanted |= kWritePath;
  if (creates && path.ends_with('/')) {
    Sys<Place> place = find(path, LastLink::keep);
    if (!place || !place->name.empty()) {
      return std::unexpected(admit_missing(path, wanted, place ? EISDIR : place.error()));
    }
  }
  for (int attempt = 0; attempt < kMaxRaces; ++attempt) {
    Sys<OwnedFd> object = pin(path, follow && !exclusive);
    if (object) {
      Sys<struct stat> status = file_status(object->get());
      if (!status) return std::unexpected(status.error());
      bool closed = S_ISBLK(status->st_mode) ||
                    (!allows_kernel_interface_ && is_kernel_interface(object->get()));
      if (closed) {
        return std::unexpected(admit_closed(object->get(), status->st_mode & S_IFMT, wanted));
      }
      uint8_t also = exclusive ? kCreatePath : 0;
      int refused = admit(object->get(), "", static_cast<uint8_t>(wanted | also));
      if (refused != 0) return std::unexpected(refused);
      if (exclusive) return std::unexpected(EEXIST);
      if (S_ISLNK(status->st_mode)) {
        return std::unexpected((flags & O_DIRECTORY) != 0 ? ENOTDIR : ELOOP);
      }
      if (creates && S_ISDIR(status->st_mode)) return std::unexpected(EISDIR);
      // Through /proc this is the object that is held, whatever its name leads to by now.
      std::string held = "/proc/self/fd/" + std::to_string(object->get());
      return open_in(AT_FDCWD, held.c_str(), flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW));
    }
    if (!creates || object.error() != ENOENT) {
      return std::unexpected(admit_missing(path, wanted, object.error()));
    }
    Sys<OwnedFd> made = create_guarded(path, flags & ~O_TRUNC, follow && !exclusive);
    // Another process made it since: then it is opened like anything that was there.
    if (made || made.error() != EEXIST || exclusive) return made;
  }
  return std::unexpected(EBUSY);
}

Sys<OwnedFd> BeneathDir::create_guarded(const std::string& path, int flags, bool follow) const {
  uint8_t wanted = kCreatePath | ((flags & O_ACCMODE) == O_RDONLY ? kReadPath : kWritePath);
  if ((flags & O_ACCMODE) == O_RDWR) wanted |= kReadPath;
  Sys<Place> place = locate(path, follow ? LastLink::follow : LastLink::keep, wanted);
  if (!place) return std::unexpected(place.error());
  if (place->name.empty() || place->must_be_directory) return std::unexpected(EISDIR);
  return open_in(place->parent().fd, place->name.c_str(), flags | O_CREAT | O_EXCL | O_NOFOLLOW,
                 0666);
}

Sys<OwnedFd> BeneathDir::open(const std::string& path, int flags, bool follow) const {
  if (path.empty()) return std::unexpected(ENOENT);
  // Truncated below, once it is known to be a file: opening alone must change nothing.
  int native = (flags & ~O_TRUNC) | O_NONBLOCK | O_NOCTTY;
  Sys<OwnedFd> opened = guard_         ? open_guarded(path, native | (flags & O_TRUNC), follow)
                        : uses_kernel_ ? open_by_kernel(path, native, follow)
                                       : open_by_walk(path, native, follow);
  if (!opened) return opened;
  Sys<struct stat> status = file_status(opened->get());
  if (!status) return std::unexpected(status.error());
  mode_t type = status->st_mode & S_IFMT;
  if (type == S_IFBLK) return std::unexpected(kOutside);
  if (!allows_kernel_interface_ && is_kernel_interface(opened->get())) {
    return std::unexpected(kOutside);
  }
  if ((flags & O_TRUNC) != 0 && type == S_IFREG && status->st_size != 0) {
    Sys<void> truncated = set_size(opened->get(), 0);
    if (!truncated) return std::unexpected(truncated.error());
  }
  if (type == S_IFIFO || type == S_IFCHR) {
    Sys<void> blocking = set_nonblocking(opened->get(), false);
    if (!blocking) return std::unexpected(blocking.error());
  }
  return opened;
}

Sys<struct stat> BeneathDir::status(const std::string& path, bool follow) const {
  if (path.empty()) return std::unexpected(ENOENT);
  if (uses_kernel_ || guard_) {
    Sys<OwnedFd> found = pin(path, follow);
    if (!found) return std::unexpected(admit_missing(path, kReadPath, found.error()));
    int refused = admit(found->get(), "", kReadPath);
    if (refused != 0) return std::unexpected(refused);
    return file_status(found->get());
  }
  for (int attempt = 0;; ++attempt) {
    Sys<Place> place = find(path, follow ? LastLink::follow : LastLink::if_slashed);
    if (!place) return std::unexpected(place.error());
    const char* name = place->name.empty() ? "." : place->name.c_str();
    Sys<struct stat> status = status_in(place->parent().fd, name);
    if (!status) return status;
    if (follow && S_ISLNK(status->st_mode) && attempt < kMaxRaces) continue;
    if (place->must_be_directory && !S_ISDIR(status->st_mode)) return std::unexpected(ENOTDIR);
    return status;
  }
}

Sys<void> BeneathDir::set_times(const std::string& path, bool follow,
                                const FileTimes& times) const {
  Sys<Place> place = locate(path, follow ? LastLink::follow : LastLink::if_slashed, kWritePath);
  if (!place) return std::unexpected(place.error());
  int parent = place->parent().fd;
  const char* name = place->name.empty() ? "." : place->name.c_str();
  if (place->must_be_directory) {
    Sys<struct stat> status = status_in(parent, name);
    if (!status) return std::unexpected(status.error());
    if (!S_ISDIR(status->st_mode)) return std::unexpected(ENOTDIR);
  }
  // A descriptor needs no name, and a process that is locked down may set its times.
  if (place->name.empty() && parent == fd()) return os::set_times(parent, times);
  if (time_setter_) return time_setter_->set_times(parent, name, times);
  TimePair pair = time_pair(times);
  return result_of(utimensat(parent, name, pair.items, AT_SYMLINK_NOFOLLOW));
}

Sys<void> BeneathDir::set_times_for(int process, int number, const std::string& name,
                                    const FileTimes& times) const {
  if (name.empty() || name == ".." || name.find('/') != std::string::npos) {
    return std::unexpected(kOutside);
  }
  std::string there = "/proc/" + std::to_string(process) + "/fd/" + std::to_string(number);
  // The very directory, whatever its name is by now.
  Sys<OwnedFd> parent = open_in(AT_FDCWD, there.c_str(), O_PATH | O_DIRECTORY);
  if (!parent) return std::unexpected(parent.error() == ENOENT ? kOutside : parent.error());
  Sys<size_t> depth = depth_of(parent->get());
  if (!depth) return std::unexpected(depth.error());
  TimePair pair = time_pair(times);
  return result_of(utimensat(parent->get(), name.c_str(), pair.items, AT_SYMLINK_NOFOLLOW));
}

Sys<void> BeneathDir::make_directory(const std::string& path) const {
  Sys<Place> place = locate(path, LastLink::keep, kCreatePath);
  if (!place) return std::unexpected(place.error());
  if (place->name.empty()) return std::unexpected(EEXIST);
  return result_of(mkdirat(place->parent().fd, place->name.c_str(), 0777));
}

Sys<void> BeneathDir::remove_directory(const std::string& path) const {
  Sys<Place> place = locate(path, LastLink::keep, kCreatePath, NameEffect::removed);
  if (!place) return std::unexpected(place.error());
  if (place->ends_in == EndsIn::dot) return std::unexpected(EINVAL);
  if (place->ends_in == EndsIn::dot_dot) return std::unexpected(ENOTEMPTY);
  return result_of(unlinkat(place->parent().fd, place->name.c_str(), AT_REMOVEDIR));
}

Sys<void> BeneathDir::unlink(const std::string& path) const {
  Sys<Place> place = locate(path, LastLink::keep, kCreatePath, NameEffect::removed);
  if (!place) return std::unexpected(place.error());
  if (place->name.empty()) return std::unexpected(EISDIR);
  int parent = place->parent().fd;
  if (place->must_be_directory) {
    Sys<struct stat> status = status_in(parent, place->name.c_str());
    if (!status) return std::unexpected(status.error());
    return std::unexpected(S_ISDIR(status->st_mode) ? EISDIR : ENOTDIR);
  }
  return result_of(unlinkat(parent, place->name.c_str(), 0));
}

Sys<void> BeneathDir::link(const std::string& from, bool follow, const BeneathDir& to_dir,
                           const std::string& to) const {
  LastLink last_link = follow ? LastLink::follow : LastLink::if_slashed;
  auto ends = locate_ends(from, to_dir, to, {last_link, NameEffect::doubled, NameEffect::added});
  if (!ends) return std::unexpected(ends.error());
  auto& [source, target] = *ends;
  if (source.name.empty()) return std::unexpected(EPERM);
  if (source.must_be_directory) {
    Sys<struct stat> status = status_in(source.parent().fd, source.name.c_str());
    if (!status) return std::unexpected(status.error());
    return std::unexpected(S_ISDIR(status->st_mode) ? EPERM : ENOTDIR);
  }
  if (target.name.empty()) return std::unexpected(EEXIST);
  if (target.must_be_directory) {
    bool exists = status_in(target.parent().fd, target.name.c_str()).has_value();
    return std::unexpected(exists ? EEXIST : ENOENT);
  }
  return result_of(
      linkat(source.parent().fd, source.name.c_str(), target.parent().fd, target.name.c_str(), 0));
}

Sys<void> BeneathDir::rename(const std::string& from, const BeneathDir& to_dir,
                             const std::string& to) const {
  auto ends =
      locate_ends(from, to_dir, to, {LastLink::keep, NameEffect::moved, NameEffect::replaced});
  if (!ends) return std::unexpected(ends.error());
  auto& [source, target] = *ends;
  if (source.name.empty() || target.name.empty()) return std::unexpected(EBUSY);
  if (source.must_be_directory || target.must_be_directory) {
    Sys<struct stat> status = status_in(source.parent().fd, source.name.c_str());
    if (!status) return std::unexpected(status.error());
    if (!S_ISDIR(status->st_mode)) return std::unexpected(ENOTDIR);
  }
  return result_of(
      renameat(source.parent().fd, source.name.c_str(), target.parent().fd, target.name.c_str()));
}

// How many directories lie between the root and `fd`, by climbing; kOutside if the climb does not
// meet the root (the directory was moved away meanwhile).
Sys<size_t> BeneathDir::depth_of(int fd) const {
  Sys<OwnedFd> at = open_in(fd, ".", kSearchFlags);
  if (!at) return std::unexpected(at.error());
  for (size_t depth = 0; depth < kMaxDepth; ++depth) {
    Sys<struct stat> status = file_status(at->get());
    if (!status) return std::unexpected(status.error());
    if (status->st_dev == root_device_ && status->st_ino == root_inode_) return depth;
    Sys<OwnedFd> above = open_in(at->get(), "..", kSearchFlags);
    if (!above) return std::unexpected(above.error());
    Sys<struct stat> above_status = file_status(above->get());
    if (!above_status) return std::unexpected(above_status.error());
    if (above_status->st_dev == status->st_dev && above_status->st_ino == status->st_ino) break;
    at = std::move(above);
  }
  return std::unexpected(kOutside);
}

Sys<void> BeneathDir::make_symlink(const std::string& target, const std::string& path) const {
  if (target.empty()) return std::unexpected(ENOENT);
  Sys<Place> place = locate(path, LastLink::keep, kCreatePath);
  if (!place) return std::unexpected(place.error());
  Sys<size_t> depth = depth_of(place->parent().fd);
  if (!depth) return std::unexpected(depth.error());
  if (target_escapes(target, *depth)) return std::unexpected(kOutside);
  if (place->name.empty()) return std::unexpected(EEXIST);
  int parent = place->parent().fd;
  if (place->must_be_directory) {
    bool exists = status_in(parent, place->name.c_str()).has_value();
    return std::unexpected(exists ? EEXIST : ENOENT);
  }
  return result_of(symlinkat(target.c_str(), parent, place->name.c_str()));
}

Sys<std::string> BeneathDir::read_link(const std::string& path) const {
  Sys<Place> place = locate(path, LastLink::if_slashed, kReadPath);
  if (!place) return std::unexpected(place.error());
  int parent = place->parent().fd;
  if (place->name.empty()) return std::unexpected(EINVAL);
  if (place->must_be_directory) {
    Sys<struct stat> status = status_in(parent, place->name.c_str());
    if (!status) return std::unexpected(status.error());
    return std::unexpected(S_ISDIR(status->st_mode) ? EINVAL : ENOTDIR);
  }
  return link_in(parent, place->name.c_str());
}

Sys<std::vector<DirectoryEntry>> BeneathDir::read_entries(uint64_t cookie,
                                                          size_t budget_bytes) const {
  // As getdents64(2) lays it out; glibc's dirent64 is the same record.
  constexpr size_t kHeader = offsetof(dirent64, d_name);
  if (cookie > INT64_MAX) return std::unexpected(EINVAL);
  if (lseek(fd(), static_cast<off_t>(cookie), SEEK_SET) < 0) return std::unexpected(errno);
  std::vector<uint8_t> buffer(std::clamp<size_t>(budget_bytes, 1024, 32 * 1024));
  ssize_t length;
  do {
    length = getdents64(fd(), buffer.data(), buffer.size());
  } while (length < 0 && errno == EINTR && !stop_requested());
  if (length < 0) return std::unexpected(errno);
  std::vector<DirectoryEntry> entries;
  for (size_t at = 0; at + kHeader < static_cast<size_t>(length);) {
    const uint8_t* record = buffer.data() + at;
    auto next = load_le<int64_t>(record + offsetof(dirent64, d_off));
    auto kind = record[offsetof(dirent64, d_type)];
    DirectoryEntry entry;
    entry.next_cookie = static_cast<uint64_t>(next);
    entry.inode = load_le<uint64_t>(record + offsetof(dirent64, d_ino));
    entry.type = DTTOIF(kind);
    entry.name = reinterpret_cast<const char*>(record + kHeader);
    if (kind == DT_UNKNOWN) {
      if (Sys<struct stat> status = status_in(fd(), entry.name.c_str())) {
        entry.type = status->st_mode & S_IFMT;
      }
    }
    entries.push_back(std::move(entry));
    at += load_le<uint16_t>(record + offsetof(dirent64, d_reclen));
  }
  return entries;
}

}  // namespace nacre::os
