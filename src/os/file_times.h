// FileTimes as the timespec pair of utimensat and futimens.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include "os/file.h"

namespace nacre::os {

struct TimePair {
  timespec items[2];
};

inline timespec time_item(std::optional<uint64_t> nanoseconds, bool now) {
  if (now) return {0, UTIME_NOW};
  if (!nanoseconds) return {0, UTIME_OMIT};
  return {static_cast<time_t>(*nanoseconds / 1'000'000'000),
          static_cast<long>(*nanoseconds % 1'000'000'000)};
}

inline TimePair time_pair(const FileTimes& times) {
  return {
      {time_item(times.access, times.access_now), time_item(times.modified, times.modified_now)}};
}

}  // namespace nacre::os
