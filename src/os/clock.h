// The clocks of the operating system, in nanoseconds.
#pragma once

#include <time.h>

#include <cstdint>

#include "os/file.h"

namespace nacre::os {

enum class ClockKind : uint8_t { realtime, monotonic, process_cputime, thread_cputime };

// Times before 1970 become 0, those beyond 2^64 ns the largest value (invariants.md:
// clamped-times).
uint64_t nanoseconds(const timespec& time);
Sys<uint64_t> clock_now(ClockKind kind);
// The real time at the kernel's last tick, up to ten milliseconds ago: much cheaper to read.
uint64_t rough_time();
// A counter of the processor that runs evenly, ten million to some billions a second: cheaper
// still.
inline uint64_t ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#elif defined(__riscv)
  uint64_t count;
  asm volatile("rdtime %0" : "=r"(count));
  return count;
#else
#error "this processor has no counter here yet"
#endif
}
Sys<uint64_t> clock_resolution(ClockKind kind);

}  // namespace nacre::os
