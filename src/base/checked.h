// Arithmetic on sizes that a guest chose: the sum or product, or nothing when it does not fit.
#pragma once

#include <concepts>
#include <optional>

namespace nacre {

template <std::unsigned_integral T>
constexpr std::optional<T> checked_add(T a, T b) {
  T sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::unsigned_integral T>
constexpr std::optional<T> checked_mul(T a, T b) {
  T product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// Whether [offset, offset + length) lies within [0, size). Never overflows.
template <std::unsigned_integral T>
constexpr bool in_bounds(T offset, T length, T size) {
  return length <= size && offset <= size - length;
}

}  // namespace nacre
