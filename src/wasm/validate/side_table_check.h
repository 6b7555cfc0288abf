// For tests: whether a side table says what the body says.
#pragma once

#include <cstdint>
#include <string>

#include "wasm/validate/validate.h"

namespace nacre::wasm {

// Builds the side table of the function and compares it with a walk over its instructions: targets
// are instructions, the cursor fits there, and so does the height of the operand stack. Empty, or
// the first contradiction.
std::string check_side_table(const ValidModuleInfo& info, uint32_t function);

}  // namespace nacre::wasm
