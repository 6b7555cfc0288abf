// A directory that was granted, and what may be done beneath it. Nothing leads outside it.
//
// Paths are UTF-8, relative, at most kMaxPathLength bytes; `..` and links are followed as long as
// they stay inside, else the result is not_granted. A link is followed at the end of a path where
// the call says so or a slash follows it. Each call asks the grant first (read-only grants refuse
// every change: create, truncate, times, links), so implementations below only ever see what
// the grant covers; about the resolved path they ask the gate themselves. Many threads
// may use one Dir.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/grant.h"
#include "host/handle.h"
#include "os/dir.h"

namespace nacre::host {

inline constexpr size_t kMaxPathLength = 4096;

struct OpenOptions {
  bool read = false;
  bool write = false;
  bool create = false;     // a regular file, if nothing is there
  bool exclusive = false;  // with create: fail with exist if something is there
  bool truncate = false;
  bool directory = false;  // fail with notdir if it is not a directory
  bool follow = false;     // a symbolic link at the end
  bool data_sync = false;  // O_DSYNC
  bool sync = false;       // O_SYNC
};

struct DirEntry {
  uint64_t next_cookie;  // continues after this entry, even if the directory changes meanwhile
  uint64_t inode;
  FileType type;
  std::string name;
};

class Dir : public Handle {
 public:
  // A File, Dir or (for pipes and devices) Stream. Never waits.
  HostResult<HandlePtr> open(std::string_view path, const OpenOptions& options);
  HostResult<FileStat> stat_at(std::string_view path, bool follow);
  HostResult<void> set_times_at(std::string_view path, bool follow, const FileTimes& times);
  HostResult<void> create_directory(std::string_view path);
  HostResult<void> remove_directory(std::string_view path);
  HostResult<void> unlink_file(std::string_view path);
  // Links and renames between two grants are xdev.
  HostResult<void> link(std::string_view from, bool follow, Dir& to_dir, std::string_view to);
  HostResult<void> rename(std::string_view from, Dir& to_dir, std::string_view to);
  // The target must stay beneath the grant.
  HostResult<void> create_symlink(std::string_view target, std::string_view path);
  HostResult<std::string> read_link(std::string_view path);
  HostResult<void> set_times(const FileTimes& times) final;
  // Entries after `cookie` (0: from the start) with `.` and `..`, as many as fit about
  // `budget_bytes`; none at the end. Names that are not UTF-8 are left out: no path can name them.
  HostResult<std::vector<DirEntry>> read_entries(uint64_t cookie, size_t budget_bytes);

  const std::shared_ptr<const Grant>& grant() const { return grant_; }
  // The same directory for a guest that has fewer rights: `grant` replaces this one's, but this
  // one's gate still decides.
  virtual HostResult<std::shared_ptr<Dir>> narrowed(const std::shared_ptr<const Grant>&) {
    return failed(Errno::notsup);
  }
  // Whether the gate decides each act in it; if not, the grant covers everything below it.
  virtual bool is_guarded() const { return false; }
  // From now on another process sets the times of files below it, see os::TimeSetter. Does nothing
  // for directories that are not the operating system's.
  virtual void leave_times_to(const std::shared_ptr<os::TimeSetter>&) {}
  // What that process does, see os::BeneathDir::set_times_for.
  virtual HostResult<void> set_times_for(int /*process*/, int /*number*/,
                                         const std::string& /*name*/, const FileTimes&) {
    return failed(Errno::notsup);
  }

 protected:
  // `path`: as messages name this directory, the grant's name at its root.
  Dir(std::shared_ptr<const Grant> grant, std::string path)
      : Handle(HandleKind::dir, std::move(path)), grant_(std::move(grant)) {}
  std::string display(std::string_view path) const;

 private:
  virtual HostResult<HandlePtr> do_open(const std::string& path, const OpenOptions& options) = 0;
  virtual HostResult<FileStat> do_stat_at(const std::string& path, bool follow) = 0;
  virtual HostResult<void> do_set_times_at(const std::string& path, bool follow,
                                           const FileTimes& times) = 0;
  virtual HostResult<void> do_create_directory(const std::string& path) = 0;
  virtual HostResult<void> do_remove_directory(const std::string& path) = 0;
  virtual HostResult<void> do_unlink_file(const std::string& path) = 0;
  // `to_dir` has the same grant, so it is of the same class.
  virtual HostResult<void> do_link(const std::string& from, bool follow, Dir& to_dir,
                                   const std::string& to) = 0;
  virtual HostResult<void> do_rename(const std::string& from, Dir& to_dir,
                                     const std::string& to) = 0;
  virtual HostResult<void> do_create_symlink(const std::string& target,
                                             const std::string& path) = 0;
  virtual HostResult<std::string> do_read_link(const std::string& path) = 0;
  virtual HostResult<void> do_set_times(const FileTimes& times) = 0;
  virtual HostResult<std::vector<DirEntry>> do_read_entries(uint64_t cookie,
                                                            size_t budget_bytes) = 0;

  // Whether the path is valid and the grant covers such acts. If not, the refusal is recorded with
  // a text for people.
  HostResult<void> admit(Action action, std::string_view path) const;
  // Records an escape; passes the result on.
  template <class T>
  HostResult<T> settle(HostResult<T> result, Action action, std::string_view path) const;

  std::shared_ptr<const Grant> grant_;
};

// A directory of the operating system. `resolver` is for tests; automatic otherwise.
HostResult<std::shared_ptr<Dir>> open_real_dir(const std::string& host_path,
                                               std::shared_ptr<const Grant> grant,
                                               os::Resolver resolver = os::Resolver::automatic);

// The whole file system as a directory without rights of its own: the gate of `grant` decides each
// act by the host path that it leads to. The library of a guest may have no notion of a working
// directory and put `/` before relative paths. So a path whose first component is missing in `/` is
// taken relative to `working_dir`, if that has the component, or if it is to be created.
HostResult<std::shared_ptr<Dir>> open_root_dir(std::shared_ptr<const Grant> grant,
                                               const std::string& working_dir,
                                               os::Resolver resolver = os::Resolver::automatic);

}  // namespace nacre::host
