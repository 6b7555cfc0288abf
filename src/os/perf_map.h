// The file in which perf looks for the names of code that was made at run time.
//
// /tmp/perf-PID.map, a line for each function: address and size in hexadecimal, and the name. It is
// written as code is made and stays when the process ends; perf report reads it afterwards. Code
// that is freed keeps its line, because the format has no way to remove one.
#pragma once

#include <memory>

#include "base/result.h"
#include "os/code_listener.h"

namespace nacre::os {

// One a process. Errors: io (the file belongs to another user, /tmp cannot be written).
Result<std::unique_ptr<CodeListener>> make_perf_map();

}  // namespace nacre::os
