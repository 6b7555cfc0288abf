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
  enum class Woken : uint32_t { notified = 0, not_equal = 1, timed_out = 2 };  // wasm's results

  // Waits at guest address `address` if the word there, at `word`, is `expected`. `timeout_ns`
  // below 0 is for ever. The word is naturally aligned and stays accessible.
  Woken wait32(uint64_t address, const uint8_t* word, uint32_t expected, int64_t timeout_ns);
  Woken wait64(uint64_t address, const uint8_t* word, uint64_t expected, int64_t timeout_ns);
  // Wakes at most `count` of those who wait there; how many.
  uint32_t notify(uint64_t address, uint32_t count);

 private:
  struct Waiter {
    uint64_t address;
    bool notified = false;
    std::condition_variable wake;
  };
  template <class T>
  Woken wait(uint64_t address, const uint8_t* word, T expected, int64_t timeout_ns);

  std::mutex mutex_;
  std::list<Waiter*> waiters_;  // at most one per thread
};

}  // namespace nacre::runtime
