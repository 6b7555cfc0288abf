// Whether anybody is on a guest stack. The thread that enters and leaves it pays nothing for that
// others can ask.
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
  uint32_t depth() const {
    uint32_t state = state_.load(std::memory_order_relaxed);
    return state == kParked ? 0 : state;
  }
  // Whether it is the outermost entry.
  bool enter() {
    uint32_t before = depth();
    state_.store(before + 1, std::memory_order_relaxed);
    return before == 0;
  }
  void leave() { state_.store(depth() - 1, std::memory_order_release); }
  // leave(), of a guest that is parked there.
  void park() { state_.store(kParked, std::memory_order_release); }
  // Where a guest was parked, enter() is followed by this: nobody looks at its frames any more.
  void wait_until_unwatched() const {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    while (watched_.load(std::memory_order_acquire)) std::this_thread::yield();
  }

 private:
  friend class GuestStacks;
  static constexpr uint32_t kParked = ~uint32_t{0};

  std::atomic<uint32_t> state_{0};  // depth(), or kParked
  std::atomic<bool> watched_{false};
  // Of GuestStacks.
  size_t place_ = 0;
  uint64_t number_ = 0;
};

}  // namespace nacre::abi
