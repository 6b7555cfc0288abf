#include "api/wast_values.h"

#include <cstdio>
#include <cstring>

#include "base/bytes.h"
#include "wasm/text/numbers.h"

namespace nacre::api {
namespace {

using wasm::HeapType;
using wasm::ScriptValue;
using wasm::ValType;
using Kind = ScriptValue::Kind;
using Nan = ScriptValue::Nan;

constexpr uint32_t kNan32 = 0x7FC00000;
constexpr uint64_t kNan64 = 0x7FF8000000000000;

// Canonical: the quiet bit alone, either sign. Arithmetic: the quiet bit and any others.
bool is_nan(uint32_t bits, Nan kind) {
  return kind == Nan::canonical ? (bits & 0x7FFFFFFF) == kNan32 : (bits & kNan32) == kNan32;
}
bool is_nan(uint64_t bits, Nan kind) {
  return kind == Nan::canonical ? (bits & 0x7FFFFFFFFFFFFFFF) == kNan64 : (bits & kNan64) == kNan64;
}

template <class Bits>
bool lane_matches(const ScriptValue& want, const uint8_t* got, uint32_t lane) {
  Bits have = load_le<Bits>(got + lane * sizeof(Bits));
  if (lane < want.nan.size() && want.nan[lane] != Nan::none) return is_nan(have, want.nan[lane]);
  return have == load_le<Bits>(want.bits.data() + lane * sizeof(Bits));
}

bool number_matches(const ScriptValue& want, const abi::Value& got) {
  const uint8_t* bytes = got.v128.data();
  switch (want.type.code()) {
    case ValType::kI32:
    case ValType::kF32:
      return lane_matches<uint32_t>(want, bytes, 0);
    case ValType::kI64:
    case ValType::kF64:
      return lane_matches<uint64_t>(want, bytes, 0);
    default:
      break;
  }
  if (!want.float_lanes) return std::memcmp(want.bits.data(), bytes, 16) == 0;
  for (uint32_t lane = 0; lane < 16u / want.lane_bytes; ++lane) {
    bool same = want.lane_bytes == 4 ? lane_matches<uint32_t>(want, bytes, lane)
                                     : lane_matches<uint64_t>(want, bytes, lane);
    if (!same) return false;
  }
  return true;
}

// The top of the hierarchy that a heap type belongs to; of concrete types it is not known here.
HeapType::Abstract top_of(HeapType::Abstract heap) {
  switch (heap) {
    case HeapType::kFunc:
    case HeapType::kNoFunc:
      return HeapType::kFunc;
    case HeapType::kExtern:
    case HeapType::kNoExtern:
      return HeapType::kExtern;
    case HeapType::kExn:
    case HeapType::kNoExn:
      return HeapType::kExn;
    default:
      return HeapType::kAny;
  }
}

bool in_hierarchy(ValType type, HeapType heap) {
  if (type.heap().is_concrete()) return true;
  return top_of(type.heap().abstract()) == top_of(heap.abstract());
}

std::string hex(const uint8_t* bytes, size_t size) {
  std::string text = "0x";
  char digits[3];
  for (size_t i = size; i-- > 0;) {
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

std::string number_text(ValType type, const uint8_t* bytes) {
  std::string text = wasm::to_string(type) + " ";
  switch (type.code()) {
    case ValType::kI32:
      return text + std::to_string(load_le<int32_t>(bytes));
    case ValType::kI64:
      return text + std::to_string(load_le<int64_t>(bytes));
    case ValType::kF32:
      wasm::text::append_f32(text, load_le<uint32_t>(bytes));
      return text;
    case ValType::kF64:
      wasm::text::append_f64(text, load_le<uint64_t>(bytes));
      return text;
    default:
      return text + hex(bytes, 16);
  }
}

std::string nan_text(const ScriptValue& value) {
  for (Nan nan : value.nan) {
    if (nan == Nan::canonical) return " (nan:canonical)";
    if (nan == Nan::arithmetic) return " (nan:arithmetic)";
  }
  return "";
}

}  // namespace

abi::Value to_value(const ScriptValue& value) {
  abi::Value out;
  out.v128 = value.bits;
  if (value.kind == Kind::external || value.kind == Kind::host) {
    out = abi::Value{};
    out.ref = value.number + 1;
  }
  return out;
}

ValType type_of(const ScriptValue& value) {
  switch (value.kind) {
    case Kind::number:
      return value.type;
    case Kind::external:
      return ValType::ref(HeapType::kExtern, false);
    case Kind::host:
      return ValType::ref(HeapType::kAny, false);
    default:
      return ValType::ref(value.heap.value_or(HeapType::kBottom), true);
  }
}

bool matches(const ScriptValue& want, ValType type, const abi::Value& got) {
  switch (want.kind) {
    case Kind::number:
      return want.type == type && number_matches(want, got);
    case Kind::null:
      return type.is_ref() && got.ref == abi::kNullRef &&
             (!want.heap || in_hierarchy(type, *want.heap));
    case Kind::any_ref:
      return type.is_ref() && got.ref != abi::kNullRef &&
             (!want.heap || in_hierarchy(type, *want.heap));
    case Kind::external:
    case Kind::host:
      return type.is_ref() && got.ref == want.number + 1;
    case Kind::either:
      for (const ScriptValue& alternative : want.alternatives) {
        if (matches(alternative, type, got)) return true;
      }
      return false;
    case Kind::component:
      return false;
  }
  return false;
}

std::string describe(const ScriptValue& value) {
  switch (value.kind) {
    case Kind::number:
      return number_text(value.type, value.bits.data()) + nan_text(value);
    case Kind::null:
      return "(ref.null" + (value.heap ? " " + to_string(*value.heap) : "") + ")";
    case Kind::any_ref:
      return "(ref" + (value.heap ? "." + to_string(*value.heap) : "") + ")";
    case Kind::external:
      return "(ref.extern " + std::to_string(value.number) + ")";
    case Kind::host:
      return "(ref.host " + std::to_string(value.number) + ")";
    case Kind::component:
      return "a value of a component";
    case Kind::either:
      break;
  }
  std::string text = "either";
  for (const ScriptValue& alternative : value.alternatives) text += " " + describe(alternative);
  return text;
}

std::string describe(ValType type, const abi::Value& value) {
  if (!type.is_ref()) return number_text(type, value.v128.data());
  return to_string(type) + (value.ref == abi::kNullRef ? " null" : " non-null");
}

}  // namespace nacre::api
