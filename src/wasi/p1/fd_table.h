// The descriptors of one guest: numbers, what they stand for, and the rights they carry.
//
// get() is the only way to a descriptor's object; it checks what operations.def asks for. The
// table is bounded: beyond its limit, mfile. Numbers are the lowest free ones.
// Not thread-safe: the owner serialises.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/dir.h"
#include "host/file.h"
#include "host/handle.h"
#include "host/socket.h"
#include "host/stream.h"
#include "wasi/p1/types.h"

namespace nacre::wasi::p1 {

template <class T>
using P1Result = std::expected<T, Errno>;

enum class Operation : uint8_t {
#define OPERATION(name, kinds, rights) name,
#include "wasi/p1/operations.def"
#undef OPERATION
};

struct Descriptor {
  host::HandlePtr handle;
  host::FileType type = host::FileType::unknown;
  Rights base = 0;
  Rights inheriting = 0;
  uint32_t flags = 0;   // fdflags
  uint64_t offset = 0;  // files: where the next read or write begins
  std::optional<std::string> preopen_name;

  // The caller has checked handle->kind().
  host::File& file() const { return static_cast<host::File&>(*handle); }
  host::Dir& dir() const { return static_cast<host::Dir&>(*handle); }
  host::Stream& stream() const { return static_cast<host::Stream&>(*handle); }
  host::Socket& socket() const { return static_cast<host::Socket&>(*handle); }
};

class FdTable {
 public:
  explicit FdTable(uint32_t max_descriptors) : max_descriptors_(max_descriptors) {}

  // badf; what the operation says about the wrong kind (notdir, isdir, spipe, notsock); notcapable.
  // The pointer holds until the descriptor is closed or renumbered.
  P1Result<Descriptor*> get(Fd fd, Operation operation);
  // For looking only; null if it is not open.
  const Descriptor* peek(Fd fd) const { return fd < slots_.size() ? slots_[fd].get() : nullptr; }
  bool has_room() const { return open_count_ < max_descriptors_; }
  P1Result<Fd> insert(Descriptor descriptor);
  P1Result<void> close(Fd fd);
  P1Result<void> renumber(Fd from, Fd to);
  uint32_t open_count() const { return open_count_; }

 private:
  Descriptor* find(Fd fd);

  uint32_t max_descriptors_;
  uint32_t open_count_ = 0;
  uint32_t lowest_free_ = 0;  // no free number below it
  std::vector<std::unique_ptr<Descriptor>> slots_;
};

}  // namespace nacre::wasi::p1
