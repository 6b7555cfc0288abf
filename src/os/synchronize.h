// Order between threads that is paid for by one of them: the others run as if there were none.
#pragma once

namespace nacre::os {

// Each thread of the process passes a moment within this call: what it wrote before is seen when the
// call returns, and what it reads or executes afterwards is what was written before the call, also
// where other instructions were before. False: the system cannot do that (Linux 4.16 and later can).
[[nodiscard]] bool synchronize_threads();

}  // namespace nacre::os
