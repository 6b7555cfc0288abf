// Side tables: what an in-place interpreter needs beside the original bytes of a body, because
// those bytes do not say where a branch lands and how high the operand stack is there.
//
// Made by the validator while it checks a body (build_side_table in wasm/validate/validate.h), so
// a table exists only for valid code. Immutable afterwards; any thread may read it. Positions are
// byte offsets into the body (Module::body_of), heights are in values: each takes one slot, of 8
// bytes or, in functions with uses_v128, of 16.
//
// How a consumer steps. It keeps `pc` in the body and a cursor into `branches`, both starting at
// shape.code_begin and entry 0. Instructions that own entries, in code order, live or not:
//
//   br, br_if, br_on_null, br_on_non_null,          one entry: the branch
//   br_on_cast, br_on_cast_fail
//   if                                              one entry, taken when the condition is false:
//                                                   behind the `else`, or behind the `end`
//   else, catch, catch_all                          one entry, always taken: the arm above them was
//                                                   completed and goes on behind the `end`
//   br_table with n labels and a default            n + 1 consecutive entries, the default last
//   rethrow                                         one entry, no branch: `pop` is the number of
//                                                   the exception slot to throw again
//
// All others, `return`, `loop`, `end`, `delegate` and `try_table` among them, own none.
// Not taken: the cursor advances by the entries the instruction owns (by one; only an untaken
// br_if, if with a true condition, and br_on_* reach this), and pc goes on behind the immediates.
// Taken, with entry e (of br_table: the cursor plus the label's number):
//
//   pc     = address of the first byte behind the opcode (where the immediates begin; behind the
//            LEB128 number of prefixed opcodes) + e.delta_pc
//   cursor = &e + e.delta_entry
//   stack: the topmost e.keep values stay, the e.pop values beneath them are dropped
//
// The stack is meant after the instruction has taken its own operands: the condition of br_if and
// if, the index of br_table, the null of br_on_null. br_on_non_null, br_on_cast and br_on_cast_fail
// leave the reference on the stack when they branch, and `keep` counts it; br_on_null when it does
// not branch leaves its reference, br_on_non_null takes its null away.
//
// A branch to the function's own label is a return: it lands on the final `end` (pc ==
// shape.code_end - 1) with the cursor behind the last entry and the results on top of an otherwise
// empty operand stack. Otherwise a label of a block lands behind its `end`; a label of a loop lands
// behind the `block` instructions that the loop begins with, if any (they do nothing), with the
// cursor back at the entry of that place. An `end` that is met in straight-line execution, or
// there, does nothing, except the final one.
//
// In unreachable code (specification appendix, "Validation algorithm") keep and pop are 0.
#pragma once

#include <cstdint>
#include <vector>

namespace nacre::wasm {

struct BranchEntry {
  int32_t delta_pc = 0;
  int32_t delta_entry = 0;
  uint32_t pop : 22 = 0;   // at most kMaxOperands
  uint32_t keep : 10 = 0;  // at most kMaxResults + 1
};
static_assert(sizeof(BranchEntry) == 12);

// One way to catch an exception. `handlers` is ordered from the inside out: the first whose range
// holds the throwing instruction and whose tag fits takes the exception.
//
// On the way to target_pc: the operand stack is cut to `height`, then the values of the tag (kinds
// catch_ and catch_ref) and the exception reference (catch_ref, catch_all_ref) are pushed, and the
// cursor becomes target_entry. `delegate` catches nothing: the search goes on behind this handler
// as if the exception had been thrown at target_pc.
struct ExceptionHandler {
  enum class Kind : uint8_t { catch_, catch_ref, catch_all, catch_all_ref, delegate };
  static constexpr uint32_t kNoSlot = 0xFFFFFF;

  // Holds the instructions that begin at begin <= pc < end. With the address behind a call in hand
  // (begin < pc <= end) is the same question, as no call is the last instruction of a range.
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t tag = 0;  // tag index of the module: catch_, catch_ref
  uint32_t target_pc = 0;
  uint32_t target_entry = 0;
  uint32_t height = 0;
  // Legacy catch and catch_all: the exception stays in this slot of the frame for rethrow.
  uint32_t exception_slot : 24 = kNoSlot;
  Kind kind : 8 = Kind::catch_;
};

// What a frame of the function needs.
struct FunctionShape {
  uint32_t local_count = 0;  // parameters and locals; zero bits are every type's default
  uint32_t param_count = 0;  // the first of the locals
  uint32_t result_count = 0;
  uint32_t max_operands = 0;     // the greatest height of the operand stack
  uint32_t exception_slots = 0;  // for rethrow; 0 without legacy catches
  bool uses_v128 = false;        // in a local, parameter, result or operand
  uint32_t code_begin = 0;       // the first instruction, behind the locals
  uint32_t code_end = 0;         // behind the final `end`; the size of the body
};

struct SideTable {
  std::vector<BranchEntry> branches;
  std::vector<ExceptionHandler> handlers;
};

}  // namespace nacre::wasm
