// Takes rights away from this process before a guest runs in it. What the guest may need later and
// only a decision can give is left to a broker.
#pragma once

#include "api/grants.h"
#include "os/lockdown.h"

namespace nacre::api {

// For the whole process and for good; it must have one thread. Directories that the guest was
// granted as a whole stay accessible, and the kernel enforces that; what must be decided act by act
// is done by the broker, which is started only if there is anything that it could allow.
Result<os::LockdownState> lock_down(Prepared& prepared);

// A line for people: what locking down would do on this system.
std::string describe_lockdown();

}  // namespace nacre::api
