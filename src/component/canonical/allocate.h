// Memory that the host takes from a guest by its realloc, to put values in.
#pragma once

#include "component/canonical/boundary.h"

namespace nacre::component {

// One piece. Whatever realloc returns is checked before it is used.
class Allocation {
 public:
  explicit Allocation(Memory& memory) : memory_(memory) {}

  // Also for a size of 0: guests count the calls.
  OrTrap<void> resize(uint64_t align, uint64_t size);
  // Within its size.
  OrTrap<void> write(uint64_t offset, Bytes bytes);
  // The first `count` bytes become code units of two bytes, in place.
  OrTrap<void> widen(uint64_t count);

  uint64_t address() const { return address_; }
  uint64_t size() const { return size_; }

 private:
  OrTrap<MutableBytes> at(uint64_t offset, uint64_t length);

  Memory& memory_;
  uint64_t address_ = 0;
  uint64_t size_ = 0;
};

}  // namespace nacre::component
