// Keeps time for code that must not run longer than it may: one thread for any number of guests,
// which sleeps until something is due and then interrupts it (os/interrupt.h) until it has stopped.
//
// A Watch belongs to one guest. Time passes for it between begin() and end(), on the thread that
// called begin(); the next begin() continues with what is left. A guest that begins to wait without
// a thread calls wait() instead of end(): then time goes on, but CPU time does not. Each call costs
// one reading of the clock and no lock, unless something is due earlier than the watchdog expects.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "os/interrupt.h"

namespace nacre::os {

// Asks the scheduler for short time slices, so that the calling thread runs soon when it wakes on a
// busy machine (Linux 6.12 and later; elsewhere nothing happens). Watchdogs ask for it; in a
// process that is locked down they cannot (os/lockdown.h), but inherit it from the thread that
// makes them, so that thread must ask before.
void prefer_short_turns();

// Thread-safe.
class Watchdog {
 public:
  // Errors: internal, out_of_memory: no handler, no thread.
  static Result<std::shared_ptr<Watchdog>> create();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  // How long it waits before it interrupts code again that did not stop.
  static constexpr uint64_t kRepeatNs = 1'000'000;

 private:
  friend class Watch;
  Watchdog() = default;
  void add(Watch& watch);
  void remove(Watch& watch);
  // Something may be due at this time (CLOCK_MONOTONIC).
  void expect(uint64_t when_ns);
  void run();

  static constexpr uint64_t kNever = ~uint64_t{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Watch*> watches_;
  bool look_again_ = false;
  bool stopping_ = false;
  // Until when the thread sleeps; kNever also while it checks what is due.
  std::atomic<uint64_t> wakes_at_{kNever};
  pthread_t thread_{};
  bool started_ = false;
};

class Watch {
 public:
  // What is written to Interruptible::stop.
  struct Reasons {
    uint32_t time;
    uint32_t cpu_time;
    uint32_t interrupted;
  };
  // `target` outlives it.
  Watch(std::shared_ptr<Watchdog> watchdog, Interruptible& target, Reasons reasons);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  // Interrupts this from now on instead of the former target; it must outlive the watch. Only while
  // the guest does not run.
  void set_target(Interruptible& target);
  Interruptible& target() const { return *target_; }

  // How much time may pass from now on; nothing: any. Called by the thread that runs the guest,
  // also while it runs.
  void set_time_left(std::optional<uint64_t> nanoseconds);
  void set_cpu_time_left(std::optional<uint64_t> nanoseconds);

  // The calling thread begins to run the guest. 0, or the reason why it must not: nothing is left.
  // end() follows in either case.
  [[nodiscard]] uint32_t begin();
  void end();
  // In place of end() for a guest that waits: its time passes until the next begin() or
  // stop_waiting().
  void wait();
  void stop_waiting();
  // When the time of a guest that waits will be over (CLOCK_MONOTONIC); nothing: never. It is not
  // interrupted then; the next begin() returns the reason.
  std::optional<uint64_t> deadline() const;
  // Stops the guest that runs now, or if none does, the next one. Any thread.
  void interrupt();
  // Called when the code that was to be stopped has stopped.
  void note_stopped(uint32_t reason);

 private:
  friend class Watchdog;
  enum class State : uint8_t { idle, running, interrupting };

  void charge();   // takes off the time since begin()
  void publish();  // computes the deadlines
  void become_idle();
  // ---- by the watchdog
  //
  // When it has to look again (CLOCK_MONOTONIC); interrupts the guest if something is due.
  uint64_t look(uint64_t now);
  uint32_t due(uint64_t now, uint64_t& next) const;

  std::shared_ptr<Watchdog> watchdog_;
  Interruptible* target_;
  const Reasons reasons_;

  // Of the thread that runs the guest.
  std::optional<uint64_t> time_left_;
  std::optional<uint64_t> cpu_left_;
  uint64_t began_at_ = 0;
  uint64_t cpu_began_at_ = 0;
  pthread_t thread_{};  // written while idle
  std::optional<uint64_t> waits_since_;

  std::atomic<State> state_{State::idle};
  std::atomic<bool> requested_{false};
  std::atomic<uint64_t> deadline_;      // CLOCK_MONOTONIC
  std::atomic<uint64_t> cpu_deadline_;  // of the thread's CPU clock
  std::atomic<clockid_t> cpu_clock_{0};
};

// While it lives, no time passes for the guest that the calling thread runs: a person is being
// asked.
class PauseTime {
 public:
  PauseTime();
  ~PauseTime();
  PauseTime(const PauseTime&) = delete;
  PauseTime& operator=(const PauseTime&) = delete;
};

}  // namespace nacre::os
