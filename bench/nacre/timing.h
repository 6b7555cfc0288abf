// Timing small things: medians of batches.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nacre::bench {

using Clock = std::chrono::steady_clock;

inline double ns_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Errors: internal, if what was timed did not do its work.
inline Result<void> expect(uint32_t got, uint32_t wanted) {
  if (got == wanted) return {};
  return fail(ErrorCode::internal,
              "wrong result: " + std::to_string(got) + ", not " + std::to_string(wanted));
}

// The median of what `once` takes, in nanoseconds. once: Result<void>(), does its work `count`
// times.
template <class F>
Result<double> time_batches(int batches, int count, F once) {
  std::vector<double> times;
  for (int i = 0; i < batches; ++i) {
    Clock::time_point begin = Clock::now();
    TRY(once());
    times.push_back(ns_since(begin) / count);
  }
  return median(std::move(times));
}

}  // namespace nacre::bench
