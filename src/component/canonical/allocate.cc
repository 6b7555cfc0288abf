#include "component/canonical/allocate.h"

#include <cstring>

#include "base/checked.h"
#include "base/result.h"

namespace nacre::component {

OrTrap<void> Allocation::resize(uint64_t align, uint64_t size) {
  address_ = TRY(memory_.reallocate(address_, size_, align, size));
  size_ = size;
  if (address_ % align != 0) return trap(TrapKind::realloc_unaligned);
  if (!in_bounds<uint64_t>(address_, size, memory_.bytes().size())) {
    return trap(TrapKind::realloc_out_of_bounds);
  }
  return {};
}

OrTrap<MutableBytes> Allocation::at(uint64_t offset, uint64_t length) {
  MutableBytes all = memory_.bytes();
  if (!in_bounds(offset, length, size_) || !in_bounds<uint64_t>(address_, size_, all.size())) {
    return trap(TrapKind::realloc_out_of_bounds);
  }
  return all.subspan(address_ + offset, length);
}

OrTrap<void> Allocation::write(uint64_t offset, Bytes bytes) {
  MutableBytes to = TRY(at(offset, bytes.size()));
  if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
  return {};
}

OrTrap<void> Allocation::widen(uint64_t count) {
  MutableBytes to = TRY(at(0, 2 * count));
  for (uint64_t i = count; i-- > 0;) {  // from the end, so that nothing is overwritten unread
    to[2 * i] = to[i];
    to[2 * i + 1] = 0;
  }
  return {};
}

}  // namespace nacre::component
