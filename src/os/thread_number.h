// Small numbers for threads, so that each can have its own part of a shared structure.
#pragma once

#include <cstdint>

namespace nacre::os {

// Of this thread: 1, 2, ... in the order in which threads first ask. No number is used again.
uint32_t thread_number();

}  // namespace nacre::os
