#include "os/interrupt.h"

#include <signal.h>

#include <chrono>
#include <thread>

namespace nacre::os {
namespace {

// The one thing that a signal handler can know of what it interrupted. In the part of a thread's
// memory that is there from its beginning: reaching it never allocates.
[[gnu::tls_model("initial-exec")]] constinit thread_local Interruptible* current = nullptr;

}  // namespace

Running::Running(Interruptible& running) {
  running.outer = current;
  std::atomic_signal_fence(std::memory_order_release);
  current = &running;
}

Running::~Running() {
  Interruptible* ended = current;
  current = ended->outer;
  std::atomic_signal_fence(std::memory_order_release);
  ended->outer = nullptr;
}

Interruptible* innermost() { return current; }

bool stop_requested() {
  for (const Interruptible* item = current; item != nullptr; item = item->outer) {
    if (item->stop.load(std::memory_order_relaxed) != 0) return true;
  }
  return false;
}

bool lock_unless_stopped(std::unique_lock<std::mutex>& lock) {
  if (lock.try_lock()) return true;
  if (current == nullptr) {
    lock.lock();
    return true;
  }
  // A mutex does not end its wait for a signal.
  while (!stop_requested()) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    if (lock.try_lock()) return true;
  }
  return false;
}

void allow_interrupts() {
  static thread_local bool allowed = false;
  if (allowed) return;
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGURG);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  allowed = true;
}

void interrupt_thread(pthread_t thread) { ::pthread_kill(thread, SIGURG); }

}  // namespace nacre::os
