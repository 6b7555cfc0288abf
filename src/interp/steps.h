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

#include "base/bytes.h"
#include "wasm/features.h"
#include "wasm/ops.h"

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
};
inline constexpr size_t kOperandsKinds = 7;

// What becomes of the result.
enum class Use : uint8_t { none, push, set, tee, br_if, if_ };  // none: there is no result
inline constexpr size_t kUses = 6;

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

// Steps that go on 1, 2, ... kMaxSkip bytes further.
inline constexpr size_t kMaxSkip = 8;
inline constexpr size_t kFirstSkip = kFirstForm + std::size(kForms);

inline constexpr size_t kStepCount = kFirstSkip + kMaxSkip;

// Writes the step of each instruction in `code`, which is valid and reaches from the first
// instruction of a function to its final `end`. steps[i] belongs to code[i]. The final `end` gets
// the step of `return`. Without `fuse`, steps are opcodes.
void plan_steps(Bytes code, wasm::Features features, bool fuse, Step* steps);

}  // namespace nacre::interp
