// A memory barrier for all threads of the process, which one of them pays for.
#pragma once

namespace nacre::os {

// Every thread passes a full barrier within this call: its earlier writes are visible when the call
// returns, and afterwards it reads and executes what was written before the call, new instructions
// included. False: the system cannot do that (Linux 4.16 and later can).
[[nodiscard]] bool synchronize_threads();

}  // namespace nacre::os
