// Lets gdb see code that was made at run time: names, and how to unwind its frames.
//
// gdb sets a breakpoint on the function __jit_debug_register_code and reads the list that
// __jit_debug_descriptor begins ("JIT Compilation Interface" in its manual); each entry is an ELF
// file in memory. The protocol fixes both names, so they are process-wide.
#pragma once

#include <memory>

#include "os/code_listener.h"

namespace nacre::os {

// x86-64. Each batch of code becomes an entry; gdb reads them one by one, so there should be few.
std::unique_ptr<CodeListener> make_gdb_listener();

}  // namespace nacre::os
