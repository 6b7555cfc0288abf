// Takes rights away from this process, for good; the kernel enforces it against all code in it.
//
// Landlock (Linux 5.19 and later) leaves the named parts of the file system, and no new TCP
// connections or listeners. seccomp leaves the system calls of os/syscalls.def: no programs, no
// processes, no sockets, no privileges. What is open stays open. If the kernel has only one of the
// two, that one is used; if another sandbox forbids them, none.
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

// Rights that only some processes which run guests need.
struct LeftPossible {
  bool setting_times = true;  // of any file that it has open; never by a name
  bool mapping_code = true;   // for modules that are loaded later
  bool serving = false;       // the event loop and the instance pools of a server
};

// Landlock binds the calling thread and those that it makes, seccomp all threads. Errors: io, if
// the kernel supports it but it fails. Cannot be undone.
Result<LockdownState> lock_down(std::span<const LeftOpen> left_open,
                                LeftPossible left_possible = {});

}  // namespace nacre::os
