// What the compiler knows of a value on the operand stack: where it is now.
#pragma once

#include <cstdint>

#include "baseline/x64/assembler.h"
#include "wasm/types.h"

namespace nacre::baseline {

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
  };

  Kind kind = Kind::constant;
  Type type = Type::i32;
  uint8_t reg = 0;
  x64::Cond cond = x64::Cond::equal;
  uint32_t local = 0;
  int32_t slot = 0;
  uint64_t bits = 0;

  x64::Gpr gpr() const { return static_cast<x64::Gpr>(reg); }
  x64::Xmm xmm() const { return static_cast<x64::Xmm>(reg); }
  bool is_constant() const { return kind == Kind::constant; }
  // Where it is while other code runs that may meet this: nothing but its slot changes.
  bool is_settled() const { return kind == Kind::constant || kind == Kind::slot; }
};

struct Local {
  static constexpr uint8_t kNoPin = 0xFF;
  Type type = Type::i32;
  uint8_t pin = kNoPin;  // the register it lives in
  bool saved_in_calls = false;  // pinned to a register that calls lose
  uint32_t aliases = 0;  // operands of kind local that name it
  int32_t home = 0;      // rbp + home; 0: none

  bool pinned() const { return pin != kNoPin; }
  x64::Gpr gpr() const { return static_cast<x64::Gpr>(pin); }
  x64::Xmm xmm() const { return static_cast<x64::Xmm>(pin); }
};

}  // namespace nacre::baseline
