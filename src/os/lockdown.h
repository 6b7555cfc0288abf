// Taking this process's own rights away, for good: what the kernel enforces, whatever runs here.
//
// Landlock (Linux 5.19 and later) leaves of the file system what is named, and of the network no
// new TCP end. seccomp leaves the system calls of os/syscalls.def: no programs, no processes, no
// sockets, no privileges. What is open already stays so. Where the kernel has one and not the
// other, the one is used; where another sandbox forbids them, none.
#pragma once

#include <span>

#include "base/result.h"

namespace nacre::os {

struct LockdownState {
  int landlock_abi = 0;  // 0: not there
  bool seccomp = false;
};
// What this process could use.
LockdownState available_lockdown();

struct LeftOpen {
  int fd;          // of a directory, for all below it
  uint8_t rights;  // kReadPath | kWritePath | kCreatePath, see os/dir.h
};

// What not every process needs that runs a guest.
struct LeftPossible {
  bool setting_times = true;  // of what it has open, however it was opened; never by a name
  bool mapping_code = true;   // for modules that are loaded later
  bool serving = false;       // the event loop and the instance pools of a server
};

// For the calling thread and those that it makes; system calls: for all threads. Errors: io, when
// the kernel has it and fails all the same. Not undone by anything.
Result<LockdownState> lock_down(std::span<const LeftOpen> left_open,
                                LeftPossible left_possible = {});

}  // namespace nacre::os
