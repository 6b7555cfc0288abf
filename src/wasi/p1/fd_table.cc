#include "wasi/p1/fd_table.h"

#include <utility>

namespace nacre::wasi::p1 {
namespace {

enum class Kinds : uint8_t { any, data, file, dir, socket };

struct Needs {
  Kinds kinds;
  Rights rights;
};

Needs needs_of(Operation operation) {
  using namespace rights;
  switch (operation) {
#define OPERATION(name, kinds, rights) \
  case Operation::name:                \
    return {Kinds::kinds, (rights)};
#include "wasi/p1/operations.def"
#undef OPERATION
  }
  return {Kinds::any, all};
}

// What is wrong where bytes at offsets are wanted, if anything. On its own, so that the usual
// reading and writing pays nothing for it.
[[gnu::noinline]] std::optional<Errno> no_file(const Descriptor& descriptor, Operation operation) {
  host::HandleKind kind = descriptor.handle->kind();
  if (kind == host::HandleKind::stream) {
    const host::Stream& stream = descriptor.stream();
    bool is_there = stream.readable() || stream.writable();
    if (stream.seekable() || !is_there) return std::nullopt;
  }
  if (kind == host::HandleKind::file) return std::nullopt;
  if (kind == host::HandleKind::dir) return Errno::isdir;
  return operation == Operation::fd_filestat_set_size ? Errno::inval : Errno::spipe;
}

// What is wrong with the kind of this descriptor, if anything.
std::optional<Errno> wrong_kind(const Descriptor& descriptor, Kinds kinds, Operation operation) {
  host::HandleKind kind = descriptor.handle->kind();
  switch (kinds) {
    case Kinds::any:
      return std::nullopt;
    case Kinds::dir:
      if (kind != host::HandleKind::dir) return Errno::notdir;
      return std::nullopt;
    case Kinds::socket:
      if (kind != host::HandleKind::socket) return Errno::notsock;
      return std::nullopt;
    case Kinds::data:
      if (kind == host::HandleKind::dir) return Errno::isdir;
      return std::nullopt;
    case Kinds::file:
      return no_file(descriptor, operation);
  }
  return std::nullopt;
}

}  // namespace

Descriptor* FdTable::find(Fd fd) { return fd < slots_.size() ? slots_[fd].get() : nullptr; }

P1Result<Descriptor*> FdTable::get(Fd fd, Operation operation) {
  Descriptor* descriptor = find(fd);
  if (descriptor == nullptr) return std::unexpected(Errno::badf);
  Needs needs = needs_of(operation);
  if (auto error = wrong_kind(*descriptor, needs.kinds, operation)) return std::unexpected(*error);
  Rights held = descriptor->base;
  if ((held & rights::fd_seek) != 0) held |= rights::fd_tell;
  if ((needs.rights & ~held) != 0) return std::unexpected(Errno::notcapable);
  return descriptor;
}

P1Result<Fd> FdTable::insert(Descriptor descriptor) {
  if (!has_room()) return std::unexpected(Errno::mfile);
  while (lowest_free_ < slots_.size() && slots_[lowest_free_]) ++lowest_free_;
  if (lowest_free_ == slots_.size()) slots_.emplace_back();
  slots_[lowest_free_] = std::make_unique<Descriptor>(std::move(descriptor));
  ++open_count_;
  return lowest_free_++;
}

P1Result<void> FdTable::close(Fd fd) {
  if (find(fd) == nullptr) return std::unexpected(Errno::badf);
  slots_[fd].reset();
  --open_count_;
  if (fd < lowest_free_) lowest_free_ = fd;
  return {};
}

P1Result<void> FdTable::renumber(Fd from, Fd to) {
  if (find(from) == nullptr || find(to) == nullptr) return std::unexpected(Errno::badf);
  if (from == to) return {};
  slots_[to] = std::move(slots_[from]);
  --open_count_;
  if (from < lowest_free_) lowest_free_ = from;
  return {};
}

}  // namespace nacre::wasi::p1
