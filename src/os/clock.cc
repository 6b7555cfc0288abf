#include "os/clock.h"

#include <time.h>

#include <cerrno>

namespace nacre::os {
namespace {

clockid_t native(ClockKind kind) {
  switch (kind) {
    case ClockKind::realtime:
      return CLOCK_REALTIME;
    case ClockKind::monotonic:
      return CLOCK_MONOTONIC;
    case ClockKind::process_cputime:
      return CLOCK_PROCESS_CPUTIME_ID;
    case ClockKind::thread_cputime:
      return CLOCK_THREAD_CPUTIME_ID;
  }
  return CLOCK_MONOTONIC;
}

}  // namespace

uint64_t nanoseconds(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  uint64_t result;
  if (__builtin_mul_overflow(static_cast<uint64_t>(time.tv_sec), 1'000'000'000u, &result) ||
      __builtin_add_overflow(result, static_cast<uint64_t>(time.tv_nsec), &result)) {
    return UINT64_MAX;
  }
  return result;
}

Sys<uint64_t> clock_now(ClockKind kind) {
  timespec time;
  if (clock_gettime(native(kind), &time) != 0) return std::unexpected(errno);
  return nanoseconds(time);
}

uint64_t rough_time() {
  timespec time;
  return clock_gettime(CLOCK_REALTIME_COARSE, &time) == 0 ? nanoseconds(time) : 0;
}

Sys<uint64_t> clock_resolution(ClockKind kind) {
  timespec time;
  if (clock_getres(native(kind), &time) != 0) return std::unexpected(errno);
  uint64_t result = nanoseconds(time);
  return result == 0 ? 1 : result;
}

}  // namespace nacre::os
