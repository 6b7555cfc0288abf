// Which selects choose the next instruction of a machine that the guest is: a loop that loads an
// opcode and jumps by a table, or functions that end so.
//
// A select whose result is that machine's program counter is better a branch: with a conditional
// move the load of the next opcode waits for the condition, round after round; with a branch it
// waits for nothing. And the branch is hardly the worse guess: where the condition cannot be
// foreseen, the jump by the opcode that it leads to cannot be either. No jump depends on other
// selects (minimum, absolute value, binary search, a child of a tree): they stay moves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nacre::baseline {

// Listens to a body's instructions in their order, and takes the value that an instruction uses for
// the one that was mentioned last: true where opcodes are loaded. What it takes wrongly costs
// speed, nothing else.
class DispatchFinder {
 public:
  void start() {
    recent_ = kUnknown;
    values_.clear();
    selects_.clear();
    counters_.clear();
    calls_on_ = false;
  }
  // Before a local is named: those below this may be.
  void allow_locals(size_t count) { values_.resize(count, kUnknown); }

  void local_get(uint32_t local) { recent_ = value_of(local); }
  void local_set(uint32_t local) {
    local_tee(local);
    forget();
  }
  void local_tee(uint32_t local) {
    values_[local] = recent_;
    if ((recent_ & kSelected) != 0) [[unlikely]]
      selects_.push_back({recent_, local});
    local_get(local);
  }
  void load() { recent_ |= kLoaded; }
  void select(uint32_t position, bool in_loop) {
    recent_ = uint64_t{position} << kNumberShift | kSelected | (in_loop ? kInLoop : 0);
  }
  // What was mentioned last is used up.
  void forget() { recent_ = kUnknown; }

  // An opcode is used, in a loop or by a tail call: the value that was mentioned last, or what is in
  // that local.
  void dispatch(bool in_loop) {
    if (!in_loop) calls_on_ = true;
    uint64_t opcode = recent_;
    for (uint32_t i = 0; i < kMaxCopies && is_copy(opcode); ++i) opcode = values_[number(opcode)];
    if ((opcode & (kLoaded | kSelected)) == kLoaded) add_counter(number(opcode));
  }

  // The selects' positions, rising. The whole body was listened to.
  void finish(std::vector<uint32_t>& positions) const {
    positions.clear();
    for (const Written& written : selects_) {
      bool in_machine = (written.select & kInLoop) != 0 || calls_on_;
      if (in_machine && is_counter(written.local)) positions.push_back(number(written.select));
    }
  }

 private:
  // A local is copied to another before its value is loaded from, at most so often.
  static constexpr uint32_t kMaxCopies = 4;
  // Machines have one counter, or a few.
  static constexpr size_t kMaxCounters = 16;

  // A value is a number and what it is the number of: a local that has the value, or, if kLoaded,
  // the value's address; a select's position, if kSelected.
  static constexpr uint64_t kLoaded = 1, kSelected = 2, kInLoop = 4;
  static constexpr int kNumberShift = 3;
  static constexpr uint64_t kUnknown = kLoaded | uint64_t{UINT32_MAX} << kNumberShift;
  static uint64_t value_of(uint32_t local) { return uint64_t{local} << kNumberShift; }
  static uint32_t number(uint64_t value) { return static_cast<uint32_t>(value >> kNumberShift); }
  static bool is_copy(uint64_t value) { return (value & (kLoaded | kSelected)) == 0; }

  struct Written {
    uint64_t select;
    uint32_t local;
  };

  bool is_counter(uint32_t local) const {
    return std::ranges::find(counters_, local) != counters_.end();
  }
  void add_counter(uint32_t local) {
    for (uint32_t i = 0; i < kMaxCopies && local < values_.size(); ++i) {
      if (is_counter(local) || counters_.size() >= kMaxCounters) return;
      counters_.push_back(local);
      if (!is_copy(values_[local])) return;
      local = number(values_[local]);
    }
  }

  uint64_t recent_ = kUnknown;
  std::vector<uint64_t> values_;  // of locals, as they were last written
  std::vector<Written> selects_;  // that were written to locals
  std::vector<uint32_t> counters_;
  bool calls_on_ = false;  // the machine goes on by tail calls
};

}  // namespace nacre::baseline
