// Randomness fit for keys, from the operating system.
#pragma once

#include "os/file.h"

namespace nacre::os {

// Fills all of `to`; blocks only until the kernel has been seeded once after boot.
Sys<void> fill_random(MutableBytes to);

}  // namespace nacre::os
