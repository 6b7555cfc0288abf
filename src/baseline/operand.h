// What the compiler knows of a value on the operand stack: where it is now.
#pragma once

#include <cstdint>

#include "baseline/macro_assembler.h"
#include "baseline/value_type.h"

namespace nacre::baseline {

// Every operand has a slot in the frame, for where control flow merges; most are never stored
// there.
//
// Register contents: an i32 has zeroes in its upper half, so that it can be an address; an f32 or
// f64 leaves the rest of its register unspecified; slots of i32 and f32 leave their upper half
// unspecified.
struct Operand {
  enum class Kind : uint8_t {
    constant,   // `bits`; not v128
    gpr,        // in `reg`
    fpr,        // in `reg`
    local,      // what the local `local` holds: it is copied before the local changes
    slot,       // in the frame at kFrame + slot
    condition,  // an i32, 1 if `condition` holds; the last operand only, until the next instruction
    access,     // a load that is not done yet; the next instruction uses it as a memory operand
  };

  // Two words, so that it is passed in registers: if it were written by two stores and read by one
  // load soon afterwards, store forwarding would fail.
  union {
    uint64_t head = 0;
    struct {
      Kind kind;
      Type type;
      uint8_t reg;
      Condition condition;
      int32_t slot;
    };
  };
  union {
    uint64_t bits = 0;
    uint32_t local;
  };

  static Operand make(Kind kind, Type type, uint8_t reg = 0, uint64_t bits = 0,
                      Condition condition = Condition::equal) {
    Operand operand;
    operand.head = static_cast<uint64_t>(kind) | static_cast<uint64_t>(type) << 8 |
                   uint64_t{reg} << 16 | static_cast<uint64_t>(condition) << 24;
    operand.bits = bits;
    return operand;
  }
  static Operand in(Type type, Gpr reg) { return make(Kind::gpr, type, number(reg)); }
  static Operand in(Type type, Fpr reg) { return make(Kind::fpr, type, number(reg)); }
  static Operand in_slot(Type type, int32_t slot = 0) {
    Operand operand = make(Kind::slot, type);
    operand.slot = slot;
    return operand;
  }
  static Operand of_local(Type type, uint32_t local) { return make(Kind::local, type, 0, local); }
  static Operand constant(Type type, uint64_t bits) { return make(Kind::constant, type, 0, bits); }
  static Operand of_condition(Condition condition) {
    return make(Kind::condition, Type::i32, 0, 0, condition);
  }

  Gpr gpr() const { return static_cast<Gpr>(reg); }
  Fpr fpr() const { return static_cast<Fpr>(reg); }
  bool is_constant() const { return kind == Kind::constant; }
  // Whether its location is the same on every path: in its slot, or none because it is a constant.
  bool is_spilled() const { return kind == Kind::constant || kind == Kind::slot; }
};

static_assert(sizeof(Operand) == 16);

struct Local {
  static constexpr uint8_t kNoRegister = 0xFF;
  Type type = Type::i32;
  uint8_t reg = kNoRegister;  // the register it lives in
  bool caller_saved = false;  // in a register that calls lose
  uint32_t aliases = 0;       // operands of kind local that name it
  int32_t slot = 0;           // in the frame at kFrame + slot; 0: none

  bool in_register() const { return reg != kNoRegister; }
  Gpr gpr() const { return static_cast<Gpr>(reg); }
  Fpr fpr() const { return static_cast<Fpr>(reg); }
};

}  // namespace nacre::baseline
