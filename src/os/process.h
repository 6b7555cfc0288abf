// A second process of the same program.
#pragma once

#include "os/file.h"

namespace nacre::os {

enum class Side { parent, child };

// Copies the calling process, which must have no other thread. The child dies with its parent, has
// neither standard input nor output of it (so that no other process waits for their ends), and must
// end with end_process(), because the parent's objects are for the parent to clean up.
Sys<Side> fork_helper();
[[noreturn]] void end_process();

int own_process_id();
// How many threads this process has; 0 if the system does not say.
uint32_t count_threads();

// Closes the descriptors that this process inherited, except the standard streams: all without
// close-on-exec, since everything that is opened here has it.
void close_inherited();
// Lets one of the standard streams (0, 1, 2) lead to /dev/null.
Sys<void> close_standard_stream(int fd);

}  // namespace nacre::os
