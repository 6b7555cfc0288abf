// LEB128 numbers of validated code: known to end, so nothing is checked.
#pragma once

#include <cstdint>
#include <type_traits>

namespace nacre::interp {

// Reads a number at `p` and moves `p` past it.
template <class T>
[[gnu::always_inline]] inline T read_leb(const uint8_t*& p) {
  using U = std::make_unsigned_t<T>;
  U value = 0;
  uint32_t shift = 0;
  uint8_t byte;
  do {
    byte = *p++;
    value |= static_cast<U>(static_cast<U>(byte & 0x7F) << shift);
    shift += 7;
  } while (byte & 0x80);
  if constexpr (std::is_signed_v<T>) {
    if (shift < sizeof(T) * 8 && (byte & 0x40)) value |= static_cast<U>(~U{0} << shift);
  }
  return static_cast<T>(value);
}

namespace detail {
template <class T, int index>
[[gnu::always_inline]] inline T read_signed_from(const uint8_t*& p, std::make_unsigned_t<T> value) {
  constexpr int kBits = sizeof(T) * 8;
  constexpr int kShift = index * 7;
  uint8_t byte = p[index];
  value |= static_cast<std::make_unsigned_t<T>>(byte & 0x7F) << kShift;
  if constexpr (kShift + 7 < kBits) {
    if (byte & 0x80) return read_signed_from<T, index + 1>(p, value);
    p += index + 1;
    return static_cast<T>(value << (kBits - 7 - kShift)) >> (kBits - 7 - kShift);
  } else {
    p += index + 1;
    return static_cast<T>(value);
  }
}
}  // namespace detail

// The same for signed numbers, without a loop: for constants, which are often long.
template <class T>
[[gnu::always_inline]] inline T read_signed(const uint8_t*& p) {
  return detail::read_signed_from<T, 0>(p, 0);
}

// The one-byte form of a signed number.
[[gnu::always_inline]] inline int64_t sign_extend_7(uint8_t byte) {
  return static_cast<int64_t>(static_cast<uint64_t>(byte) << 57) >> 57;
}

[[gnu::always_inline]] inline void skip_leb(const uint8_t*& p) {
  while (*p++ & 0x80) {
  }
}

}  // namespace nacre::interp
