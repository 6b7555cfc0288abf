// A directory of the host and everything that may be done beneath it, never outside it.
//
// Every path is relative to the directory. The kernel resolves it (openat2 with
// RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS), or os/dir_walk.h if the kernel lacks that call or a
// seccomp filter forbids it; both hold against `..`, absolute paths, symbolic links, trailing slashes
// and renames by others while they run. Calls that create, remove or rename resolve the parent that
// way and then name one component in it, and never hand the kernel a trailing slash.
// Errors are errno values, kOutside, kRefused or kHidden. Paths must hold no NUL. Any thread may
// call.
//
// With a PathGuard, every call first finds out which object of the host it is about, holds that
// object (or the directory that a new name will be in) open, asks the guard about its path, and
// then works on what it holds: so it uses exactly what the guard was asked about, whatever is
// renamed meanwhile. Whether something exists is told only if the guard allows that.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "os/dir_walk.h"
#include "os/file.h"

namespace nacre::os {

enum class Resolver : uint8_t { automatic, kernel, walk };

struct DirectoryEntry {
  uint64_t next_cookie;  // continues behind this entry
  uint64_t inode;
  mode_t type;  // S_IFREG and so on; 0: unknown
  std::string name;
};

// In place of an errno: the guard refused, and ...
inline constexpr int kRefused = 5001;  // ... what is there may be known
inline constexpr int kHidden = 5010;   // ... whether anything is there may not

// Rights that a call needs for a path; bits.
inline constexpr uint8_t kReadPath = 1;    // contents, attributes, the names in a directory
inline constexpr uint8_t kWritePath = 2;   // contents and times of what is there
inline constexpr uint8_t kCreatePath = 4;  // the name itself: make it, remove it, move it, link it

// What a call does to a name.
enum class NameEffect : uint8_t {
  stays,
  removed,
  moved,     // the object with this name moves elsewhere, with all below it
  replaced,  // an object is moved to this name, with all below it
  doubled,   // the object with this name gets a second name
  added,     // ... this name is the second
};
// Whether the effect needs an object of that name, and makes none.
constexpr bool needs_what_is_there(NameEffect effect) {
  return effect == NameEffect::removed || effect == NameEffect::moved ||
         effect == NameEffect::doubled;
}

struct PathUse {
  std::string path;  // of the host: absolute, without links and dots
  uint8_t wanted;    // kReadPath | ...
  mode_t type;       // S_IFREG and so on of what is there; 0: nothing
  NameEffect effect = NameEffect::stays;
  // No question is asked: if no rule admits it, that is only noted.
  bool silent = false;
  bool closed = false;  // silent; it cannot be opened from here, see BeneathDir::open
};

class PathGuard {
 public:
  virtual ~PathGuard() = default;
  // Any thread may call; may take as long as a person takes to answer.
  virtual bool admits(const PathUse& use) = 0;
  // For a use that was not admitted: whether the guest may know if something is at its path. Asks
  // no question.
  virtual bool shows(const PathUse& use) = 0;
};

// Sets times in place of this process where it may not do so by name (os/lockdown.h): Landlock has
// no right for it, and not every file can be opened to set them.
class TimeSetter {
 public:
  virtual ~TimeSetter() = default;
  // Sets times of `name`, one component or ".", in the directory that is open as `fd` here; a link
  // is not followed. Any thread may call.
  virtual Sys<void> set_times(int fd, const std::string& name, const FileTimes& times) = 0;
};

class BeneathDir {
 public:
  // Opens a directory by a path of the host: the only function whose path is not relative to a
  // directory.
  // Resolver::kernel fails with ENOSYS where there is no openat2; automatic falls back.
  static Sys<BeneathDir> open_root(const std::string& host_path, Resolver resolver);
  // The root of the whole file system: links to absolute paths lead where they say, and `..` at the
  // root stays there.
  static Sys<BeneathDir> open_everything(Resolver resolver);
  // Used from now on, also by directories that are opened below.
  void set_guard(std::shared_ptr<PathGuard> guard) { guard_ = std::move(guard); }
  bool is_guarded() const { return guard_ != nullptr; }
  // Likewise.
  void set_time_setter(std::shared_ptr<TimeSetter> setter) { time_setter_ = std::move(setter); }

  // Opens a file or directory. `flags` are open(2)'s access mode and O_CREAT, O_EXCL, O_TRUNC,
  // O_DIRECTORY, O_SYNC and the like. Never blocks: a FIFO without its other end fails with ENXIO
  // or opens at once. Block devices are kOutside, and so are files of procfs and the like unless
  // the root is in one of them. With O_TRUNC the descriptor is writable.
  Sys<OwnedFd> open(const std::string& path, int flags, bool follow) const;
  // Makes a directory of a descriptor from open(), with the settings of this one.
  BeneathDir child(OwnedFd fd) const;

  Sys<struct stat> status(const std::string& path, bool follow) const;
  Sys<void> set_times(const std::string& path, bool follow, const FileTimes& times) const;
  // Serves a TimeSetter of another process, which has the directory open as `number`. That must lie
  // beneath this one, else kOutside, as where there is no /proc. Does not ask the guard.
  Sys<void> set_times_for(int process, int number, const std::string& name,
                          const FileTimes& times) const;
  Sys<void> make_directory(const std::string& path) const;
  Sys<void> remove_directory(const std::string& path) const;
  Sys<void> unlink(const std::string& path) const;
  Sys<void> link(const std::string& from, bool follow, const BeneathDir& to_dir,
                 const std::string& to) const;
  Sys<void> rename(const std::string& from, const BeneathDir& to_dir, const std::string& to) const;
  // A target that is absolute or climbs above the root is kOutside (resolution would refuse it
  // anyway; this keeps it from misleading other programs).
  Sys<void> make_symlink(const std::string& target, const std::string& path) const;
  Sys<std::string> read_link(const std::string& path) const;
  // Entries after `cookie` (0: from the start), `.` and `..` among them, as one kernel call gives
  // them for about `budget_bytes`; none at the end.
  Sys<std::vector<DirectoryEntry>> read_entries(uint64_t cookie, size_t budget_bytes) const;

  int fd() const { return fd_.get(); }
  bool uses_kernel() const { return uses_kernel_; }
  bool is_root() const;

 private:
  struct Step;  // a directory on the way: owned, or the root's borrowed descriptor
  struct Tree;
  using Place = Located<Step>;

  Sys<OwnedFd> open_beneath(const char* path, int flags, mode_t mode) const;
  // Resolves a path and asks the guard about it.
  Sys<Place> locate(const std::string& path, LastLink last_link, uint8_t wanted,
                    NameEffect effect = NameEffect::stays, bool silent = false) const;
  // Both ends of a link or a rename.
  struct Ends {
    LastLink last_link;  // of the first
    NameEffect from;
    NameEffect to;
  };
  Sys<std::pair<Place, Place>> locate_ends(const std::string& from, const BeneathDir& to_dir,
                                           const std::string& to, const Ends& ends) const;
  Sys<Place> find(const std::string& path, LastLink last_link) const;
  int admit(int fd, const std::string& name, uint8_t wanted, NameEffect effect = NameEffect::stays,
            bool silent = false) const;
  int admit_closed(int fd, mode_t type, uint8_t wanted) const;
  int admit_missing(const std::string& path, uint8_t wanted, int error,
                    NameEffect effect = NameEffect::stays, bool silent = false) const;
  int refusal(const PathUse& use) const;
  Sys<OwnedFd> pin(const std::string& path, bool follow) const;
  Sys<OwnedFd> open_guarded(const std::string& path, int flags, bool follow) const;
  Sys<OwnedFd> create_guarded(const std::string& path, int flags, bool follow) const;
  Sys<Place> locate_by_kernel(const std::string& path) const;
  Sys<OwnedFd> open_by_kernel(const std::string& path, int flags, bool follow) const;
  Sys<OwnedFd> open_by_walk(const std::string& path, int flags, bool follow) const;
  Sys<size_t> depth_of(int fd) const;

  OwnedFd fd_;
  bool uses_kernel_ = false;
  bool allows_kernel_interface_ = false;
  bool is_everything_ = false;
  std::shared_ptr<PathGuard> guard_;
  std::shared_ptr<TimeSetter> time_setter_;
  dev_t root_device_ = 0;
  ino_t root_inode_ = 0;
};

}  // namespace nacre::os
