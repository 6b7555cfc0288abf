#include "runtime/parking_lot.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>

namespace nacre::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// Nothing: later than any clock goes (security.md Q3).
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
                                   int64_t timeout_ns) {
  std::optional<Clock::time_point> deadline = deadline_after(timeout_ns);
  std::unique_lock lock(mutex_);
  // Under the lock, so that whoever changes the word and then notifies finds us waiting.
  T now = __atomic_load_n(reinterpret_cast<const T*>(word), __ATOMIC_SEQ_CST);
  if (now != expected) return Woken::not_equal;

  Waiter self{.address = address, .notified = false, .wake = {}};
  waiters_.push_back(&self);
  auto position = std::prev(waiters_.end());
  bool notified = true;
  if (deadline) {
    notified = self.wake.wait_until(lock, *deadline, [&] { return self.notified; });
  } else {
    self.wake.wait(lock, [&] { return self.notified; });
  }
  waiters_.erase(position);
  return notified ? Woken::notified : Woken::timed_out;
}

ParkingLot::Woken ParkingLot::wait32(uint64_t address, const uint8_t* word, uint32_t expected,
                                     int64_t timeout_ns) {
  return wait(address, word, expected, timeout_ns);
}

ParkingLot::Woken ParkingLot::wait64(uint64_t address, const uint8_t* word, uint64_t expected,
                                     int64_t timeout_ns) {
  return wait(address, word, expected, timeout_ns);
}

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
