// Whether a guest runs or is parked on a stack. Entering and leaving cost no barrier, although other
// threads may look: GuestStacks pays for that (os/synchronize.h).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace nacre::abi {

// Written by the thread that uses the stack; GuestStacks looks at it from others.
class StackUse {
 public:
  // Nested entries from the host.
  uint32_t depth() const { return depth_.load(std::memory_order_relaxed); }
  // Whether it is the outermost entry.
  bool enter() {
    uint32_t before = depth();
    depth_.store(before + 1, std::memory_order_relaxed);
    return before == 0;
  }
  void leave() { depth_.store(depth() - 1, std::memory_order_release); }
  // In front of leave(), where the guest stays on the stack.
  void park() { is_parked_.store(true, std::memory_order_relaxed); }
  // After enter(), where a guest was parked: waits until no other thread searches its frames.
  void unpark() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    while (is_watched_.load(std::memory_order_acquire)) std::this_thread::yield();
    is_parked_.store(false, std::memory_order_relaxed);
  }

 private:
  friend class GuestStacks;

  std::atomic<uint32_t> depth_{0};
  std::atomic<bool> is_parked_{false};  // counts where depth_ is 0
  std::atomic<bool> is_watched_{false};
  // Of GuestStacks.
  size_t place_ = 0;
  uint64_t number_ = 0;
};

}  // namespace nacre::abi
