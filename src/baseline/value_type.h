// Types of values as the compiler distinguishes them: all references are one.
#pragma once

#include <cstdint>

#include "wasm/types.h"

namespace nacre::baseline {

enum class Type : uint8_t { i32, i64, f32, f64, v128, ref };

// Whether values of the type live in floating-point registers.
constexpr bool in_fpr(Type type) {
  return type == Type::f32 || type == Type::f64 || type == Type::v128;
}
constexpr uint32_t value_bytes(Type type) {
  return type == Type::i32 || type == Type::f32 ? 4 : type == Type::v128 ? 16 : 8;
}
constexpr int32_t slot_bytes(Type type) { return type == Type::v128 ? 16 : 8; }
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

}  // namespace nacre::baseline
