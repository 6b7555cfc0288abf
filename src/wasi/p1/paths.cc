// Preview1: the path_ functions.
#include <algorithm>
#include <utility>

#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

// Whether to follow; inval for flags that do not exist.
P1Result<bool> follows(uint32_t lookup_flags) {
  if ((lookup_flags & ~kSymlinkFollow) != 0) return std::unexpected(Errno::inval);
  return (lookup_flags & kSymlinkFollow) != 0;
}

Operation open_operation(uint32_t open_flags) {
  bool creates = (open_flags & oflags::creat) != 0;
  bool truncates = (open_flags & oflags::trunc) != 0;
  if (creates && truncates) return Operation::path_open_create_truncate;
  if (creates) return Operation::path_open_create;
  if (truncates) return Operation::path_open_truncate;
  return Operation::path_open;
}

// Rights of the directory's inheriting set that descriptor flags ask for.
Rights needed_by_flags(uint32_t flags) {
  Rights needed = 0;
  if ((flags & fdflags::dsync) != 0) needed |= rights::fd_datasync;
  if ((flags & (fdflags::rsync | fdflags::sync)) != 0) needed |= rights::fd_sync;
  return needed;
}

host::OpenOptions open_options(bool follow, uint32_t open_flags, Rights base, uint32_t flags) {
  constexpr Rights kChangesSize = rights::fd_allocate | rights::fd_filestat_set_size;
  host::OpenOptions options;
  options.read = (base & (rights::fd_read | rights::fd_readdir)) != 0;
  // Rights to change the size alone ask for writing too; beside reading, programs that only want to
  // read ask for them by habit.
  options.write = (base & rights::fd_write) != 0 || (!options.read && (base & kChangesSize) != 0);
  options.create = (open_flags & oflags::creat) != 0;
  options.exclusive = (open_flags & oflags::excl) != 0;
  options.truncate = (open_flags & oflags::trunc) != 0;
  options.directory = (open_flags & oflags::directory) != 0;
  options.follow = follow;
  options.data_sync = (flags & fdflags::dsync) != 0;
  options.sync = (flags & (fdflags::rsync | fdflags::sync)) != 0;
  return options;
}

// What was opened, with those of the wanted rights that apply to its type.
P1Result<Descriptor> opened_descriptor(host::HandlePtr handle, Rights base, Rights inheriting,
                                       uint32_t flags) {
  Descriptor descriptor;
  descriptor.flags = flags;
  switch (handle->kind()) {
    case host::HandleKind::dir:
      descriptor.type = host::FileType::directory;
      descriptor.base = base & rights::of_directory;
      descriptor.inheriting = inheriting;
      descriptor.flags = 0;
      break;
    case host::HandleKind::file: {
      constexpr Rights kWriting =
          rights::fd_write | rights::fd_allocate | rights::fd_filestat_set_size;
      descriptor.type = host::FileType::regular_file;
      descriptor.base = base & rights::of_file;
      if (!static_cast<host::File&>(*handle).writable()) descriptor.base &= ~kWriting;
      break;
    }
    case host::HandleKind::stream: {
      auto& stream = static_cast<host::Stream&>(*handle);
      descriptor.type = P1_TRY(stream.stat()).type;
      descriptor.base = base & (stream.seekable() ? rights::of_file : rights::of_stream);
      if (stream.is_terminal()) descriptor.base &= ~(rights::fd_seek | rights::fd_tell);
      break;
    }
    case host::HandleKind::socket:
      descriptor.type = P1_TRY(handle->stat()).type;
      descriptor.base = base & rights::of_socket;
      break;
  }
  descriptor.handle = std::move(handle);
  return descriptor;
}

}  // namespace

P1Result<host::Dir*> Preview1::dir(Fd fd, Operation operation) {
  return &P1_TRY(table_.get(fd, operation))->dir();
}

Errno Preview1::path_create_directory(GuestMemory& memory, Fd fd, Ptr path, Size path_len) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_create_directory));
  std::string name = P1_TRY(read_path(memory, path, path_len));
  P1_TRY(at->create_directory(name));
  return Errno::success;
}

Errno Preview1::filestat_get_at(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path, Size path_len,
                                Ptr stat_out, bool unstable) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_filestat_get));
  bool follow = P1_TRY(follows(flags));
  std::string name = P1_TRY(read_path(memory, path, path_len));
  host::FileStat stat = P1_TRY(at->stat_at(name, follow));
  P1_FAULT_UNLESS(write_filestat(memory, stat_out, stat, unstable));
  return Errno::success;
}

Errno Preview1::path_filestat_get(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path,
                                  Size path_len, Ptr stat_out) {
  return filestat_get_at(memory, fd, flags, path, path_len, stat_out, false);
}

Errno Preview1::unstable_path_filestat_get(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path,
                                           Size path_len, Ptr stat_out) {
  return filestat_get_at(memory, fd, flags, path, path_len, stat_out, true);
}

Errno Preview1::path_filestat_set_times(GuestMemory& memory, Fd fd, uint32_t flags, Ptr path,
                                        Size path_len, Timestamp atim, Timestamp mtim,
                                        uint32_t fst_flags) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_filestat_set_times));
  bool follow = P1_TRY(follows(flags));
  std::string name = P1_TRY(read_path(memory, path, path_len));
  host::FileTimes times = P1_TRY(to_times(atim, mtim, fst_flags));
  P1_TRY(at->set_times_at(name, follow, times));
  return Errno::success;
}

Errno Preview1::path_link(GuestMemory& memory, Fd old_fd, uint32_t old_flags, Ptr old_path,
                          Size old_path_len, Fd new_fd, Ptr new_path, Size new_path_len) {
  host::Dir* from = P1_TRY(dir(old_fd, Operation::path_link_source));
  host::Dir* to = P1_TRY(dir(new_fd, Operation::path_link_target));
  bool follow = P1_TRY(follows(old_flags));
  std::string old_name = P1_TRY(read_path(memory, old_path, old_path_len));
  std::string new_name = P1_TRY(read_path(memory, new_path, new_path_len));
  P1_TRY(from->link(old_name, follow, *to, new_name));
  return Errno::success;
}

Errno Preview1::path_open(GuestMemory& memory, Fd fd, uint32_t dirflags, Ptr path, Size path_len,
                          uint32_t open_flags, Rights base, Rights inheriting, uint32_t flags,
                          Ptr fd_out) {
  if ((open_flags & ~oflags::all) != 0 || (flags & ~fdflags::all) != 0) return Errno::inval;
  bool follow = P1_TRY(follows(dirflags));
  Descriptor* parent = P1_TRY(table_.get(fd, open_operation(open_flags)));
  // Rights that do not exist are rights that do not apply: programs ask for all 64.
  base &= rights::all;
  inheriting &= rights::all;
  Rights wanted = base | inheriting | needed_by_flags(flags);
  if ((wanted & ~parent->inheriting) != 0) return Errno::notcapable;
  std::string name = P1_TRY(read_path(memory, path, path_len));
  P1_FAULT_UNLESS(memory.contains(fd_out, 4));
  if (!table_.has_room()) return no_descriptor();
  host::HandlePtr handle =
      P1_TRY(parent->dir().open(name, open_options(follow, open_flags, base, flags)));
  Descriptor opened = P1_TRY(opened_descriptor(std::move(handle), base, inheriting, flags));
  Fd number = P1_TRY(table_.insert(std::move(opened)));
  P1_FAULT_UNLESS(memory.write<uint32_t>(fd_out, number));
  return Errno::success;
}

Errno Preview1::path_readlink(GuestMemory& memory, Fd fd, Ptr path, Size path_len, Ptr buf,
                              Size buf_len, Ptr bufused_out) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_readlink));
  std::string name = P1_TRY(read_path(memory, path, path_len));
  P1_FAULT_UNLESS(memory.contains(buf, buf_len));
  std::string target = P1_TRY(at->read_link(name));
  if (target.size() > buf_len) target.resize(buf_len);
  P1_FAULT_UNLESS(memory.copy_out(buf, as_bytes(target)));
  P1_FAULT_UNLESS(memory.write<uint32_t>(bufused_out, static_cast<uint32_t>(target.size())));
  return Errno::success;
}

Errno Preview1::path_remove_directory(GuestMemory& memory, Fd fd, Ptr path, Size path_len) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_remove_directory));
  std::string name = P1_TRY(read_path(memory, path, path_len));
  P1_TRY(at->remove_directory(name));
  return Errno::success;
}

Errno Preview1::path_rename(GuestMemory& memory, Fd fd, Ptr old_path, Size old_path_len, Fd new_fd,
                            Ptr new_path, Size new_path_len) {
  host::Dir* from = P1_TRY(dir(fd, Operation::path_rename_source));
  host::Dir* to = P1_TRY(dir(new_fd, Operation::path_rename_target));
  std::string old_name = P1_TRY(read_path(memory, old_path, old_path_len));
  std::string new_name = P1_TRY(read_path(memory, new_path, new_path_len));
  P1_TRY(from->rename(old_name, *to, new_name));
  return Errno::success;
}

Errno Preview1::path_symlink(GuestMemory& memory, Ptr old_path, Size old_path_len, Fd fd,
                             Ptr new_path, Size new_path_len) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_symlink));
  std::string target = P1_TRY(read_path(memory, old_path, old_path_len));
  std::string name = P1_TRY(read_path(memory, new_path, new_path_len));
  P1_TRY(at->create_symlink(target, name));
  return Errno::success;
}

Errno Preview1::path_unlink_file(GuestMemory& memory, Fd fd, Ptr path, Size path_len) {
  host::Dir* at = P1_TRY(dir(fd, Operation::path_unlink_file));
  std::string name = P1_TRY(read_path(memory, path, path_len));
  P1_TRY(at->unlink_file(name));
  return Errno::success;
}

}  // namespace nacre::wasi::p1
