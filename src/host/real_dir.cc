// Dir over os::BeneathDir.
#include <fcntl.h>

#include <utility>

#include "base/utf8.h"
#include "host/dir.h"
#include "host/file.h"
#include "host/stream.h"
#include "os/dir.h"
#include "os/host_path.h"

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

Rights rights_of(uint8_t wanted) {
  Rights rights = Rights::none;
  if ((wanted & os::kReadPath) != 0) rights = rights | Rights::read;
  if ((wanted & os::kWritePath) != 0) rights = rights | Rights::write;
  if ((wanted & os::kCreatePath) != 0) rights = rights | Rights::create;
  return rights;
}

// Passes on to the gate which host path a call is about.
class GateGuard final : public os::PathGuard {
 public:
  GateGuard(std::shared_ptr<Gate> gate, bool granted) : gate_(std::move(gate)), granted_(granted) {}
  bool admits(const os::PathUse& use) override {
    return gate_->may(request_for(use)) == Decision::allow;
  }
  bool shows(const os::PathUse& use) override { return gate_->may_look(request_for(use)); }

 private:
  Request request_for(const os::PathUse& use) const {
    using os::NameEffect;
    bool is_directory = S_ISDIR(use.type);
    bool changes_place = use.effect == NameEffect::moved || use.effect == NameEffect::replaced;
    bool second_name = use.effect == NameEffect::doubled || use.effect == NameEffect::added;
    return {.kind = is_directory ? Kind::dir : Kind::file,
            .object = use.path,
            .rights = rights_of(use.wanted),
            .granted = granted_,
            .missing = use.type == 0,
            .is_directory = is_directory,
            .is_link = S_ISLNK(use.type),
            .subtree = changes_place || second_name,
            .removes = changes_place || use.effect == NameEffect::removed,
            .takes = os::needs_what_is_there(use.effect),
            .silent = use.silent,
            .closed = use.closed};
  }

  std::shared_ptr<Gate> gate_;
  bool granted_;
};

// What a guest has open is not a secret to it, whatever it may not do with it.
template <class T>
HostResult<T> of_what_is_held(HostResult<T> result) {
  if (!result && result.error() == Errno::hidden) return failed(Errno::no_capability);
  return result;
}

class RealDir final : public Dir {
 public:
  RealDir(os::BeneathDir dir, std::shared_ptr<const Grant> grant, std::string path,
          std::string working_dir = "")
      : Dir(std::move(grant), std::move(path)),
        dir_(std::move(dir)),
        working_dir_(std::move(working_dir)) {}

  HostResult<FileStat> stat() override {
    return to_file_stat(HOST_TRY(from_sys(os::file_status(dir_.fd()))));
  }
  HostResult<void> sync(bool data_only) override {
    return from_sys(os::sync_file(dir_.fd(), data_only));
  }
  int native_fd() const override { return dir_.fd(); }
  bool is_guarded() const override { return dir_.is_guarded(); }
  void leave_times_to(const std::shared_ptr<os::TimeSetter>& setter) override {
    dir_.set_time_setter(setter);
  }
  HostResult<void> set_times_for(int process, int number, const std::string& name,
                                 const FileTimes& times) override {
    return from_sys(dir_.set_times_for(process, number, name, times));
  }
  HostResult<std::shared_ptr<Dir>> narrowed(const std::shared_ptr<const Grant>& grant) override {
    os::OwnedFd fd = HOST_TRY(from_sys(os::duplicate(dir_.fd())));
    return std::make_shared<RealDir>(dir_.child(std::move(fd)), grant, grant->name());
  }

 private:
  HostResult<HandlePtr> do_open(const std::string& path, const OpenOptions& options) override {
    std::string place = placed(path, options.create);
    os::OwnedFd fd = HOST_TRY(from_sys(dir_.open(place, native_flags(options), options.follow)));
    struct stat status = HOST_TRY(from_sys(os::file_status(fd.get())));
    switch (to_file_type(status.st_mode)) {
      case FileType::directory:
        return std::make_shared<RealDir>(dir_.child(std::move(fd)), grant(), display(path));
      case FileType::regular_file:
        return make_real_file(std::move(fd), options.read || !options.write, options.write,
                              grant_of_opened(grant(), options.write), display(path));
      default:
        return make_real_stream(std::move(fd));
    }
  }
  HostResult<FileStat> do_stat_at(const std::string& path, bool follow) override {
    return to_file_stat(HOST_TRY(from_sys(dir_.status(placed(path), follow))));
  }
  HostResult<void> do_set_times_at(const std::string& path, bool follow,
                                   const FileTimes& times) override {
    return from_sys(dir_.set_times(placed(path), follow, times));
  }
  HostResult<void> do_create_directory(const std::string& path) override {
    return from_sys(dir_.make_directory(placed(path, true)));
  }
  HostResult<void> do_remove_directory(const std::string& path) override {
    return from_sys(dir_.remove_directory(placed(path)));
  }
  HostResult<void> do_unlink_file(const std::string& path) override {
    return from_sys(dir_.unlink(placed(path)));
  }
  HostResult<void> do_link(const std::string& from, bool follow, Dir& to_dir,
                           const std::string& to) override {
    auto& target = static_cast<RealDir&>(to_dir);
    return from_sys(dir_.link(placed(from), follow, target.dir_, target.placed(to, true)));
  }
  HostResult<void> do_rename(const std::string& from, Dir& to_dir, const std::string& to) override {
    auto& target = static_cast<RealDir&>(to_dir);
    return from_sys(dir_.rename(placed(from), target.dir_, target.placed(to, true)));
  }
  HostResult<void> do_create_symlink(const std::string& target, const std::string& path) override {
    return from_sys(dir_.make_symlink(target, placed(path, true)));
  }
  HostResult<std::string> do_read_link(const std::string& path) override {
    return from_sys(dir_.read_link(placed(path)));
  }
  HostResult<void> do_set_times(const FileTimes& times) override {
    // By name, so that a guard is asked.
    return of_what_is_held(from_sys(dir_.set_times(".", false, times)));
  }

  HostResult<std::vector<DirEntry>> do_read_entries(uint64_t cookie, size_t budget_bytes) override {
    // Opening a directory was decided; the one that is there from the start was never opened.
    if (!working_dir_.empty()) {
      HOST_TRY(of_what_is_held(from_sys(dir_.open(".", O_RDONLY, false))));
    }
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

  // What lies above the grant is not told.
  uint64_t own_inode() {
    auto status = os::file_status(dir_.fd());
    return status ? status->st_ino : 0;
  }

  // Where a path of the guest leads to from dir_, see open_root_dir.
  std::string placed(const std::string& path, bool makes = false) const {
    if (working_dir_.empty() || path.starts_with('/')) return path;
    std::string first = path.substr(0, path.find('/'));
    if (first == "." || first == "..") return path;
    if (os::exists(join_path("/", first))) return path;
    if (!makes && !os::exists(join_path(working_dir_, first))) return path;
    return join_path(working_dir_, path).substr(1);
  }

  os::BeneathDir dir_;
  std::string working_dir_;  // of the root that open_root_dir made; empty otherwise
};

void set_guard(os::BeneathDir& dir, const Grant& grant) {
  const std::shared_ptr<Gate>& gate = grant.gate();
  auto watched = [&] {
    auto path = os::path_of(dir.fd());
    // What cannot be named is watched: each act in it will be refused.
    return !path || gate->watches(*path);
  };
  if (grant.is_open() || watched()) {
    dir.set_guard(std::make_shared<GateGuard>(gate, !grant.is_open()));
  }
}

}  // namespace

HostResult<std::shared_ptr<Dir>> open_real_dir(const std::string& host_path,
                                               std::shared_ptr<const Grant> grant,
                                               os::Resolver resolver) {
  os::BeneathDir dir = HOST_TRY(from_sys(os::BeneathDir::open_root(host_path, resolver)));
  set_guard(dir, *grant);
  std::string name = grant->name();
  return std::make_shared<RealDir>(std::move(dir), std::move(grant), std::move(name));
}

HostResult<std::shared_ptr<Dir>> open_root_dir(std::shared_ptr<const Grant> grant,
                                               const std::string& working_dir,
                                               os::Resolver resolver) {
  os::BeneathDir dir = HOST_TRY(from_sys(os::BeneathDir::open_everything(resolver)));
  set_guard(dir, *grant);
  std::string name = grant->name();
  return std::make_shared<RealDir>(std::move(dir), std::move(grant), std::move(name), working_dir);
}

}  // namespace nacre::host
