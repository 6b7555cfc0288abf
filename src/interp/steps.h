// Steps: which handler runs at each instruction of a function.
//
// The interpreter runs a module's own bytes. Beside them stands one number for each byte, of use
// where an instruction begins: its step. Steps below 256 are opcodes (or their prefix); those above
// name the forms of fused.def, and runs of instructions that do nothing. A step speaks of the bytes
// from its own place on and of nothing else, so that a branch may land anywhere in a form.
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

// Which instructions push operands of a form; the stack gives those that are missing.
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
// What it says is noted, ready for use, in the two steps behind the instruction's own; the
// instruction's length in the one behind these, unless it has only three bytes. An op has two
// steps: of three bytes, and of more.
inline constexpr wasm::Op kLongOps[] = {
#define LONG(op) wasm::Op::op,
#include "interp/long.def"
};
inline constexpr size_t kFirstLong = kFirstForm + std::size(kForms);

// Steps that go on 1, 2, ... kMaxSkip bytes further, or as many as the next step says.
inline constexpr size_t kMaxSkip = 4;
inline constexpr size_t kFirstSkip = kFirstLong + 2 * std::size(kLongOps);
inline constexpr Step kSkipNoted = kFirstSkip + kMaxSkip;

// Returns from functions without and with one result.
inline constexpr Step kReturnNothing = kSkipNoted + 1;
inline constexpr Step kReturnOne = kSkipNoted + 2;

inline constexpr size_t kStepCount = kSkipNoted + 3;

// The step behind that of a br_if or an `if` of two bytes says how far it is to the next
// instruction that does something, where a branch that is not taken goes on.

// Writes the steps of a function. `code` is valid and reaches from its first instruction to its
// final `end`, which gets a step that returns; steps[i] belongs to code[i]. In functions that use
// v128, all steps are opcodes. Shortened branches of the function's side table land behind
// instructions that do nothing, and where a branch would lead on that they land on.
enum class Branching : uint8_t { shortened, as_written };
void plan_steps(Bytes code, const wasm::FunctionShape& shape, wasm::Features features,
                Branching branching, std::vector<wasm::BranchEntry>& branches, Step* steps);

}  // namespace nacre::interp
