// How a memory lies in address space. Code generation and mapping use the same object, so that what
// code assumes is what was mapped (invariants.md: memory-layout).
#pragma once

#include <cstdint>

#include "wasm/types.h"

namespace nacre::abi {

struct MemoryLayout {
  // Inaccessible bytes in front of the base: a wrongly sign-extended index lands here
  // (invariants.md: guard-region).
  uint64_t front_guard_bytes = 0;
  // From the base: what can become accessible, then what never will. An access of at most 16 bytes
  // at base + index + offset, both below 2^32, stays inside: 8 GiB + 64 KiB.
  uint64_t reserved_bytes = 0;
  // Whether accesses may rely on faults instead of checks. Only with 32-bit indices, 64 KiB pages
  // and the whole reservation mapped; else every access is checked (invariants.md: memory-layout).
  bool guarded = false;
};

inline constexpr uint64_t kFrontGuardBytes = uint64_t{2} << 30;
inline constexpr uint64_t kGuardedReservationBytes = (uint64_t{8} << 30) + (64 << 10);

constexpr bool can_be_guarded(const wasm::MemoryType& type) {
  return type.limits.address == wasm::AddressType::i32 && type.page_size_log2 == 16;
}

}  // namespace nacre::abi
