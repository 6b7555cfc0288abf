// Numbers as lifting and lowering see them.
#pragma once

#include <cstdint>

namespace nacre::component {

constexpr uint64_t low_bits(uint32_t count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

// A code point that may stand in text.
constexpr bool is_scalar(uint64_t number) {
  return number < 0xD800 || (number > 0xDFFF && number < 0x110000);
}

// Components see one NaN; which bits it has is left open, so it always has the same.
constexpr uint32_t canonical_f32(uint32_t bits) {
  return (bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC00000 : bits;
}
constexpr uint64_t canonical_f64(uint64_t bits) {
  constexpr uint64_t kInfinity = 0x7FF0000000000000;
  return (bits & ~(uint64_t{1} << 63)) > kInfinity ? 0x7FF8000000000000 : bits;
}

}  // namespace nacre::component
