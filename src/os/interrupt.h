// How running code is told to stop, from another thread and without a counter in the code.
//
// A thread that wants it to stop writes the reason into the word `stop` of what the code runs in,
// and sends the signal (interrupt_thread) to the thread, again each millisecond until the code has
// stopped. What the signal finds there:
//
//   machine code in a CodeRange (os/fault.h)   it goes on at the range's resume address for
//                                              interrupts. Its registers are as they were, except
//                                              the one of a C function's second argument: it holds
//                                              the address of the interrupted instruction
//   the interpreter                            `notice` is written, which it looks at
//   a system call                              it returns EINTR; loops around one that may wait
//                                              look at stop_requested() and give up
//   anything else                              nothing: it sees the word when it is done
//
// The signal is SIGURG, which does nothing where no handler is installed and which debuggers pass
// over. A handler that was there before gets those that are not ours.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/result.h"

namespace nacre::os {

class Watch;

// What an interpreter polls where code could run for ever. Belongs to the thread that runs it; only
// that thread and its signal handler write it.
struct Notice {
  // kInterruptPending: take the slow path, which finds out why; else 0.
  static constexpr uint32_t kInterruptPending = ~uint32_t{0};
  std::atomic<uint32_t> interrupt_pending{0};
  // Calls take the fast path if this is the instance of the function that they call; null: none do.
  std::atomic<const void*> fast_call_guard{nullptr};
};

// What code runs in. Generated code reads `stop`.
struct Interruptible {
  std::atomic<uint32_t> stop{0};   // not 0: stop, and why. Any thread writes it.
  uint32_t stop_for_others = 1;    // the reason, if it is something below that is to stop
  Notice* notice = nullptr;        // of the interpreter that runs now
  Watch* watch = nullptr;          // of its time; null: none is kept
  Interruptible* outer = nullptr;  // what runs below it on the same thread
};

// Installs the handler; later calls do nothing.
Result<void> install_interrupt_handler();
// Lets the calling thread be interrupted, whatever signals it has blocked. Cheap when called again.
void allow_interrupts();
// Any thread. `thread` has not ended.
void interrupt_thread(pthread_t thread);

// While it lives, `running` is what the calling thread runs, on top of what it ran before. Signals
// are for the innermost; a reason to stop what is below is one for all above it.
class Running {
 public:
  explicit Running(Interruptible& running);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
};

// What the calling thread runs; null if that cannot be interrupted.
Interruptible* innermost();
// Whether something that the calling thread runs is to stop. Async-signal-safe.
bool stop_requested();
// Locks it, unless something that the calling thread runs is to stop before that is possible: whom
// it waits for may work for long. Whether it did.
[[nodiscard]] bool lock_unless_stopped(std::unique_lock<std::mutex>& lock);

}  // namespace nacre::os
