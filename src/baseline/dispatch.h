// Finds selects that choose the next instruction in a guest that is itself an interpreter: a loop
// that loads an opcode and jumps through a table, or functions that end that way.
//
// A select whose result is that interpreter's program counter is better compiled as a branch: with
// a conditional move each load of an opcode waits for the condition; with a branch it does not
// wait. Nor does the branch add mispredictions: where the condition is unpredictable, so is the
// jump through the table that follows. No jump depends on other selects (minimum, absolute value,
// binary search, a child of a tree), so they stay moves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nacre::baseline {

// Follows a body's instructions in order. It assumes that an instruction uses the value that was
// mentioned last, which is true where opcodes are loaded; a wrong assumption costs only speed.
class DispatchFinder {
 public:
  void start() {
    recent_ = kUnknown;
    values_.clear();
    selects_.clear();
    counters_.clear();
    calls_on_ = false;
  }
  // To be called first: only locals below this number may be named.
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

  // An opcode is used, in a loop or by a tail call: the value that was mentioned last, or what is
  // in that local.
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
