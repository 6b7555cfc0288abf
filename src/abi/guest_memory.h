// The only way for host code to reach a guest's linear memory (invariants.md: guest-span).
//
// A GuestMemory is a bounds-checked view of one memory as it was when the view was taken. Addresses
// and lengths are the guest's own numbers: every access checks them without overflow and reports
// failure instead of faulting. A view is valid until guest code runs again (memory.grow never moves
// a memory, but the size recorded here is not updated). Values are copied; host code never holds a
// T& into the guest. Memory that other threads can write is marked `shared`: slices of it are
// refused, copies are allowed and may tear.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "base/bytes.h"
#include "base/checked.h"

namespace nacre::abi {

class GuestMemory {
 public:
  GuestMemory() = default;  // an empty memory: every access fails
  GuestMemory(uint8_t* base, uint64_t size_bytes, bool shared = false)
      : base_(base), size_bytes_(size_bytes), shared_(shared) {}

  uint64_t size_bytes() const { return size_bytes_; }
  bool contains(uint64_t address, uint64_t length) const {
    return in_bounds(address, length, size_bytes_);
  }

  template <class T>
  std::optional<T> read(uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(address, sizeof(T))) return std::nullopt;
    return load_le<T>(base_ + address);
  }

  template <class T>
  [[nodiscard]] bool write(uint64_t address, T value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(address, sizeof(T))) return false;
    store_le(base_ + address, value);
    return true;
  }

  // Copies guest bytes in; host code validates the copy, never the original.
  [[nodiscard]] bool copy_in(uint64_t address, MutableBytes to) const {
    if (!contains(address, to.size())) return false;
    if (!to.empty()) std::memcpy(to.data(), base_ + address, to.size());
    return true;
  }

  [[nodiscard]] bool copy_out(uint64_t address, Bytes from) const {
    if (!contains(address, from.size())) return false;
    if (!from.empty()) std::memcpy(base_ + address, from.data(), from.size());
    return true;
  }

  // A writable window for one system call (read, write, getrandom). Nothing if out of bounds or
  // shared.
  std::optional<MutableBytes> slice(uint64_t address, uint64_t length) const {
    if (shared_ || !contains(address, length)) return std::nullopt;
    return MutableBytes(base_ + address, length);
  }

  bool shared() const { return shared_; }

 private:
  uint8_t* base_ = nullptr;
  uint64_t size_bytes_ = 0;
  bool shared_ = false;
};

}  // namespace nacre::abi
