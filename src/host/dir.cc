#include "host/dir.h"

#include "base/utf8.h"

namespace nacre::host {
namespace {

HostResult<void> check_text(std::string_view text) {
  if (text.size() > kMaxPathLength) return failed(Errno::nametoolong);
  if (text.find('\0') != std::string_view::npos) return failed(Errno::inval);
  if (!is_utf8(text)) return failed(Errno::ilseq);
  if (text.empty()) return failed(Errno::noent);
  return {};
}

}  // namespace

std::string Dir::display(std::string_view path) const {
  if (path.empty() || path == "." || path.starts_with('/')) {
    return path.starts_with('/') ? std::string(path) : std::string(display_name());
  }
  std::string result(display_name());
  if (!result.ends_with('/')) result += '/';
  result += path;
  if (result.size() > 2 * kMaxPathLength) result.resize(2 * kMaxPathLength);
  return result;
}

HostResult<void> Dir::admit(Action action, std::string_view path) const {
  HOST_TRY(check_text(path));
  if (grant_->covers(action)) return {};
  return grant_->refuse(action, display(path));
}

template <class T>
HostResult<T> Dir::settle(HostResult<T> result, Action action, std::string_view path) const {
  if (!result && result.error() == Errno::not_granted) {
    grant_->record_escape(action, display(path));
  }
  return result;
}

HostResult<HandlePtr> Dir::open(std::string_view path, const OpenOptions& options) {
  OpenOptions allowed = options;
  bool changes = options.write || options.truncate;
  bool is_fixed = (grant_->rights() & (Rights::write | Rights::create)) == Rights::none;
  Action first = !changes                     ? Action::read
                 : options.create && is_fixed ? Action::create
                                              : Action::write;
  HOST_TRY(admit(first, path));
  if (options.create && options.directory) return failed(Errno::inval);
  bool may_create = includes(grant_->rights(), Rights::create);
  if (options.create && options.exclusive) HOST_TRY(admit(Action::create, path));
  // As on a read-only file system, O_CREAT is harmless if the file is there.
  if (!may_create) allowed.create = false;
  Action action = options.create ? Action::create : changes ? Action::write : Action::read;
  auto result = settle(do_open(std::string(path), allowed), action, path);
  if (!result && result.error() == Errno::noent && options.create && !allowed.create) {
    HOST_TRY(admit(Action::create, path));
  }
  return result;
}

HostResult<FileStat> Dir::stat_at(std::string_view path, bool follow) {
  HOST_TRY(admit(Action::look, path));
  return settle(do_stat_at(std::string(path), follow), Action::look, path);
}

HostResult<void> Dir::set_times_at(std::string_view path, bool follow, const FileTimes& times) {
  HOST_TRY(admit(Action::set_times, path));
  return settle(do_set_times_at(std::string(path), follow, times), Action::set_times, path);
}

HostResult<void> Dir::create_directory(std::string_view path) {
  HOST_TRY(admit(Action::create, path));
  return settle(do_create_directory(std::string(path)), Action::create, path);
}

HostResult<void> Dir::remove_directory(std::string_view path) {
  HOST_TRY(admit(Action::remove, path));
  return settle(do_remove_directory(std::string(path)), Action::remove, path);
}

HostResult<void> Dir::unlink_file(std::string_view path) {
  HOST_TRY(admit(Action::remove, path));
  return settle(do_unlink_file(std::string(path)), Action::remove, path);
}

HostResult<void> Dir::link(std::string_view from, bool follow, Dir& to_dir, std::string_view to) {
  HOST_TRY(admit(Action::link, from));
  HOST_TRY(to_dir.admit(Action::link, to));
  if (grant_ != to_dir.grant_) return failed(Errno::xdev);
  return settle(do_link(std::string(from), follow, to_dir, std::string(to)), Action::link, from);
}

HostResult<void> Dir::rename(std::string_view from, Dir& to_dir, std::string_view to) {
  HOST_TRY(admit(Action::rename, from));
  HOST_TRY(to_dir.admit(Action::rename, to));
  if (grant_ != to_dir.grant_) return failed(Errno::xdev);
  return settle(do_rename(std::string(from), to_dir, std::string(to)), Action::rename, from);
}

HostResult<void> Dir::create_symlink(std::string_view target, std::string_view path) {
  HOST_TRY(check_text(target));
  HOST_TRY(admit(Action::create, path));
  return settle(do_create_symlink(std::string(target), std::string(path)), Action::create, path);
}

HostResult<std::string> Dir::read_link(std::string_view path) {
  HOST_TRY(admit(Action::look, path));
  return settle(do_read_link(std::string(path)), Action::look, path);
}

HostResult<void> Dir::set_times(const FileTimes& times) {
  HOST_TRY(admit(Action::set_times, "."));
  return do_set_times(times);
}

HostResult<std::vector<DirEntry>> Dir::read_entries(uint64_t cookie, size_t budget_bytes) {
  HOST_TRY(admit(Action::list, "."));
  return do_read_entries(cookie, budget_bytes);
}

}  // namespace nacre::host
