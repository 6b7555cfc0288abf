// How functions are compiled.
#pragma once

#include <cstdint>

#include "os/cpu.h"

namespace nacre::baseline {

struct Options {
  os::CpuFeatures cpu;
  // Whether accesses to memories that can be guarded go unchecked.
  bool guarded_memories = true;

  // Checked builds, for tests (checks.cc).
  //
  // Bits that a type leaves unspecified are filled with a pattern: in arguments and results, in
  // slots and homes. Where i32s must have clear upper halves they are looked at; a trap of kind
  // host_error says that one had not.
  bool dirty_upper_bits = false;
  // Between any two instructions each register is free or has one owner, and where control flow
  // meets the operands below are where they were when the block began; a function for which this
  // does not hold does not compile.
  bool check_merges = false;
  // What bits are filled with.
  static constexpr uint32_t kDirt = 0xBAD0'BAD0;
};

}  // namespace nacre::baseline
