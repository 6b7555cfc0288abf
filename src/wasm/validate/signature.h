// The signature column of ops.def, read at compile time: "ii:i" is two i32 taken, one i32 given.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasm/ops.h"
#include "wasm/types.h"

namespace nacre::wasm {

struct Signature {
  static constexpr uint32_t kMaxValues = 4;
  uint32_t param_count = 0;
  uint32_t result_count = 0;
  SigValue params[kMaxValues] = {};
  SigValue results[kMaxValues] = {};
};

constexpr Signature parse_signature(std::string_view text) {
  Signature signature;
  bool in_params = true;
  for (char letter : text) {
    if (letter == ':') {
      in_params = false;
    } else if (in_params) {
      signature.params[signature.param_count++] = static_cast<SigValue>(letter);
    } else {
      signature.results[signature.result_count++] = static_cast<SigValue>(letter);
    }
  }
  return signature;
}

// `address` is the index type of the memory or table that the instruction names.
constexpr ValType type_of(SigValue value, ValType address) {
  switch (value) {
    case SigValue::i32:
      return ValType::kI32;
    case SigValue::i64:
      return ValType::kI64;
    case SigValue::f32:
      return ValType::kF32;
    case SigValue::f64:
      return ValType::kF64;
    case SigValue::v128:
      return ValType::kV128;
    case SigValue::address:
      return address;
  }
  return ValType();
}

template <SigValue value>
constexpr ValType type_of(ValType address) {
  if constexpr (value == SigValue::address) {
    return address;
  } else {
    return type_of(value, ValType());
  }
}

}  // namespace nacre::wasm
