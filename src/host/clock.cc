#include "host/clock.h"

#include "base/checked.h"

namespace nacre::host {
namespace {

uint64_t saturating_add(uint64_t a, uint64_t b) { return checked_add(a, b).value_or(UINT64_MAX); }

class RealClock final : public Clock {
 public:
  HostResult<uint64_t> now(ClockKind kind) override { return from_sys(os::clock_now(kind)); }
  HostResult<uint64_t> resolution(ClockKind kind) override {
    return from_sys(os::clock_resolution(kind));
  }
  HostResult<size_t> wait(std::span<os::PollItem> items,
                          std::optional<uint64_t> deadline) override {
    return from_sys(os::poll_until(items, deadline));
  }
};

}  // namespace

std::shared_ptr<Clock> make_real_clock() { return std::make_shared<RealClock>(); }

void ManualClock::advance(uint64_t nanoseconds) {
  elapsed_ = saturating_add(elapsed_, nanoseconds);
}

HostResult<uint64_t> ManualClock::now(ClockKind kind) {
  uint64_t elapsed = elapsed_;
  advance(step_);
  return kind == ClockKind::realtime ? saturating_add(realtime_start_, elapsed) : elapsed;
}

HostResult<size_t> ManualClock::wait(std::span<os::PollItem> items,
                                     std::optional<uint64_t> deadline) {
  if (!deadline) return from_sys(os::poll_until(items, std::nullopt));
  size_t ready = HOST_TRY(from_sys(os::poll_until(items, 0)));
  if (ready == 0 && *deadline > elapsed_) elapsed_ = *deadline;
  return ready;
}

}  // namespace nacre::host
