// Small numbers for threads, so that each can have a part of its own of what many share.
#pragma once

#include <cstdint>

namespace nacre::os {

// Of this thread: 1, 2, ... in the order in which threads first ask. No number is used again.
uint32_t thread_number();

}  // namespace nacre::os
