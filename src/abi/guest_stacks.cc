#include "abi/guest_stacks.h"

#include <algorithm>

#include "os/synchronize.h"

namespace nacre::abi {
namespace {

// The lowest frame of machine code on a stack whose guest is parked, or is in a host function. Where
// the interpreter was parked, its frames are at the other end, and frame_top tells of those beneath.
const uint8_t* lowest_frame(const ExecContext& stack, bool is_parked) {
  const auto* point = static_cast<const uint8_t*>(stack.suspension.resume_point);
  bool is_machine_code = is_parked && point >= stack.downwards_end && point < stack.frame_top;
  return is_machine_code ? point : stack.frame_top;
}

// Any word may be a return address. Another thread may write results of host functions to the stack
// meanwhile; those are no addresses of code.
__attribute__((noinline, no_sanitize("thread"))) void mark_named(const uint8_t* from,
                                                                 const uint8_t* to,
                                                                 std::span<const OldCode> old,
                                                                 std::vector<bool>& named) {
  const uint8_t* first = old.front().begin;
  auto span = static_cast<uint64_t>(old.back().end - first);
  auto misaligned = reinterpret_cast<uintptr_t>(from) % sizeof(uintptr_t);
  for (const auto* at = from - misaligned; at < to; at += sizeof(uintptr_t)) {
    uintptr_t word = *reinterpret_cast<const volatile uintptr_t*>(at);
    if (word - reinterpret_cast<uintptr_t>(first) > span) continue;
    // Where it returns to may be the end of the code.
    auto after = std::upper_bound(old.begin(), old.end(), word, [](uintptr_t w, const OldCode& c) {
      return w < reinterpret_cast<uintptr_t>(c.begin);
    });
    for (auto code = after; code != old.begin();) {
      --code;
      if (word > reinterpret_cast<uintptr_t>(code->end)) break;
      named[static_cast<size_t>(code - old.begin())] = true;
    }
  }
}

}  // namespace

void GuestStacks::add(ExecContext& stack) {
  std::lock_guard lock(mutex_);
  stack.stack_use.place_ = stacks_.size();
  stack.stack_use.number_ = ++last_number_;
  stacks_.push_back(&stack);
}

void GuestStacks::remove(ExecContext& stack) {
  std::lock_guard lock(mutex_);
  stacks_[stack.stack_use.place_] = stacks_.back();
  stacks_.back()->stack_use.place_ = stack.stack_use.place_;
  stacks_.pop_back();
}

// Who enters a stack after the threads were synchronized finds calls leading elsewhere; who entered
// it before is seen. Who was parked there comes back only when it is not watched any more.
bool GuestStacks::look_for(std::span<OldCode> old, const ExecContext* own) {
  if (old.empty()) return true;
  std::lock_guard lock(mutex_);
  for (ExecContext* stack : stacks_)
    stack->stack_use.is_watched_.store(true, std::memory_order_relaxed);
  bool can_look = os::synchronize_threads();
  if (can_look) {
    std::vector<std::vector<uint64_t>> still(old.size());
    std::vector<bool> named(old.size());
    for (ExecContext* stack : stacks_) {
      Found found = find_frames(*stack, own, old, named);
      if (found == Found::nothing) continue;
      uint64_t number = stack->stack_use.number_;
      for (size_t i = 0; i < old.size(); ++i) {
        bool may_lead = !old[i].looked_for || std::ranges::binary_search(old[i].stacks, number);
        if (may_lead && (found == Found::unknown || named[i])) still[i].push_back(number);
      }
    }
    for (size_t i = 0; i < old.size(); ++i) {
      std::ranges::sort(still[i]);
      old[i].stacks = std::move(still[i]);
      old[i].looked_for = true;
    }
  }
  for (ExecContext* stack : stacks_)
    stack->stack_use.is_watched_.store(false, std::memory_order_release);
  return can_look;
}

GuestStacks::Found GuestStacks::find_frames(const ExecContext& stack, const ExecContext* own,
                                            std::span<const OldCode> old,
                                            std::vector<bool>& named) {
  bool is_entered = stack.stack_use.depth_.load(std::memory_order_acquire) != 0;
  bool is_parked = !is_entered && stack.stack_use.is_parked_.load(std::memory_order_relaxed);
  if (!is_entered && !is_parked) return Found::nothing;
  if (is_entered && &stack != own) return Found::unknown;
  named.assign(old.size(), false);
  mark_named(lowest_frame(stack, is_parked), stack.stack_end, old, named);
  bool any = std::ranges::find(named, true) != named.end();
  return any ? Found::frames : Found::nothing;
}

}  // namespace nacre::abi
