// How machine code is kept, and what the stubs around it look like: the same for every compiler of
// an engine.
#pragma once

#include <cstdint>

#include "os/code_listener.h"
#include "os/cpu.h"

namespace nacre::native {

struct Options {
  os::CpuFeatures cpu;  // what stubs may use
  // Checked builds: bits that a type leaves unspecified are filled with kPoison where values come
  // from the host.
  bool poison_upper_bits = false;
  static constexpr uint32_t kPoison = 0xBAD0'BAD0;
  // Told of all code that is made. Null: none.
  os::CodeListener* listener = nullptr;
  // For debuggers: a module's functions are all compiled when it is first instantiated, so that
  // they are known before they run, and breakpoints can be set in them. The guest's time passes.
  bool debug = false;
  // What runs a function may change: code that is published in its place, or another executor that
  // runs functions of the same modules. Function objects lead to code by way of slots.
  bool code_changes = false;
  // A module's code memory is mapped when the module is loaded, not when code is first made: for a
  // process that loses the right to map any.
  bool map_at_load = false;
};

}  // namespace nacre::native
