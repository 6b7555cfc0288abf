// Dir over os::BeneathDir.
#include <fcntl.h>

#include <utility>

#include "base/utf8.h"
#include "host/dir.h"
#include "host/file.h"
#include "host/stream.h"
#include "os/dir.h"

namespace nacre::host {
namespace {

int native_flags(const OpenOptions& options) {
  bool writes = options.write || options.truncate;
  int flags = writes ? (options.read ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.directory) flags |= O_DIRECTORY;
  if (options.data_sync) flags |= O_DSYNC;
  if (options.sync) flags |= O_SYNC;
  // O_EXCL without O_CREAT is undefined; nothing is created, so nothing can be in the way.
  if (!options.create) flags &= ~O_EXCL;
  return flags;
}

class RealDir final : public Dir {
 public:
  RealDir(os::BeneathDir dir, std::shared_ptr<const Grant> grant, std::string path)
      : Dir(std::move(grant), std::move(path)), dir_(std::move(dir)) {}

  HostResult<FileStat> stat() override {
    return to_file_stat(HOST_TRY(from_sys(os::file_status(dir_.fd()))));
  }
  HostResult<void> sync(bool data_only) override {
    return from_sys(os::sync_file(dir_.fd(), data_only));
  }

 private:
  HostResult<HandlePtr> do_open(const std::string& path, const OpenOptions& options) override {
    os::OwnedFd fd = HOST_TRY(from_sys(dir_.open(path, native_flags(options), options.follow)));
    struct stat status = HOST_TRY(from_sys(os::file_status(fd.get())));
    switch (to_file_type(status.st_mode)) {
      case FileType::directory:
        return std::make_shared<RealDir>(dir_.child(std::move(fd)), grant(), display(path));
      case FileType::regular_file:
        return make_real_file(std::move(fd), options.read || !options.write, options.write, grant(),
                              display(path));
      default:
        return make_real_stream(std::move(fd));
    }
  }
  HostResult<FileStat> do_stat_at(const std::string& path, bool follow) override {
    return to_file_stat(HOST_TRY(from_sys(dir_.status(path, follow))));
  }
  HostResult<void> do_set_times_at(const std::string& path, bool follow,
                                   const FileTimes& times) override {
    return from_sys(dir_.set_times(path, follow, times));
  }
  HostResult<void> do_create_directory(const std::string& path) override {
    return from_sys(dir_.make_directory(path));
  }
  HostResult<void> do_remove_directory(const std::string& path) override {
    return from_sys(dir_.remove_directory(path));
  }
  HostResult<void> do_unlink_file(const std::string& path) override {
    return from_sys(dir_.unlink(path));
  }
  HostResult<void> do_link(const std::string& from, bool follow, Dir& to_dir,
                           const std::string& to) override {
    return from_sys(dir_.link(from, follow, static_cast<RealDir&>(to_dir).dir_, to));
  }
  HostResult<void> do_rename(const std::string& from, Dir& to_dir, const std::string& to) override {
    return from_sys(dir_.rename(from, static_cast<RealDir&>(to_dir).dir_, to));
  }
  HostResult<void> do_create_symlink(const std::string& target, const std::string& path) override {
    return from_sys(dir_.make_symlink(target, path));
  }
  HostResult<std::string> do_read_link(const std::string& path) override {
    return from_sys(dir_.read_link(path));
  }
  HostResult<void> do_set_times(const FileTimes& times) override {
    return from_sys(os::set_times(dir_.fd(), times));
  }

  HostResult<std::vector<DirEntry>> do_read_entries(uint64_t cookie, size_t budget_bytes) override {
    std::vector<DirEntry> result;
    for (;;) {
      auto batch = HOST_TRY(from_sys(dir_.read_entries(cookie, budget_bytes)));
      for (os::DirectoryEntry& entry : batch) {
        cookie = entry.next_cookie;
        if (!is_utf8(entry.name)) continue;
        if (entry.name == ".." && dir_.is_root()) entry.inode = own_inode();
        result.push_back(DirEntry{entry.next_cookie, entry.inode, to_file_type(entry.type),
                                  std::move(entry.name)});
      }
      if (!result.empty() || batch.empty()) return result;
    }
  }

  // What lies above the grant is nobody's business.
  uint64_t own_inode() {
    auto status = os::file_status(dir_.fd());
    return status ? status->st_ino : 0;
  }

  os::BeneathDir dir_;
};

}  // namespace

HostResult<std::shared_ptr<Dir>> open_real_dir(const std::string& host_path,
                                               std::shared_ptr<const Grant> grant,
                                               os::Resolver resolver) {
  os::BeneathDir dir = HOST_TRY(from_sys(os::BeneathDir::open_root(host_path, resolver)));
  std::string name = grant->name();
  return std::make_shared<RealDir>(std::move(dir), std::move(grant), std::move(name));
}

}  // namespace nacre::host
