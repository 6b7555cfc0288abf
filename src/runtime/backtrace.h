// Backtraces of traps as text.
#pragma once

#include <string>

#include "abi/trap.h"

namespace nacre::runtime {

// One line for each frame, youngest first:
//   "  0: module!function @ 0x1234\n"
// The offset counts from the start of the module's bytes. Names are escaped for terminals. Empty
// without frames. The store that trapped must still be alive.
std::string format_backtrace(const abi::Trap& trap);

}  // namespace nacre::runtime
