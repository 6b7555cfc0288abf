// Takes the rights of this process away before a guest runs in it, and leaves what the guest needs
// later, and only a decision can give, to a broker.
#pragma once

#include "api/grants.h"
#include "os/lockdown.h"

namespace nacre::api {

// For the whole process and for good; it must have one thread. Directories that the guest was
// granted whole stay open to it, by the kernel's word; what must be decided act by act is the
// broker's, which is started only if there is anything that it could allow.
Result<os::LockdownState> lock_down(Prepared& prepared);

// What it would do here, for people: a line.
std::string describe_lockdown();

}  // namespace nacre::api
