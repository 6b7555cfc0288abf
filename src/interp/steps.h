// Steps: handler indices, one for each instruction of a function.
//
// The interpreter runs a module's own bytes. Beside them is an array with one number per byte, used
// where an instruction begins: its step. Steps below 256 are opcodes (or their prefix); those above
// are the superinstructions (forms) of fused.def, and runs of instructions that do nothing. A step
// depends only on the bytes from its own position on, so a branch may lead into the middle of a
// form.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "wasm/features.h"
#include "wasm/ops.h"
#include "wasm/validate/side_table.h"

namespace nacre::interp {

using Step = uint16_t;

// The instructions that push operands of a form; missing operands are taken from the stack.
enum class Operands : uint8_t {
  stack,            // none
  local,            // local.get
  constant,         // i32.const or i64.const of one byte
  constant2,        // ... of two
  locals,           // local.get, local.get
  local_constant,   // local.get, constant
  local_constant2,  // local.get, constant2
  noted,            // a longer i32.const
  local_noted,      // local.get, a longer i32.const
};
inline constexpr size_t kOperandsKinds = 9;

// What becomes of the result.
enum class Use : uint8_t {
  none,       // there is no result
  push,       // it stays on the stack
  set,        // local.set
  tee,        // local.tee
  br_if,      // br_if
  if_,        // if
  br_table,   // br_table
  set_br,     // local.set, br
  tee_br_if,  // local.tee, br_if
  br_unless,  // i32.eqz, br_if
  mask,       // i32.const of one byte, i32.and
  mask2,      // ... of two
};
inline constexpr size_t kUses = 12;

struct Form {
  wasm::Op op;
  Operands operands;
  Use use;
};
inline constexpr Form kForms[] = {
#define FORM(op, operands, use) {wasm::Op::op, Operands::operands, Use::use},
#include "interp/fused.def"
};
inline constexpr size_t kFirstForm = 256;

// Instructions with a long immediate (an index or constant of 32 bits, the offset of an access).
// The decoded immediate is in the two steps after the instruction's own, its length in the one
// after these, unless it has only three bytes. Such an op has two steps: for three bytes, and for
// more.
inline constexpr wasm::Op kLongOps[] = {
#define LONG(op) wasm::Op::op,
#include "interp/long.def"
};
inline constexpr size_t kFirstLong = kFirstForm + std::size(kForms);

// Steps that skip 1, 2, ... kMaxSkip bytes, or as many as the next step says.
inline constexpr size_t kMaxSkip = 4;
inline constexpr size_t kFirstSkip = kFirstLong + 2 * std::size(kLongOps);
inline constexpr Step kSkipNoted = kFirstSkip + kMaxSkip;

// Returns from functions without and with one result.
inline constexpr Step kReturnNothing = kSkipNoted + 1;
inline constexpr Step kReturnOne = kSkipNoted + 2;

inline constexpr size_t kStepCount = kSkipNoted + 3;

// The step after that of a br_if or an `if` of two bytes is the distance to the next instruction
// that does something, where execution continues if the branch is not taken.

// Writes the steps of a function. `code` is valid and reaches from its first instruction to its
// final `end`, which gets a step that returns; steps[i] belongs to code[i]. In functions that use
// v128, all steps are opcodes. Branches of the function's side table are shortened: past
// instructions that do nothing, and to the target of a branch that they lead to.
enum class Branching : uint8_t { shortened, as_written };
void plan_steps(Bytes code, const wasm::FunctionShape& shape, wasm::Features features,
                Branching branching, std::vector<wasm::BranchEntry>& branches, Step* steps);

}  // namespace nacre::interp
