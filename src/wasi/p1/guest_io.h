// Reading arguments out of a guest's memory and writing results into it. Private to wasi/p1.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "abi/guest_memory.h"
#include "host/dir.h"
#include "host/handle.h"
#include "wasi/p1/fd_table.h"
#include "wasi/p1/types.h"

namespace nacre::wasi::p1 {

using abi::GuestMemory;

// The value, or an early return of the errno: of a P1Result, of a HostResult (translated), or of a
// condition (`P1_FAULT_UNLESS`).
#define P1_TRY(expression)                        \
  __extension__({                                 \
    auto p1_try_result = (expression);            \
    if (!p1_try_result) [[unlikely]]              \
      return to_failure(p1_try_result.error());   \
    ::nacre::wasi::p1::take_value(p1_try_result); \
  })
#define P1_FAULT_UNLESS(condition) \
  if (!(condition)) [[unlikely]]   \
    return Failure { Errno::fault }

// Converts to what a function returns: an Errno, or a P1Result.
struct Failure {
  Errno error;
  operator Errno() const { return error; }  // NOLINT(google-explicit-constructor)
  template <class T>
  operator P1Result<T>() const {  // NOLINT(google-explicit-constructor)
    return std::unexpected(error);
  }
};
inline Failure to_failure(Errno error) { return {error}; }
inline Failure to_failure(host::Errno error) { return {from_host(error)}; }

template <class T, class E>
T take_value(std::expected<T, E>& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// A path argument: bounded, copied.
P1Result<std::string> read_path(const GuestMemory& memory, Ptr path, Size length);

// The guest's list of buffers, checked: at most os::kMaxVectors that are not empty, at most 2^31-1
// bytes in all. What is beyond is left out; short transfers are allowed.
class GuestBuffers {
 public:
  static P1Result<GuestBuffers> read(const GuestMemory& memory, Ptr iovs, Size count);

  size_t total_bytes() const { return total_; }
  // Leaves out the first `bytes`, of as many.
  void skip(size_t bytes);

  // Runs `transfer(std::span<const MutableBytes>) -> P1Result<size_t>` so that what it writes ends
  // up in the guest; through a bounded buffer where the memory is shared with other threads.
  template <class Transfer>
  P1Result<size_t> fill(const GuestMemory& memory, Transfer transfer) const;
  // The same for `transfer(std::span<const Bytes>)`, which reads the guest's bytes.
  template <class Transfer>
  P1Result<size_t> drain(const GuestMemory& memory, Transfer transfer) const;

 private:
  static constexpr size_t kBounceBytes = 64 * 1024;
  struct Piece {
    Ptr address;
    Size length;
  };
  std::array<Piece, os::kMaxVectors> pieces_;
  size_t count_ = 0;
  size_t total_ = 0;
};

template <class Transfer>
P1Result<size_t> GuestBuffers::fill(const GuestMemory& memory, Transfer transfer) const {
  if (memory.shared()) {
    std::vector<uint8_t> bounce(std::min(total_, kBounceBytes));
    MutableBytes whole(bounce);
    size_t done = P1_TRY(transfer(std::span<const MutableBytes>(&whole, 1)));
    Bytes left(bounce.data(), done);
    for (size_t i = 0; i < count_ && !left.empty(); ++i) {
      Bytes part = left.subspan(0, std::min<size_t>(pieces_[i].length, left.size()));
      P1_FAULT_UNLESS(memory.copy_out(pieces_[i].address, part));
      left = left.subspan(part.size());
    }
    return done;
  }
  std::array<MutableBytes, os::kMaxVectors> spans;
  for (size_t i = 0; i < count_; ++i) {
    auto slice = memory.slice(pieces_[i].address, pieces_[i].length);
    P1_FAULT_UNLESS(slice);
    spans[i] = *slice;
  }
  return transfer(std::span<const MutableBytes>(spans.data(), count_));
}

template <class Transfer>
P1Result<size_t> GuestBuffers::drain(const GuestMemory& memory, Transfer transfer) const {
  if (memory.shared()) {
    std::vector<uint8_t> bounce(std::min(total_, kBounceBytes));
    size_t filled = 0;
    for (size_t i = 0; i < count_ && filled < bounce.size(); ++i) {
      size_t length = std::min<size_t>(pieces_[i].length, bounce.size() - filled);
      P1_FAULT_UNLESS(memory.copy_in(pieces_[i].address, {bounce.data() + filled, length}));
      filled += length;
    }
    Bytes whole(bounce.data(), filled);
    return transfer(std::span<const Bytes>(&whole, 1));
  }
  std::array<Bytes, os::kMaxVectors> spans;
  for (size_t i = 0; i < count_; ++i) {
    auto slice = memory.slice(pieces_[i].address, pieces_[i].length);
    P1_FAULT_UNLESS(slice);
    spans[i] = *slice;
  }
  return transfer(std::span<const Bytes>(spans.data(), count_));
}

// $filestat: 64 bytes in preview 1; 56 in preview 0, whose link count has 32 bits.
bool write_filestat(const GuestMemory& memory, Ptr out, const host::FileStat& stat, bool unstable);
inline uint32_t filestat_size(bool unstable) { return unstable ? 56 : 64; }

// From atim, mtim and fst_flags; inval for unknown or contradicting flags.
P1Result<host::FileTimes> to_times(Timestamp atim, Timestamp mtim, uint32_t fst_flags);

}  // namespace nacre::wasi::p1
