// How a call of a function ended: the function returned, trapped, let an exception out, or is
// suspended, because a host function that it called waits for something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "abi/trap.h"

namespace nacre::abi {

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
  Outcome(Outcome&& other) noexcept : word_(std::exchange(other.word_, kReturned)) {}
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
  bool is_returned() const { return word_ == kReturned; }
  bool is_trapped() const { return word_ > kLastNumber; }
  bool is_suspended() const { return word_ == kSuspended; }
  // Of one that trapped.
  Trap& trap() const { return *trap_pointer(); }
  TrapPtr take_trap() && {
    return TrapPtr(reinterpret_cast<Trap*>(std::exchange(word_, kReturned)));  // NOLINT
  }

 private:
  static constexpr uintptr_t kReturned = 0, kSuspended = 1, kThrown = 2;
  static constexpr uintptr_t kLastNumber = 255;  // above: the address of the trap
  explicit Outcome(uintptr_t word) : word_(word) {}
  Trap* trap_pointer() const { return reinterpret_cast<Trap*>(word_); }  // NOLINT

  uintptr_t word_ = kReturned;  // one word, as every call of a host function returns one
};
static_assert(sizeof(Outcome) == sizeof(uintptr_t));

}  // namespace nacre::abi
