// How a call of a function ended: the function returned, trapped, let an exception out, or is
// suspended, because a host function that it called waits for something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "abi/trap.h"

namespace nacre::abi {

// One word: direct calls pass it in memory that machine code reads (DirectCall, abi/host_func.h).
class [[nodiscard]] Outcome {
 public:
  enum class Kind : uint8_t {
    returned,   // the results are in place
    trapped,    // take_trap() says why
    thrown,     // an exception left the function; no tier lets one out yet
    suspended,  // ExecContext::suspension says what the guest waits for
  };

  Outcome() = default;        // returned
  Outcome(std::nullptr_t) {}  // NOLINT: a conversion; likewise
  Outcome(TrapPtr trap)       // NOLINT: a conversion; never null
      : word_(reinterpret_cast<uintptr_t>(trap.release())) {}
  static Outcome suspended() { return Outcome(kSuspended); }
  Outcome(Outcome&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  Outcome& operator=(Outcome&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~Outcome() {
    if (word_ > kLastNumber) delete trap_pointer();
  }

  Kind kind() const {
    if (word_ > kLastNumber) return Kind::trapped;
    if (word_ == kThrown) return Kind::thrown;
    return word_ == kSuspended ? Kind::suspended : Kind::returned;
  }
  bool is_returned() const { return word_ == 0; }
  bool is_trapped() const { return word_ > kLastNumber; }
  bool is_suspended() const { return word_ == kSuspended; }
  // Of one that trapped.
  Trap& trap() const { return *trap_pointer(); }
  TrapPtr take_trap() && {
    return TrapPtr(reinterpret_cast<Trap*>(std::exchange(word_, 0)));  // NOLINT
  }

  // As a word: 0, one of the numbers, or the address of a trap that is the receiver's.
  static constexpr uintptr_t kSuspended = 256;  // below it: a TrapKind that is not made a trap yet
  static constexpr uintptr_t kThrown = 257;
  static constexpr uintptr_t kLastNumber = 511;  // no object lies there
  uintptr_t release() && { return std::exchange(word_, 0); }

 private:
  explicit Outcome(uintptr_t word) : word_(word) {}
  Trap* trap_pointer() const { return reinterpret_cast<Trap*>(word_); }  // NOLINT

  uintptr_t word_ = 0;
};
static_assert(sizeof(Outcome) == sizeof(uintptr_t));

}  // namespace nacre::abi
