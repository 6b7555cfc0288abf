// How functions are compiled.
#pragma once

#include "os/code_listener.h"
#include "os/cpu.h"

namespace nacre::baseline {

// What every processor must have that runs this tier's code.
constexpr bool is_enough(const os::CpuFeatures& cpu) {
  return cpu.sse41 && cpu.sse42 && cpu.popcnt;
}
inline constexpr const char kNotEnough[] =
    "the tier \"baseline\" needs a processor with SSE 4.2 and POPCNT";

struct Options {
  os::CpuFeatures cpu;
  // Whether accesses to memories that can be guarded go unchecked.
  bool guarded_memories = true;

  // Checked builds (security.md A3, A4, C1): upper halves of registers and slots are filled with a
  // pattern wherever an i32 leaves them unspecified, and looked at where addresses rely on zeroes.
  bool dirty_upper_bits = false;

  // Who hears of all code; the tier's own. Null: nobody.
  os::CodeListener* listener = nullptr;
  // For debuggers: a module's functions are all compiled when it is first instantiated, so that
  // they are known before they run, and breakpoints can be set in them.
  bool debug = false;
};

}  // namespace nacre::baseline
