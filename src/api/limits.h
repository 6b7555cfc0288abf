// Limits in the user's rules, and as the runtime enforces them.
#pragma once

#include <vector>

#include "abi/trap.h"
#include "grant/rule.h"
#include "runtime/limits.h"

namespace nacre::api {

// Of several limits of one kind the smallest counts.
runtime::Limits limits_of(const std::vector<grant::Rule>& rules);

// Whether one of them is a limit of time, which needs a watchdog thread (os/watchdog.h).
bool keep_time(const runtime::Limits& limits);

// "memory": the kind of grant whose limit a trap is about. "" if it is about none; ends in NUL.
const char* limit_name(abi::TrapKind trap);

}  // namespace nacre::api
