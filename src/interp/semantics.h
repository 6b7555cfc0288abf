// What each numeric instruction computes: one function for each such row of ops.def, of the same
// name (specification 3.0, chapter 4.3). Pure: no traps are raised here, a Checked result names
// one. SIMD rows are in simd_semantics.h.
//
// Integers are unsigned; signed rows cast inside. A NaN result of arithmetic is what the processor
// gives, quiet in any case; abs, neg and copysign touch only the sign bit.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "abi/trap.h"

namespace nacre::interp {

// 16 bytes, lane 0 first.
struct alignas(16) V128 {
  uint8_t bytes[16];
};

namespace sem {

using u32 = uint32_t;
using u64 = uint64_t;
using i32 = int32_t;
using i64 = int64_t;

template <class T>
struct Checked {
  T value{};
  abi::TrapKind trap = abi::TrapKind::none;
};
template <class T>
constexpr Checked<T> trapped(abi::TrapKind kind) {
  return {.value = {}, .trap = kind};
}

// The value of the low half first, as wide-arithmetic rows push it.
struct Wide {
  u64 low;
  u64 high;
};

// ---- integers

template <class T>
constexpr Checked<T> div_s(T a, T b) {
  using S = std::make_signed_t<T>;
  if (b == 0) return trapped<T>(abi::TrapKind::integer_divide_by_zero);
  if (static_cast<S>(b) == -1 && static_cast<S>(a) == std::numeric_limits<S>::min()) {
    return trapped<T>(abi::TrapKind::integer_overflow);
  }
  return {static_cast<T>(static_cast<S>(a) / static_cast<S>(b))};
}
template <class T>
constexpr Checked<T> rem_s(T a, T b) {
  using S = std::make_signed_t<T>;
  if (b == 0) return trapped<T>(abi::TrapKind::integer_divide_by_zero);
  if (static_cast<S>(b) == -1) return {0};
  return {static_cast<T>(static_cast<S>(a) % static_cast<S>(b))};
}
template <class T>
constexpr T popcount(T a) {  // without the instruction, which not every x86-64 has
  constexpr T kAll = ~T{0};
  a -= (a >> 1) & (kAll / 3);
  a = (a & (kAll / 15 * 3)) + ((a >> 2) & (kAll / 15 * 3));
  a = (a + (a >> 4)) & (kAll / 255 * 15);
  return static_cast<T>(a * (kAll / 255)) >> (sizeof(T) - 1) * 8;
}

#define INTEGER_ROWS(p, T, S)                                                                    \
  constexpr u32 p##_eqz(T a) { return a == 0; }                                                  \
  constexpr u32 p##_eq(T a, T b) { return a == b; }                                              \
  constexpr u32 p##_ne(T a, T b) { return a != b; }                                              \
  constexpr u32 p##_lt_s(T a, T b) { return static_cast<S>(a) < static_cast<S>(b); }             \
  constexpr u32 p##_lt_u(T a, T b) { return a < b; }                                             \
  constexpr u32 p##_gt_s(T a, T b) { return static_cast<S>(a) > static_cast<S>(b); }             \
  constexpr u32 p##_gt_u(T a, T b) { return a > b; }                                             \
  constexpr u32 p##_le_s(T a, T b) { return static_cast<S>(a) <= static_cast<S>(b); }            \
  constexpr u32 p##_le_u(T a, T b) { return a <= b; }                                            \
  constexpr u32 p##_ge_s(T a, T b) { return static_cast<S>(a) >= static_cast<S>(b); }            \
  constexpr u32 p##_ge_u(T a, T b) { return a >= b; }                                            \
  constexpr T p##_clz(T a) { return static_cast<T>(std::countl_zero(a)); }                       \
  constexpr T p##_ctz(T a) { return static_cast<T>(std::countr_zero(a)); }                       \
  constexpr T p##_popcnt(T a) { return popcount(a); }                                            \
  constexpr T p##_add(T a, T b) { return a + b; }                                                \
  constexpr T p##_sub(T a, T b) { return a - b; }                                                \
  constexpr T p##_mul(T a, T b) { return a * b; }                                                \
  constexpr Checked<T> p##_div_s(T a, T b) { return div_s(a, b); }                               \
  constexpr Checked<T> p##_div_u(T a, T b) {                                                     \
    if (b == 0) return trapped<T>(abi::TrapKind::integer_divide_by_zero);                        \
    return {a / b};                                                                              \
  }                                                                                              \
  constexpr Checked<T> p##_rem_s(T a, T b) { return rem_s(a, b); }                               \
  constexpr Checked<T> p##_rem_u(T a, T b) {                                                     \
    if (b == 0) return trapped<T>(abi::TrapKind::integer_divide_by_zero);                        \
    return {a % b};                                                                              \
  }                                                                                              \
  constexpr T p##_and(T a, T b) { return a & b; }                                                \
  constexpr T p##_or(T a, T b) { return a | b; }                                                 \
  constexpr T p##_xor(T a, T b) { return a ^ b; }                                                \
  constexpr T p##_shl(T a, T b) { return a << (b % (sizeof(T) * 8)); }                           \
  constexpr T p##_shr_s(T a, T b) {                                                              \
    return static_cast<T>(static_cast<S>(a) >> (b % (sizeof(T) * 8)));                           \
  }                                                                                              \
  constexpr T p##_shr_u(T a, T b) { return a >> (b % (sizeof(T) * 8)); }                         \
  constexpr T p##_rotl(T a, T b) { return std::rotl(a, static_cast<int>(b % (sizeof(T) * 8))); } \
  constexpr T p##_rotr(T a, T b) { return std::rotr(a, static_cast<int>(b % (sizeof(T) * 8))); }
INTEGER_ROWS(i32, u32, int32_t)
INTEGER_ROWS(i64, u64, int64_t)
#undef INTEGER_ROWS

constexpr u32 i32_extend8_s(u32 a) { return static_cast<u32>(static_cast<int8_t>(a)); }
constexpr u32 i32_extend16_s(u32 a) { return static_cast<u32>(static_cast<int16_t>(a)); }
constexpr u64 i64_extend8_s(u64 a) { return static_cast<u64>(static_cast<int8_t>(a)); }
constexpr u64 i64_extend16_s(u64 a) { return static_cast<u64>(static_cast<int16_t>(a)); }
constexpr u64 i64_extend32_s(u64 a) { return static_cast<u64>(static_cast<i32>(a)); }
constexpr u32 i32_wrap_i64(u64 a) { return static_cast<u32>(a); }
constexpr u64 i64_extend_i32_s(u32 a) { return static_cast<u64>(static_cast<i32>(a)); }
constexpr u64 i64_extend_i32_u(u32 a) { return a; }

// ---- wide arithmetic

constexpr Wide split(unsigned __int128 value) {
  return {static_cast<u64>(value), static_cast<u64>(value >> 64)};
}
constexpr unsigned __int128 join(u64 low, u64 high) {
  return static_cast<unsigned __int128>(high) << 64 | low;
}
constexpr Wide i64_add128(u64 a_low, u64 a_high, u64 b_low, u64 b_high) {
  return split(join(a_low, a_high) + join(b_low, b_high));
}
constexpr Wide i64_sub128(u64 a_low, u64 a_high, u64 b_low, u64 b_high) {
  return split(join(a_low, a_high) - join(b_low, b_high));
}
constexpr Wide i64_mul_wide_s(u64 a, u64 b) {
  __int128 product = static_cast<__int128>(static_cast<i64>(a)) * static_cast<i64>(b);
  return split(static_cast<unsigned __int128>(product));
}
constexpr Wide i64_mul_wide_u(u64 a, u64 b) { return split(static_cast<unsigned __int128>(a) * b); }

// ---- floating point

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 4, u32, u64>;
template <class F>
inline constexpr BitsOf<F> kSignBit = BitsOf<F>{1} << (sizeof(F) * 8 - 1);
template <class F>
constexpr BitsOf<F> bits_of(F a) {
  return std::bit_cast<BitsOf<F>>(a);
}
template <class F>
constexpr F from_bits(BitsOf<F> bits) {
  return std::bit_cast<F>(bits);
}
template <class F>
constexpr F with_sign_of(F a, F sign) {
  return from_bits<F>((bits_of(a) & ~kSignBit<F>) | (bits_of(sign) & kSignBit<F>));
}

// From here on every value is an integer: 2^23 or 2^52.
template <class F>
inline constexpr F kIntegral = sizeof(F) == 4 ? F(8388608.0) : F(4503599627370496.0);
template <class F>
using IntegerOf = std::conditional_t<sizeof(F) == 4, i32, i64>;

// Rounds without a library call, which would not be inline before SSE4.1. Beyond kIntegral lie
// integers, infinities and NaNs; adding a NaN to itself makes it quiet.
template <class F>
constexpr bool already_integral(F a) {
  return !(a < kIntegral<F> && a > -kIntegral<F>);
}
template <class F>
constexpr bool is_nan(F a) {
  return __builtin_isnan(a);
}
template <class F>
constexpr F quiet(F a) {
  return is_nan(a) ? a + a : a;
}
template <class F>
constexpr F trunc(F a) {
  if (already_integral(a)) return quiet(a);
  return with_sign_of(static_cast<F>(static_cast<IntegerOf<F>>(a)), a);
}
template <class F>
constexpr F floor(F a) {
  if (already_integral(a)) return quiet(a);
  F t = static_cast<F>(static_cast<IntegerOf<F>>(a));
  return with_sign_of(t > a ? t - 1 : t, a);
}
template <class F>
constexpr F ceil(F a) {
  if (already_integral(a)) return quiet(a);
  F t = static_cast<F>(static_cast<IntegerOf<F>>(a));
  return with_sign_of(t < a ? t + 1 : t, a);
}
// To the nearest, ties to even, as the addition rounds: wasm knows no other rounding mode, and the
// host's stays at its default.
template <class F>
constexpr F nearest(F a) {
  if (already_integral(a)) return quiet(a);
  F magnitude = from_bits<F>(bits_of(a) & ~kSignBit<F>);
  return with_sign_of((magnitude + kIntegral<F>)-kIntegral<F>, a);
}

template <class F>
constexpr F min(F a, F b) {
  if (is_nan(a) || is_nan(b)) return a + b;
  if (a == b) return from_bits<F>(bits_of(a) | bits_of(b));  // -0 before +0
  return a < b ? a : b;
}
template <class F>
constexpr F max(F a, F b) {
  if (is_nan(a) || is_nan(b)) return a + b;
  if (a == b) return from_bits<F>(bits_of(a) & bits_of(b));
  return a > b ? a : b;
}

inline float square_root(float a) { return __builtin_sqrtf(a); }
inline double square_root(double a) { return __builtin_sqrt(a); }

#define FLOAT_ROWS(p, F)                                                       \
  constexpr u32 p##_eq(F a, F b) { return a == b; }                            \
  constexpr u32 p##_ne(F a, F b) { return a != b; }                            \
  constexpr u32 p##_lt(F a, F b) { return a < b; }                             \
  constexpr u32 p##_gt(F a, F b) { return a > b; }                             \
  constexpr u32 p##_le(F a, F b) { return a <= b; }                            \
  constexpr u32 p##_ge(F a, F b) { return a >= b; }                            \
  constexpr F p##_abs(F a) { return from_bits<F>(bits_of(a) & ~kSignBit<F>); } \
  constexpr F p##_neg(F a) { return from_bits<F>(bits_of(a) ^ kSignBit<F>); }  \
  constexpr F p##_ceil(F a) { return ceil(a); }                                \
  constexpr F p##_floor(F a) { return floor(a); }                              \
  constexpr F p##_trunc(F a) { return trunc(a); }                              \
  constexpr F p##_nearest(F a) { return nearest(a); }                          \
  inline F p##_sqrt(F a) { return square_root(a); }                            \
  constexpr F p##_add(F a, F b) { return a + b; }                              \
  constexpr F p##_sub(F a, F b) { return a - b; }                              \
  constexpr F p##_mul(F a, F b) { return a * b; }                              \
  constexpr F p##_div(F a, F b) { return a / b; }                              \
  constexpr F p##_min(F a, F b) { return min(a, b); }                          \
  constexpr F p##_max(F a, F b) { return max(a, b); }                          \
  constexpr F p##_copysign(F a, F b) { return with_sign_of(a, b); }
FLOAT_ROWS(f32, float)
FLOAT_ROWS(f64, double)
#undef FLOAT_ROWS

// ---- conversions

// The open interval of values whose truncation fits, as numbers of the type F: the least above and
// the greatest below that do not fit (or, where F is too coarse to hold it, the bound itself is
// taken with >=).
template <class F, class I>
constexpr bool truncates_into(F a) {
  if constexpr (std::is_signed_v<I>) {
    constexpr F kTop = F(sizeof(I) == 4 ? 2147483648.0 : 9223372036854775808.0);
    if constexpr (sizeof(F) > sizeof(I)) return a < kTop && a > -kTop - 1;
    return a < kTop && a >= -kTop;
  } else {
    constexpr F kTop = F(sizeof(I) == 4 ? 4294967296.0 : 18446744073709551616.0);
    return a < kTop && a > F(-1);
  }
}
template <class I, class F>
constexpr Checked<std::make_unsigned_t<I>> checked_trunc(F a) {
  using U = std::make_unsigned_t<I>;
  if (truncates_into<F, I>(a)) return {static_cast<U>(static_cast<I>(a))};
  return trapped<U>(is_nan(a) ? abi::TrapKind::invalid_conversion
                              : abi::TrapKind::integer_overflow);
}
template <class I, class F>
constexpr std::make_unsigned_t<I> saturating_trunc(F a) {
  using U = std::make_unsigned_t<I>;
  if (truncates_into<F, I>(a)) return static_cast<U>(static_cast<I>(a));
  if (is_nan(a)) return 0;
  return static_cast<U>(a < 0 ? std::numeric_limits<I>::min() : std::numeric_limits<I>::max());
}

#define TRUNC_ROWS(p, U, S, f, F)                                                    \
  constexpr Checked<U> p##_trunc_##f##_s(F a) { return checked_trunc<S>(a); }        \
  constexpr Checked<U> p##_trunc_##f##_u(F a) { return checked_trunc<U>(a); }        \
  constexpr U p##_trunc_sat_##f##_s(F a) { return saturating_trunc<S>(a); }          \
  constexpr U p##_trunc_sat_##f##_u(F a) { return saturating_trunc<U>(a); }          \
  constexpr F f##_convert_##p##_s(U a) { return static_cast<F>(static_cast<S>(a)); } \
  constexpr F f##_convert_##p##_u(U a) { return static_cast<F>(a); }
TRUNC_ROWS(i32, u32, int32_t, f32, float)
TRUNC_ROWS(i32, u32, int32_t, f64, double)
TRUNC_ROWS(i64, u64, int64_t, f32, float)
TRUNC_ROWS(i64, u64, int64_t, f64, double)
#undef TRUNC_ROWS

constexpr float f32_demote_f64(double a) { return static_cast<float>(a); }
constexpr double f64_promote_f32(float a) { return static_cast<double>(a); }
constexpr u32 i32_reinterpret_f32(float a) { return bits_of(a); }
constexpr u64 i64_reinterpret_f64(double a) { return bits_of(a); }
constexpr float f32_reinterpret_i32(u32 a) { return from_bits<float>(a); }
constexpr double f64_reinterpret_i64(u64 a) { return from_bits<double>(a); }

}  // namespace sem
}  // namespace nacre::interp
