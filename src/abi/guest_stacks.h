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
  // Which stacks may still lead into it, by rising number; none do before it was looked for.
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

  // While nobody is on the stack.
  void add(ExecContext& stack);
  void remove(ExecContext& stack);

  // Looks which of the stacks that may lead into the code do not, and never will. `own`: the stack
  // whose guest called the host function that the calling thread is in; null: none. Of guests that
  // run on other threads nothing is found out; they do not wait. Code is `old` by rising address.
  // False: the system does not let anything be found out.
  bool look_for(std::span<OldCode> old, const ExecContext* own);

 private:
  enum class Found : uint8_t { nothing, frames, unknown };
  Found find_frames(const ExecContext& stack, const ExecContext* own, std::span<const OldCode> old);

  std::mutex mutex_;
  std::vector<ExecContext*> stacks_;
  uint64_t last_number_ = 0;
  std::vector<bool> is_found_;  // of `old`, on the stack that is looked at
};

}  // namespace nacre::abi
