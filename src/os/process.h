// What this process is made of: its threads, and the descriptors that it was started with.
#pragma once

#include "os/file.h"

namespace nacre::os {

// How many threads this process has; 0 if the system does not say.
uint32_t count_threads();

// Closes the descriptors that this process inherited, except the standard streams: all without
// close-on-exec, since everything that is opened here has it.
void close_inherited();
// Lets one of the standard streams (0, 1, 2) lead to /dev/null.
Sys<void> close_standard_stream(int fd);

}  // namespace nacre::os
