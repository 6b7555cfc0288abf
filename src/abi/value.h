// One wasm value as the host and the tiers pass it: 16 bytes, typed by its context.
#pragma once

#include <array>
#include <cstdint>

namespace nacre::abi {

// A reference: 0 is null for every type. funcref: the address of a FuncObject. externref: a number
// that only the host understands, plus one. Objects of the GC heap will be 32-bit offsets into it.
using Ref = uint64_t;
inline constexpr Ref kNullRef = 0;

// Floating-point members hold the bits of NaNs unchanged: copy them with i32/i64 where it matters.
union alignas(16) Value {
  uint32_t i32;
  uint64_t i64 = 0;
  float f32;
  double f64;
  Ref ref;
  std::array<uint8_t, 16> v128;
};
static_assert(sizeof(Value) == 16);

}  // namespace nacre::abi
