#include "runtime/parking_lot.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>

namespace nacre::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// Nothing: later than any clock goes (invariants.md: saturating-deadlines).
std::optional<Clock::time_point> deadline_after(int64_t timeout_ns) {
  if (timeout_ns < 0) return std::nullopt;
  int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
  int64_t deadline;
  if (__builtin_add_overflow(now, timeout_ns, &deadline)) return std::nullopt;
  return Clock::time_point(std::chrono::nanoseconds(deadline));
}

}  // namespace

template <class T>
ParkingLot::Woken ParkingLot::wait(uint64_t address, const uint8_t* word, T expected,
                                   int64_t timeout_ns, GiveUp give_up) {
  std::optional<Clock::time_point> deadline = deadline_after(timeout_ns);
  std::unique_lock lock(mutex_);
  // Under the lock, so that a thread that changes the word and then notifies finds us waiting.
  T now = __atomic_load_n(reinterpret_cast<const T*>(word), __ATOMIC_SEQ_CST);
  if (now != expected) return Woken::not_equal;

  Waiter self{.address = address, .notified = false, .wake = {}};
  waiters_.push_back(&self);
  auto position = std::prev(waiters_.end());
  auto notified = [&] { return self.notified; };
  Woken woken = Woken::notified;
  if (give_up == nullptr && !deadline) {
    self.wake.wait(lock, notified);
  } else if (give_up == nullptr) {
    if (!self.wake.wait_until(lock, *deadline, notified)) woken = Woken::timed_out;
  } else {
    while (woken == Woken::notified && !self.notified) {
      Clock::time_point slice = Clock::now() + std::chrono::nanoseconds(kSliceNs);
      if (deadline) slice = std::min(slice, *deadline);
      if (self.wake.wait_until(lock, slice, notified)) break;
      if (give_up()) woken = Woken::gave_up;
      if (deadline && slice == *deadline) woken = Woken::timed_out;
    }
  }
  waiters_.erase(position);
  return woken;
}

template ParkingLot::Woken ParkingLot::wait(uint64_t, const uint8_t*, uint32_t, int64_t, GiveUp);
template ParkingLot::Woken ParkingLot::wait(uint64_t, const uint8_t*, uint64_t, int64_t, GiveUp);

uint32_t ParkingLot::notify(uint64_t address, uint32_t count) {
  std::lock_guard lock(mutex_);
  uint32_t woken = 0;
  for (Waiter* waiter : waiters_) {
    if (woken == count) break;
    if (waiter->address != address || waiter->notified) continue;
    waiter->notified = true;
    waiter->wake.notify_one();
    ++woken;
  }
  return woken;
}

}  // namespace nacre::runtime
