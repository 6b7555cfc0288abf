// Time: reading clocks and waiting on them.
//
// Nanoseconds; realtime counts from 1970, monotonic from an unspecified start that it shares with
// the deadlines of wait(). Many threads may use one Clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "host/errno.h"
#include "os/clock.h"
#include "os/poll.h"

namespace nacre::host {

using ClockKind = os::ClockKind;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual HostResult<uint64_t> now(ClockKind kind) = 0;
  // Never 0.
  virtual HostResult<uint64_t> resolution(ClockKind kind) = 0;
  // Waits until an item is ready or the monotonic clock reaches `deadline`; returns how many are
  // ready.
  virtual HostResult<size_t> wait(std::span<os::PollItem> items,
                                  std::optional<uint64_t> deadline) = 0;
  // Whether time passes only when it is waited for, as in a manual clock: an event loop, which has
  // the system's time, cannot wait for it then.
  virtual bool passes_by_waiting() const { return false; }
};

std::shared_ptr<Clock> make_real_clock();

// Starts at the given times and stands still: each reading advances it by `step`, and waiting
// passes in no time. For runs that must repeat exactly.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(uint64_t realtime_start, uint64_t step = 0)
      : realtime_start_(realtime_start), step_(step) {}
  void advance(uint64_t nanoseconds);
  HostResult<uint64_t> now(ClockKind kind) override;
  HostResult<uint64_t> resolution(ClockKind) override { return 1; }
  HostResult<size_t> wait(std::span<os::PollItem> items, std::optional<uint64_t> deadline) override;
  bool passes_by_waiting() const override { return true; }

 private:
  uint64_t realtime_start_;
  uint64_t step_;
  std::atomic<uint64_t> elapsed_ = 0;
};

}  // namespace nacre::host
