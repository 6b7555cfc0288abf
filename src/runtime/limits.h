// The limits set for a guest. Where none is set the defaults of StoreOptions hold,
// and reaching those is answered as the specification says: memory.grow gives -1. Reaching one that
// was set stops the guest with a trap of this kind: "memory limit reached: 64 MiB (--memory)".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "abi/trap.h"

namespace nacre::runtime {

struct Limit {
  // time_limit and cpu_time_limit: nanoseconds; fuel_limit; memory_limit and stack_limit: bytes;
  // tables_limit: elements. The others are enforced where what they count is known.
  abi::TrapKind kind;
  uint64_t amount;
  std::string words;  // how much, and where it was said: "64 MiB (--memory)"
};

using Limits = std::vector<Limit>;

inline const Limit* find_limit(const Limits& limits, abi::TrapKind kind) {
  for (const Limit& limit : limits) {
    if (limit.kind == kind) return &limit;
  }
  return nullptr;
}

}  // namespace nacre::runtime
