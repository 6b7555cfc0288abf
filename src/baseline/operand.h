// What the compiler knows of a value on the operand stack: where it is now.
#pragma once

#include <cstdint>

#include "native/x64/assembler.h"
#include "wasm/types.h"

namespace nacre::baseline {

namespace x64 = native::x64;

enum class Type : uint8_t { i32, i64, f32, f64, v128, ref };

constexpr bool in_xmm(Type type) {
  return type == Type::f32 || type == Type::f64 || type == Type::v128;
}
constexpr int32_t slot_bytes(Type type) { return type == Type::v128 ? 16 : 8; }
constexpr x64::Width width_of(Type type) {
  return type == Type::i32 || type == Type::f32 ? x64::Width::w32 : x64::Width::w64;
}
constexpr Type type_of(wasm::ValType type) {
  switch (type.code()) {
    case wasm::ValType::kI32:
      return Type::i32;
    case wasm::ValType::kI64:
      return Type::i64;
    case wasm::ValType::kF32:
      return Type::f32;
    case wasm::ValType::kF64:
      return Type::f64;
    case wasm::ValType::kV128:
      return Type::v128;
    default:
      return Type::ref;
  }
}

// Every operand has a slot in the frame, its home wherever control flow meets; most never go there.
//
// Register contents: an i32 has zeroes in its upper half, so that it can be an address; an f32 or
// f64 leaves the rest of its register unspecified; slots of i32 and f32 leave their upper half
// unspecified.
struct Operand {
  enum class Kind : uint8_t {
    constant,  // `bits`; not v128
    gpr,       // in `reg`
    xmm,       // in `reg`
    local,     // what the local `local` holds: it is copied before the local changes
    slot,      // in the frame at rbp + slot
    flags,     // an i32, 1 if `cond` holds; the last operand only, until the next instruction
    access,    // what a load has yet to read, for the instruction that uses it and comes at once
  };

  // Two words, so that it travels in registers: what is read soon after it was written must have
  // been written by one instruction, or the processor waits for both.
  union {
    uint64_t head = 0;
    struct {
      Kind kind;
      Type type;
      uint8_t reg;
      x64::Cond cond;
      int32_t slot;
    };
  };
  union {
    uint64_t bits = 0;
    uint32_t local;
  };

  static Operand make(Kind kind, Type type, uint8_t reg = 0, uint64_t bits = 0,
                      x64::Cond cond = x64::Cond::equal) {
    Operand operand;
    operand.head = static_cast<uint64_t>(kind) | static_cast<uint64_t>(type) << 8 |
                   uint64_t{reg} << 16 | static_cast<uint64_t>(cond) << 24;
    operand.bits = bits;
    return operand;
  }
  static Operand in(Type type, x64::Gpr reg) { return make(Kind::gpr, type, number(reg)); }
  static Operand in(Type type, x64::Xmm reg) { return make(Kind::xmm, type, number(reg)); }
  static Operand in_slot(Type type, int32_t slot = 0) {
    Operand operand = make(Kind::slot, type);
    operand.slot = slot;
    return operand;
  }
  static Operand of_local(Type type, uint32_t local) { return make(Kind::local, type, 0, local); }
  static Operand constant(Type type, uint64_t bits) { return make(Kind::constant, type, 0, bits); }
  static Operand flags(x64::Cond cond) { return make(Kind::flags, Type::i32, 0, 0, cond); }

  x64::Gpr gpr() const { return static_cast<x64::Gpr>(reg); }
  x64::Xmm xmm() const { return static_cast<x64::Xmm>(reg); }
  bool is_constant() const { return kind == Kind::constant; }
  // Where it is while other code runs that may meet this: nothing but its slot changes.
  bool is_settled() const { return kind == Kind::constant || kind == Kind::slot; }
};

static_assert(sizeof(Operand) == 16);

struct Local {
  static constexpr uint8_t kNoPin = 0xFF;
  Type type = Type::i32;
  uint8_t pin = kNoPin;         // the register it lives in
  bool saved_in_calls = false;  // pinned to a register that calls lose
  uint32_t aliases = 0;         // operands of kind local that name it
  int32_t home = 0;             // rbp + home; 0: none

  bool pinned() const { return pin != kNoPin; }
  x64::Gpr gpr() const { return static_cast<x64::Gpr>(pin); }
  x64::Xmm xmm() const { return static_cast<x64::Xmm>(pin); }
};

}  // namespace nacre::baseline
