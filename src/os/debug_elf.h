// An ELF file that describes code which is already in memory: symbols and call frames, no code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "os/code_listener.h"

namespace nacre::os {

// x86-64. `code` must not be empty. Addresses are absolute; the file is read where it is, by
// debuggers.
std::vector<uint8_t> make_debug_elf(std::span<const NewCode> code);

}  // namespace nacre::os
