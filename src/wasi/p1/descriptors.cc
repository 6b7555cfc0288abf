// Preview1: the fd_ functions.
#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "base/checked.h"
#include "os/poll.h"
#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

constexpr size_t kDirentHeader = 24;
// What a pipe takes without waiting once it is ready at all (POSIX's PIPE_BUF).
constexpr size_t kAtomicPipeBytes = 4096;

std::array<uint8_t, kDirentHeader> dirent_header(const host::DirEntry& entry) {
  std::array<uint8_t, kDirentHeader> header{};
  store_le<uint64_t>(header.data(), entry.next_cookie);
  store_le<uint64_t>(header.data() + 8, entry.inode);
  store_le<uint32_t>(header.data() + 16, static_cast<uint32_t>(entry.name.size()));
  header[20] = filetype_number(entry.type);
  return header;
}

// The new position, or inval where there is none.
P1Result<uint64_t> moved(uint64_t from, int64_t by) {
  auto result = static_cast<int64_t>(from);
  if (from > static_cast<uint64_t>(INT64_MAX) || __builtin_add_overflow(result, by, &result)) {
    return std::unexpected(by < 0 ? Errno::inval : Errno::overflow);
  }
  if (result < 0) return std::unexpected(Errno::inval);
  return static_cast<uint64_t>(result);
}

// `act` on what has bytes at offsets.
template <class Act>
auto at_offsets(const Descriptor& descriptor, Act act) {
  bool is_stream = descriptor.handle->kind() == host::HandleKind::stream;
  return is_stream ? act(descriptor.stream()) : act(descriptor.file());
}

// What was opened for appending by whom the guest inherits it from.
bool is_append_only(const Descriptor& descriptor) {
  return descriptor.handle->kind() == host::HandleKind::stream &&
         descriptor.stream().opened_as().append;
}

}  // namespace

Errno Preview1::fd_advise(GuestMemory&, Fd fd, Filesize offset, Filesize length, uint32_t advice) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_advise));
  if (advice > static_cast<uint32_t>(host::Advice::no_reuse)) return Errno::inval;
  if (!checked_add(offset, length)) return Errno::inval;
  P1_TRY(at_offsets(*descriptor, [&](auto& file) {
    return file.advise(offset, length, static_cast<host::Advice>(advice));
  }));
  return Errno::success;
}

template <class Change>
Errno Preview1::lengthen(const Descriptor& descriptor, uint64_t size_bytes, Change change) {
  uint64_t growth = 0;
  bool writable = at_offsets(descriptor, [](auto& file) { return file.writable(); });
  if (world_->limits().max_written_bytes && writable) {
    host::FileStat stat = P1_TRY(descriptor.handle->stat());
    growth = size_bytes - std::min(size_bytes, stat.size_bytes);
  }
  // What cannot be is the host's to refuse.
  if (size_bytes <= INT64_MAX && !may_write(growth)) return Errno::nospc;
  P1_TRY(at_offsets(descriptor, change));
  note_written(growth);
  return Errno::success;
}

P1Result<uint64_t> Preview1::gap_before(const Descriptor& descriptor,
                                        std::optional<uint64_t> offset) {
  host::HandleKind kind = descriptor.handle->kind();
  bool has_offsets = kind == host::HandleKind::file ||
                     (kind == host::HandleKind::stream && descriptor.stream().seekable());
  if (!world_->limits().max_written_bytes || !has_offsets || is_append_only(descriptor)) return 0;
  if (!at_offsets(descriptor, [](auto& file) { return file.writable(); })) return 0;
  if (!offset) {
    if ((descriptor.flags & fdflags::append) != 0) return 0;
    offset = kind == host::HandleKind::file ? descriptor.offset
                                            : P1_TRY(descriptor.stream().seek(0, SEEK_CUR));
  }
  // What cannot be is the host's to refuse.
  if (*offset > INT64_MAX) return 0;
  host::FileStat stat = P1_TRY(descriptor.handle->stat());
  return *offset - std::min(*offset, stat.size_bytes);
}

Errno Preview1::fd_allocate(GuestMemory&, Fd fd, Filesize offset, Filesize length) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_allocate));
  return lengthen(*descriptor, checked_add(offset, length).value_or(UINT64_MAX),
                  [&](auto& file) { return file.allocate(offset, length); });
}

Errno Preview1::fd_close(GuestMemory&, Fd fd) {
  P1_TRY(table_.close(fd));
  return Errno::success;
}

Errno Preview1::sync(Fd fd, Operation operation, bool data_only) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, operation));
  if (auto ended = take_ended<ParkedSync>()) {
    P1_TRY(ended->take());
    return Errno::success;
  }
  // What is none of the system's may be used on this thread only.
  if (parks() && workers_ != nullptr && descriptor->handle->native_fd() >= 0) {
    park(std::make_unique<ParkedSync>(host::answer_of<void>(
        *workers_, [handle = descriptor->handle, data_only] { return handle->sync(data_only); })));
    return Errno::again;
  }
  P1_TRY(descriptor->handle->sync(data_only));
  return Errno::success;
}

Errno Preview1::fd_datasync(GuestMemory&, Fd fd) { return sync(fd, Operation::fd_datasync, true); }

Errno Preview1::fd_sync(GuestMemory&, Fd fd) { return sync(fd, Operation::fd_sync, false); }

Errno Preview1::fd_fdstat_get(GuestMemory& memory, Fd fd, Ptr stat_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_fdstat_get));
  std::array<uint8_t, 24> record{};
  record[0] = filetype_number(descriptor->type);
  store_le<uint16_t>(record.data() + 2, static_cast<uint16_t>(descriptor->flags));
  store_le<uint64_t>(record.data() + 8, descriptor->base);
  store_le<uint64_t>(record.data() + 16, descriptor->inheriting);
  P1_FAULT_UNLESS(memory.copy_out(stat_out, record));
  return Errno::success;
}

Errno Preview1::fd_fdstat_set_flags(GuestMemory&, Fd fd, uint32_t flags) {
  constexpr uint32_t kFixed = fdflags::dsync | fdflags::rsync | fdflags::sync;
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_fdstat_set_flags));
  if ((flags & ~fdflags::all) != 0) return Errno::inval;
  // Synchronized modes are chosen when a file is opened; the kernel cannot change them later.
  if ((flags & kFixed) != (descriptor->flags & kFixed)) return Errno::notsup;
  // As for a file that the system lets every program only append to.
  if (is_append_only(*descriptor) && (flags & fdflags::append) == 0) return Errno::perm;
  descriptor->flags = flags;
  return Errno::success;
}

Errno Preview1::fd_fdstat_set_rights(GuestMemory&, Fd fd, Rights base, Rights inheriting) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_fdstat_set_rights));
  if ((base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0) {
    return Errno::notcapable;
  }
  descriptor->base = base;
  descriptor->inheriting = inheriting;
  return Errno::success;
}

Errno Preview1::filestat_get(GuestMemory& memory, Fd fd, Ptr stat_out, bool unstable) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_filestat_get));
  host::FileStat stat = P1_TRY(descriptor->handle->stat());
  P1_FAULT_UNLESS(write_filestat(memory, stat_out, stat, unstable));
  return Errno::success;
}

Errno Preview1::fd_filestat_get(GuestMemory& memory, Fd fd, Ptr stat_out) {
  return filestat_get(memory, fd, stat_out, false);
}

Errno Preview1::unstable_fd_filestat_get(GuestMemory& memory, Fd fd, Ptr stat_out) {
  return filestat_get(memory, fd, stat_out, true);
}

Errno Preview1::fd_filestat_set_size(GuestMemory&, Fd fd, Filesize size) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_filestat_set_size));
  return lengthen(*descriptor, size, [&](auto& file) { return file.set_size(size); });
}

Errno Preview1::fd_filestat_set_times(GuestMemory&, Fd fd, Timestamp atim, Timestamp mtim,
                                      uint32_t fst_flags) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_filestat_set_times));
  host::FileTimes times = P1_TRY(to_times(atim, mtim, fst_flags));
  P1_TRY(descriptor->handle->set_times(times));
  return Errno::success;
}

Errno Preview1::fd_prestat_get(GuestMemory& memory, Fd fd, Ptr prestat_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_prestat));
  if (!descriptor->preopen_name) return Errno::badf;
  std::array<uint8_t, 8> record{};
  store_le<uint32_t>(record.data() + 4, static_cast<uint32_t>(descriptor->preopen_name->size()));
  P1_FAULT_UNLESS(memory.copy_out(prestat_out, record));
  return Errno::success;
}

Errno Preview1::fd_prestat_dir_name(GuestMemory& memory, Fd fd, Ptr path, Size path_len) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_prestat));
  if (!descriptor->preopen_name) return Errno::badf;
  const std::string& name = *descriptor->preopen_name;
  if (path_len < name.size()) return Errno::nametoolong;
  P1_FAULT_UNLESS(memory.copy_out(path, as_bytes(name)));
  return Errno::success;
}

namespace {

uint64_t now() { return os::clock_now(os::ClockKind::monotonic).value_or(0); }

// How long the system would have a socket wait.
std::optional<uint64_t> timeout_of(const Descriptor& descriptor, bool writing) {
  if (descriptor.handle->kind() != host::HandleKind::socket) return std::nullopt;
  auto timeout = descriptor.socket().option(writing ? host::SocketOption::send_timeout
                                                    : host::SocketOption::receive_timeout);
  if (!timeout || *timeout <= 0) return std::nullopt;
  return static_cast<uint64_t>(*timeout);
}

}  // namespace

void Preview1::would_wait(const Descriptor& descriptor, bool writing) {
  if (!parks() || (descriptor.flags & fdflags::nonblock) != 0) return;
  std::optional<uint64_t> deadline;
  if (auto ended = take_ended<ParkedTransfer>()) {
    deadline = ended->deadline;
    if (deadline && *deadline <= now()) return;
  } else if (auto timeout = timeout_of(descriptor, writing)) {
    deadline = checked_add(now(), *timeout).value_or(UINT64_MAX);
  }
  std::vector<host::Interest> interests = {{descriptor.handle, writing}};
  auto operation = host::until_ready(std::move(interests), deadline);
  park(std::make_unique<ParkedTransfer>(std::move(operation), deadline));
}

P1Result<void> Preview1::before_transfer(Descriptor& descriptor, bool writing) {
  if (!is_nonblocking(descriptor)) return {};
  bool ready = true;
  if (int fd = descriptor.handle->poll_fd(); fd >= 0) {
    os::PollItem item{.fd = fd, .want_read = !writing, .want_write = writing};
    auto count = host::from_sys(os::poll_until(std::span(&item, 1), 0));
    if (!count) return std::unexpected(from_host(count.error()));
    ready = *count != 0;
  } else {
    ready = descriptor.handle->readiness(writing).ready;
  }
  if (ready) return {};
  would_wait(descriptor, writing);
  return std::unexpected(Errno::again);
}

// What is not in the system's cache is read by another thread, of which nothing is kept: the second
// time it is there, or else waited for.
P1Result<size_t> Preview1::read_file(const Descriptor& descriptor, std::span<const MutableBytes> to,
                                     uint64_t offset) {
  constexpr size_t kMostReadAhead = size_t{256} << 10;
  if (!parks() || workers_ == nullptr || take_ended<ParkedReadFile>() != nullptr)
    return P1_TRY(descriptor.file().read_at(to, offset));
  auto now = descriptor.file().read_cached(to, offset);
  if (now || now.error() != host::Errno::again) return P1_TRY(std::move(now));
  size_t total = 0;
  for (MutableBytes bytes : to) total += bytes.size();
  auto read_ahead = [handle = descriptor.handle, offset,
                     size = std::min(total, kMostReadAhead)]() -> host::HostResult<size_t> {
    std::vector<uint8_t> scratch(size);
    MutableBytes whole(scratch);
    return static_cast<host::File&>(*handle).read_at(std::span(&whole, 1), offset);
  };
  park(std::make_unique<ParkedReadFile>(host::answer_of<size_t>(*workers_, std::move(read_ahead))));
  return std::unexpected(Errno::again);
}

P1Result<size_t> Preview1::read_some(Descriptor& descriptor, std::span<const MutableBytes> to) {
  switch (descriptor.handle->kind()) {
    case host::HandleKind::file: {
      size_t count = P1_TRY(read_file(descriptor, to, descriptor.offset));
      descriptor.offset += count;
      return count;
    }
    case host::HandleKind::socket: {
      host::Socket::ReceiveOptions options;
      options.nonblocking = is_nonblocking(descriptor);
      return P1_TRY(done_or_parked(descriptor, false, descriptor.socket().receive(to, options)))
          .bytes;
    }
    case host::HandleKind::stream:
      P1_TRY(before_transfer(descriptor, false));
      return P1_TRY(descriptor.stream().read(to));
    case host::HandleKind::dir:
      break;
  }
  return std::unexpected(Errno::isdir);
}

P1Result<size_t> Preview1::write_some(Descriptor& descriptor, std::span<const Bytes> from) {
  bool nonblocking = is_nonblocking(descriptor);
  switch (descriptor.handle->kind()) {
    case host::HandleKind::file: {
      if ((descriptor.flags & fdflags::append) != 0) {
        host::File::Appended appended = P1_TRY(descriptor.file().append(from));
        descriptor.offset = appended.end_offset;
        return appended.written;
      }
      size_t count = P1_TRY(descriptor.file().write_at(from, descriptor.offset));
      descriptor.offset += count;
      return count;
    }
    case host::HandleKind::socket:
      return P1_TRY(done_or_parked(descriptor, true, descriptor.socket().send(from, nonblocking)));
    case host::HandleKind::stream: {
      host::Stream& stream = descriptor.stream();
      if (!nonblocking && (descriptor.flags & fdflags::append) == 0) [[likely]]
        return P1_TRY(stream.write(from));
      P1_TRY(before_transfer(descriptor, true));
      bool appends = (descriptor.flags & fdflags::append) != 0;
      if (appends && stream.seekable()) return P1_TRY(stream.append(from));
      // A file takes all without waiting.
      if (!nonblocking || from.empty() || stream.seekable()) return P1_TRY(stream.write(from));
      Bytes first = from[0].subspan(0, std::min(from[0].size(), kAtomicPipeBytes));
      return P1_TRY(stream.write(std::span<const Bytes>(&first, 1)));
    }
    case host::HandleKind::dir:
      break;
  }
  return std::unexpected(Errno::isdir);
}

Errno Preview1::fd_read(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Ptr nread_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_read));
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, iovs, iovs_len));
  P1_FAULT_UNLESS(memory.contains(nread_out, 4));
  size_t count = P1_TRY(buffers.fill(
      memory, [&](std::span<const MutableBytes> to) { return read_some(*descriptor, to); }));
  P1_FAULT_UNLESS(memory.write<uint32_t>(nread_out, static_cast<uint32_t>(count)));
  return Errno::success;
}

Errno Preview1::fd_write(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Ptr nwritten_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_write));
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, iovs, iovs_len));
  P1_FAULT_UNLESS(memory.contains(nwritten_out, 4));
  auto transfer = [&](std::span<const Bytes> from) { return write_some(*descriptor, from); };
  uint64_t gap = P1_TRY(gap_before(*descriptor, std::nullopt));
  size_t count = P1_TRY(buffers.drain(
      memory, [&](std::span<const Bytes> from) { return counted(from, transfer, gap); }));
  P1_FAULT_UNLESS(memory.write<uint32_t>(nwritten_out, static_cast<uint32_t>(count)));
  return Errno::success;
}

Errno Preview1::fd_pread(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Filesize offset,
                         Ptr nread_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_pread));
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, iovs, iovs_len));
  P1_FAULT_UNLESS(memory.contains(nread_out, 4));
  auto transfer = [&](std::span<const MutableBytes> to) -> P1Result<size_t> {
    if (descriptor->handle->kind() == host::HandleKind::file)
      return read_file(*descriptor, to, offset);
    return P1_TRY(descriptor->stream().read_at(to, offset));
  };
  size_t count = P1_TRY(buffers.fill(memory, transfer));
  P1_FAULT_UNLESS(memory.write<uint32_t>(nread_out, static_cast<uint32_t>(count)));
  return Errno::success;
}

Errno Preview1::fd_pwrite(GuestMemory& memory, Fd fd, Ptr iovs, Size iovs_len, Filesize offset,
                          Ptr nwritten_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_pwrite));
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, iovs, iovs_len));
  P1_FAULT_UNLESS(memory.contains(nwritten_out, 4));
  auto transfer = [&](std::span<const Bytes> from) -> P1Result<size_t> {
    return P1_TRY(at_offsets(*descriptor, [&](auto& file) { return file.write_at(from, offset); }));
  };
  uint64_t gap = P1_TRY(gap_before(*descriptor, offset));
  size_t count = P1_TRY(buffers.drain(
      memory, [&](std::span<const Bytes> from) { return counted(from, transfer, gap); }));
  P1_FAULT_UNLESS(memory.write<uint32_t>(nwritten_out, static_cast<uint32_t>(count)));
  return Errno::success;
}

Errno Preview1::fd_readdir(GuestMemory& memory, Fd fd, Ptr buf, Size buf_len, uint64_t cookie,
                           Ptr bufused_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::fd_readdir));
  P1_FAULT_UNLESS(memory.contains(buf, buf_len));
  P1_FAULT_UNLESS(memory.contains(bufused_out, 4));
  uint64_t used = 0;
  // The last record may be cut; a buffer that is not full says that the directory ends.
  auto put = [&](Bytes bytes) {
    Bytes part = bytes.subspan(0, std::min<uint64_t>(bytes.size(), buf_len - used));
    bool fits = memory.copy_out(buf + used, part);
    used += part.size();
    return fits;
  };
  for (bool more = true; more && used < buf_len;) {
    auto entries = P1_TRY(descriptor->dir().read_entries(cookie, buf_len - used));
    more = !entries.empty();
    for (const host::DirEntry& entry : entries) {
      P1_FAULT_UNLESS(put(dirent_header(entry)) && put(as_bytes(entry.name)));
      cookie = entry.next_cookie;
      if (used == buf_len) break;
    }
  }
  P1_FAULT_UNLESS(memory.write<uint32_t>(bufused_out, static_cast<uint32_t>(used)));
  return Errno::success;
}

Errno Preview1::fd_renumber(GuestMemory&, Fd fd, Fd to) {
  P1_TRY(table_.renumber(fd, to));
  return Errno::success;
}

Errno Preview1::seek(GuestMemory& memory, Fd fd, int64_t offset, Whence whence, Ptr newoffset_out) {
  bool only_tells = offset == 0 && whence == Whence::cur;
  Descriptor* descriptor =
      P1_TRY(table_.get(fd, only_tells ? Operation::fd_tell : Operation::fd_seek));
  P1_FAULT_UNLESS(memory.contains(newoffset_out, 8));
  uint64_t position = 0;
  if (descriptor->handle->kind() == host::HandleKind::stream) {
    constexpr std::array kNative = {SEEK_SET, SEEK_CUR, SEEK_END};
    position = P1_TRY(descriptor->stream().seek(offset, kNative[static_cast<size_t>(whence)]));
  } else {
    uint64_t from = 0;
    if (whence == Whence::cur) from = descriptor->offset;
    if (whence == Whence::end) from = P1_TRY(descriptor->handle->stat()).size_bytes;
    position = P1_TRY(moved(from, offset));
    descriptor->offset = position;
  }
  P1_FAULT_UNLESS(memory.write<uint64_t>(newoffset_out, position));
  return Errno::success;
}

Errno Preview1::fd_seek(GuestMemory& memory, Fd fd, int64_t offset, uint32_t whence,
                        Ptr newoffset_out) {
  if (whence > static_cast<uint32_t>(Whence::end)) return Errno::inval;
  return seek(memory, fd, offset, static_cast<Whence>(whence), newoffset_out);
}

Errno Preview1::unstable_fd_seek(GuestMemory& memory, Fd fd, int64_t offset, uint32_t whence,
                                 Ptr newoffset_out) {
  // The order of preview 0.
  constexpr std::array kWhence = {Whence::cur, Whence::end, Whence::set};
  if (whence >= kWhence.size()) return Errno::inval;
  return seek(memory, fd, offset, kWhence[whence], newoffset_out);
}

Errno Preview1::fd_tell(GuestMemory& memory, Fd fd, Ptr offset_out) {
  return seek(memory, fd, 0, Whence::cur, offset_out);
}

}  // namespace nacre::wasi::p1
