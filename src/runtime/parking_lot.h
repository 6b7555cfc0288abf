// Where threads wait for a word of a shared memory to change (threads proposal: memory.atomic.wait,
// memory.atomic.notify). One per memory; waiters are kept by address, in the order of their
// arrival.
//
// All methods may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>

namespace nacre::runtime {

class ParkingLot {
 public:
  enum class Woken : uint32_t { notified = 0, not_equal = 1, timed_out = 2, gave_up };  // wasm's

  // Asked now and then whether to stop waiting; may be null.
  using GiveUp = bool (*)();

  // Waits at guest address `address` if the word there, at `word`, is `expected`. `timeout_ns`
  // below 0 is for ever. The word is naturally aligned and stays accessible. T: uint32_t, uint64_t.
  template <class T>
  Woken wait(uint64_t address, const uint8_t* word, T expected, int64_t timeout_ns,
             GiveUp give_up = nullptr);
  // Wakes at most `count` threads that wait there; returns how many.
  uint32_t notify(uint64_t address, uint32_t count);

 private:
  struct Waiter {
    uint64_t address;
    bool notified = false;
    std::condition_variable wake;
  };
  // How often give_up is asked.
  static constexpr int64_t kSliceNs = 2'000'000;

  std::mutex mutex_;
  std::list<Waiter*> waiters_;  // at most one per thread
};

}  // namespace nacre::runtime
