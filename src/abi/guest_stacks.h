// All guest stacks of an engine, to find out which code none of them goes on in: such code can be
// freed (docs/RATIONALE.md, "When is the code of a function freed?").
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "abi/exec_context.h"

namespace nacre::abi {

// Machine code that no call leads to any more.
struct OldCode {
  const uint8_t* begin = nullptr;
  const uint8_t* end = nullptr;
  // Once it was looked for: the stacks that may still lead into it, by rising number.
  std::vector<uint64_t> stacks;
  bool looked_for = false;

  bool is_unused() const { return looked_for && stacks.empty(); }
};

// Thread-safe. Outlives the stacks.
class GuestStacks {
 public:
  GuestStacks() = default;
  GuestStacks(const GuestStacks&) = delete;
  GuestStacks& operator=(const GuestStacks&) = delete;

  // While no guest runs or is parked on the stack.
  void add(ExecContext& stack);
  void remove(ExecContext& stack);

  // Takes off each code's list the stacks that do not lead into it and never will. `own`: the stack
  // of the guest whose call of a host function the calling thread is in; null: none. Stacks of
  // guests that run on other threads stay listed, and those guests do not wait. `old` is sorted by
  // rising address. False: the system has no way to find out, and nothing was changed.
  bool look_for(std::span<OldCode> old, const ExecContext* own);

 private:
  enum class Found : uint8_t { nothing, frames, unknown };
  // `named`: which of `old`, if frames are found.
  static Found find_frames(const ExecContext& stack, const ExecContext* own,
                           std::span<const OldCode> old, std::vector<bool>& named);

  std::mutex mutex_;
  std::vector<ExecContext*> stacks_;
  uint64_t last_number_ = 0;
};

}  // namespace nacre::abi
