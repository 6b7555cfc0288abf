// The clocks of the operating system, in nanoseconds.
#pragma once

#include <cstdint>

#include "os/file.h"

namespace nacre::os {

enum class ClockKind : uint8_t { realtime, monotonic, process_cputime, thread_cputime };

// A time before 1970 or beyond 2^64 ns is clamped.
Sys<uint64_t> clock_now(ClockKind kind);
// The real time as of the last tick, up to ten milliseconds ago: much cheaper than the time itself.
uint64_t rough_time();
Sys<uint64_t> clock_resolution(ClockKind kind);

}  // namespace nacre::os
