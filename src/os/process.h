// A second process of the same program.
#pragma once

#include "os/file.h"

namespace nacre::os {

enum class Side { parent, child };

// Copies the calling process, which must have no other thread. The child dies with its parent, has
// neither standard input nor output of it (so that nobody waits for their ends), and must end with
// end_process(): the parent's objects are the parent's to clean up.
Sys<Side> fork_helper();
[[noreturn]] void end_process();

}  // namespace nacre::os
