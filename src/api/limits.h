// Limits as a user says them, and as the runtime holds them.
#pragma once

#include <vector>

#include "abi/trap.h"
#include "grant/rule.h"
#include "runtime/limits.h"

namespace nacre::api {

// Of everything that was said the smallest counts.
runtime::Limits limits_of(const std::vector<grant::Rule>& rules);

// Whether one of them is kept by a thread (os/watchdog.h).
bool keep_time(const runtime::Limits& limits);

// "memory": the kind of grant whose limit a trap is about. "" if it is about none; ends in NUL.
const char* limit_name(abi::TrapKind trap);

}  // namespace nacre::api
