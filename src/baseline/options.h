// How functions are compiled.
#pragma once

#include <cstdint>

#include "native/options.h"
#include "os/cpu.h"

namespace nacre::baseline {

struct Options {
  os::CpuFeatures cpu;
  // Whether accesses to memories that can be guarded go unchecked.
  bool guarded_memories = true;

  // Checked builds, for tests (checks.cc).
  //
  // Bits that a type leaves unspecified are filled with a pattern, in arguments, results and slots.
  // Where i32s must have clear upper halves that is checked, with a trap of kind host_error.
  bool poison_upper_bits = false;
  // Between any two instructions each register is free or has one owner, and where control flow
  // meets the operands below are where they were when the block began; a function for which this
  // does not hold does not compile.
  bool check_consistency = false;
  // What bits are filled with.
  static constexpr uint32_t kPoison = native::Options::kPoison;

  // Code counts fuel (abi/exec_context.h).
  bool count_fuel = false;

  // As of native::Options.
  bool debug = false;
  bool code_changes = false;
  bool map_at_load = false;
};

}  // namespace nacre::baseline
