// What lifting and lowering need of the guest on one side of a call: its memory, its realloc, its
// handles. Implemented where guests run; tests have their own.
//
// Used by one thread at a time.
#pragma once

#include <array>
#include <span>

#include "base/bytes.h"
#include "component/canonical/layout.h"
#include "component/canonical/trap.h"

namespace nacre::component {

enum class StringEncoding : uint8_t { utf8, utf16, latin1_utf16 };

class Memory {
 public:
  virtual ~Memory() = default;

  // All of it. The view is valid until the next call of reallocate(), which may run any code of the
  // guest; the memory may grow then, but never shrinks.
  virtual MutableBytes bytes() = 0;
  // Calls the guest's realloc. What it returns is whatever the guest says: unchecked.
  virtual OrTrap<uint64_t> reallocate(uint64_t old_address, uint64_t old_size, uint64_t align,
                                      uint64_t size) = 0;
};

// Handles are resources (own, borrow), streams, futures and error contexts. What they stand for is
// a number (Value::bits) that has a meaning only for the implementation of this interface.
class Handles {
 public:
  virtual ~Handles() = default;

  // The handle leaves the guest: an `own`, stream or future is removed from its table, a `borrow`
  // lent until the call ends. Checks that it is there and of this type.
  virtual OrTrap<uint64_t> lift(const Layout& type, uint32_t handle) = 0;
  // The handle that the guest knows it by from now on.
  virtual OrTrap<uint32_t> lower(const Layout& type, uint64_t what) = 0;
};

// The core values that a value, a list of parameters or a result flattens to. Those of 32 bits have
// clear upper halves, floats are their bits; so what a variant converts is the same number.
struct FlatValues {
  std::array<uint64_t, FlatTypes::kMax> bits{};
  uint32_t count = 0;

  void push(uint64_t value) { bits[count++] = value; }
  std::span<const uint64_t> values() const { return std::span(bits).first(count); }
};

}  // namespace nacre::component
