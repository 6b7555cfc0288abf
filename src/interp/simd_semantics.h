// What each SIMD row of ops.def without immediates computes, by its name (specification 3.0,
// 4.3.4); for lanes as immediates see simd_memory.cc. Vectors of the compiler where it has the
// operation, loops over lanes elsewhere: portable to every target.
//
// Relaxed rows give one fixed result of those allowed: what SSE gives where that is one cheap
// instruction (swizzle, signed truncation, min, max, q15mulr, dot), else the strict row's. madd and
// nmadd round twice, so that results do not depend on the processor having fused operations.
#pragma once

#include <array>
#include <concepts>

#include "interp/semantics.h"

namespace nacre::interp::sem {

using I8x16 [[gnu::vector_size(16)]] = int8_t;
using I16x8 [[gnu::vector_size(16)]] = int16_t;
using I32x4 [[gnu::vector_size(16)]] = int32_t;
using I64x2 [[gnu::vector_size(16)]] = int64_t;
using U8x16 [[gnu::vector_size(16)]] = uint8_t;
using U16x8 [[gnu::vector_size(16)]] = uint16_t;
using U32x4 [[gnu::vector_size(16)]] = uint32_t;
using U64x2 [[gnu::vector_size(16)]] = uint64_t;
using F32x4 [[gnu::vector_size(16)]] = float;
using F64x2 [[gnu::vector_size(16)]] = double;

// V128 as a vector of the compiler or as an array of lanes, and back.
template <class V>
[[gnu::always_inline]] inline V as(V128 a) {
  return std::bit_cast<V>(a);
}
template <class V>
[[gnu::always_inline]] inline V128 from(V a) {
  return std::bit_cast<V128>(a);
}
template <class T>
inline constexpr size_t kLanes = 16 / sizeof(T);
template <class T>
using Lanes = std::array<T, kLanes<T>>;

// One function on each lane.
template <class T, class F>
V128 map(V128 a, F function) {
  auto x = as<Lanes<T>>(a);
  Lanes<T> r;
  for (size_t i = 0; i < kLanes<T>; ++i) r[i] = function(x[i]);
  return from(r);
}
template <class T, class F>
V128 map(V128 a, V128 b, F function) {
  auto x = as<Lanes<T>>(a);
  auto y = as<Lanes<T>>(b);
  Lanes<T> r;
  for (size_t i = 0; i < kLanes<T>; ++i) r[i] = static_cast<T>(function(x[i], y[i]));
  return from(r);
}
// From lanes of one type to lanes of another: those from `first` on, zeros for what is missing.
template <class To, class From, class F>
V128 convert(V128 a, size_t first, F function) {
  auto x = as<Lanes<From>>(a);
  Lanes<To> r{};
  for (size_t i = 0; i < kLanes<To> && first + i < kLanes<From>; ++i) r[i] = function(x[first + i]);
  return from(r);
}

template <class To, class From>
To saturate(From a) {
  constexpr From kMin = std::numeric_limits<To>::min();
  constexpr From kMax = std::numeric_limits<To>::max();
  return static_cast<To>(a < kMin ? kMin : a > kMax ? kMax : a);
}

// ---- whole vectors

inline V128 v128_not(V128 a) { return from(~as<U64x2>(a)); }
inline V128 v128_and(V128 a, V128 b) { return from(as<U64x2>(a) & as<U64x2>(b)); }
inline V128 v128_andnot(V128 a, V128 b) { return from(as<U64x2>(a) & ~as<U64x2>(b)); }
inline V128 v128_or(V128 a, V128 b) { return from(as<U64x2>(a) | as<U64x2>(b)); }
inline V128 v128_xor(V128 a, V128 b) { return from(as<U64x2>(a) ^ as<U64x2>(b)); }
inline V128 v128_bitselect(V128 a, V128 b, V128 mask) {
  return from((as<U64x2>(a) & as<U64x2>(mask)) | (as<U64x2>(b) & ~as<U64x2>(mask)));
}
inline u32 v128_any_true(V128 a) {
  auto x = as<Lanes<u64>>(a);
  return (x[0] | x[1]) != 0;
}
inline V128 i8x16_swizzle(V128 a, V128 indices) {
  Lanes<uint8_t> r;
  for (size_t i = 0; i < 16; ++i) {
    r[i] = indices.bytes[i] < 16 ? a.bytes[indices.bytes[i]] : uint8_t{0};
  }
  return from(r);
}

template <class T>
V128 splat(T value) {
  Lanes<T> r;
  r.fill(value);
  return from(r);
}
inline V128 i8x16_splat(u32 a) { return splat(static_cast<uint8_t>(a)); }
inline V128 i16x8_splat(u32 a) { return splat(static_cast<uint16_t>(a)); }
inline V128 i32x4_splat(u32 a) { return splat(a); }
inline V128 i64x2_splat(u64 a) { return splat(a); }
inline V128 f32x4_splat(float a) { return splat(bits_of(a)); }
inline V128 f64x2_splat(double a) { return splat(bits_of(a)); }

// ---- integer lanes

template <class T>
u32 all_true(V128 a) {
  u32 result = 1;
  for (T lane : as<Lanes<T>>(a)) result &= lane != 0;
  return result;
}
template <class T>
u32 bitmask(V128 a) {
  auto x = as<Lanes<T>>(a);
  u32 result = 0;
  for (size_t i = 0; i < kLanes<T>; ++i) {
    result |= static_cast<u32>(x[i] >> (sizeof(T) * 8 - 1)) << i;
  }
  return result;
}

// S and U: vectors of signed and unsigned lanes; T: an unsigned lane.
#define LANE_ROWS(p, S, U, T)                                                         \
  inline V128 p##_eq(V128 a, V128 b) { return from(as<S>(a) == as<S>(b)); }           \
  inline V128 p##_ne(V128 a, V128 b) { return from(as<S>(a) != as<S>(b)); }           \
  inline V128 p##_lt_s(V128 a, V128 b) { return from(as<S>(a) < as<S>(b)); }          \
  inline V128 p##_gt_s(V128 a, V128 b) { return from(as<S>(a) > as<S>(b)); }          \
  inline V128 p##_le_s(V128 a, V128 b) { return from(as<S>(a) <= as<S>(b)); }         \
  inline V128 p##_ge_s(V128 a, V128 b) { return from(as<S>(a) >= as<S>(b)); }         \
  inline V128 p##_abs(V128 a) {                                                       \
    U x = as<U>(a);                                                                   \
    U sign = std::bit_cast<U>(as<S>(a) < 0);                                          \
    return from((x ^ sign) - sign);                                                   \
  }                                                                                   \
  inline V128 p##_neg(V128 a) { return from(U{} - as<U>(a)); }                        \
  inline V128 p##_add(V128 a, V128 b) { return from(as<U>(a) + as<U>(b)); }           \
  inline V128 p##_sub(V128 a, V128 b) { return from(as<U>(a) - as<U>(b)); }           \
  inline u32 p##_all_true(V128 a) { return all_true<T>(a); }                          \
  inline u32 p##_bitmask(V128 a) { return bitmask<T>(a); }                            \
  inline V128 p##_shl(V128 a, u32 n) {                                                \
    return from(as<U>(a) << static_cast<T>(n % (sizeof(T) * 8)));                     \
  }                                                                                   \
  inline V128 p##_shr_u(V128 a, u32 n) {                                              \
    return from(as<U>(a) >> static_cast<T>(n % (sizeof(T) * 8)));                     \
  }                                                                                   \
  inline V128 p##_shr_s(V128 a, u32 n) {                                              \
    return from(as<S>(a) >> static_cast<std::make_signed_t<T>>(n % (sizeof(T) * 8))); \
  }
LANE_ROWS(i8x16, I8x16, U8x16, uint8_t)
LANE_ROWS(i16x8, I16x8, U16x8, uint16_t)
LANE_ROWS(i32x4, I32x4, U32x4, uint32_t)
LANE_ROWS(i64x2, I64x2, U64x2, uint64_t)
#undef LANE_ROWS

// Not of 64-bit lanes.
#define SMALL_LANE_ROWS(p, S, U)                                                         \
  inline V128 p##_lt_u(V128 a, V128 b) { return from(as<U>(a) < as<U>(b)); }             \
  inline V128 p##_gt_u(V128 a, V128 b) { return from(as<U>(a) > as<U>(b)); }             \
  inline V128 p##_le_u(V128 a, V128 b) { return from(as<U>(a) <= as<U>(b)); }            \
  inline V128 p##_ge_u(V128 a, V128 b) { return from(as<U>(a) >= as<U>(b)); }            \
  inline V128 p##_min_s(V128 a, V128 b) { return v128_bitselect(a, b, p##_lt_s(a, b)); } \
  inline V128 p##_min_u(V128 a, V128 b) { return v128_bitselect(a, b, p##_lt_u(a, b)); } \
  inline V128 p##_max_s(V128 a, V128 b) { return v128_bitselect(a, b, p##_gt_s(a, b)); } \
  inline V128 p##_max_u(V128 a, V128 b) { return v128_bitselect(a, b, p##_gt_u(a, b)); }
SMALL_LANE_ROWS(i8x16, I8x16, U8x16)
SMALL_LANE_ROWS(i16x8, I16x8, U16x8)
SMALL_LANE_ROWS(i32x4, I32x4, U32x4)
#undef SMALL_LANE_ROWS

inline V128 i16x8_mul(V128 a, V128 b) { return from(as<U16x8>(a) * as<U16x8>(b)); }
inline V128 i32x4_mul(V128 a, V128 b) { return from(as<U32x4>(a) * as<U32x4>(b)); }
inline V128 i64x2_mul(V128 a, V128 b) { return from(as<U64x2>(a) * as<U64x2>(b)); }

inline V128 i8x16_popcnt(V128 a) {
  U8x16 x = as<U8x16>(a);
  x -= (x >> 1) & 0x55;
  x = (x & 0x33) + ((x >> 2) & 0x33);
  return from((x + (x >> 4)) & 0x0F);
}

template <class T>
V128 add_sat(V128 a, V128 b) {
  return map<T>(a, b, [](int x, int y) { return saturate<T>(x + y); });
}
template <class T>
V128 sub_sat(V128 a, V128 b) {
  return map<T>(a, b, [](int x, int y) { return saturate<T>(x - y); });
}
template <class T>
V128 average(V128 a, V128 b) {
  return map<T>(a, b, [](u32 x, u32 y) { return (x + y + 1) / 2; });
}
#define SATURATING_ROWS(p, S, U)                                         \
  inline V128 p##_add_sat_s(V128 a, V128 b) { return add_sat<S>(a, b); } \
  inline V128 p##_add_sat_u(V128 a, V128 b) { return add_sat<U>(a, b); } \
  inline V128 p##_sub_sat_s(V128 a, V128 b) { return sub_sat<S>(a, b); } \
  inline V128 p##_sub_sat_u(V128 a, V128 b) { return sub_sat<U>(a, b); } \
  inline V128 p##_avgr_u(V128 a, V128 b) { return average<U>(a, b); }
SATURATING_ROWS(i8x16, int8_t, uint8_t)
SATURATING_ROWS(i16x8, int16_t, uint16_t)
#undef SATURATING_ROWS

inline V128 i16x8_q15mulr_sat_s(V128 a, V128 b) {
  return map<int16_t>(a, b, [](int x, int y) { return saturate<int16_t>((x * y + 0x4000) >> 15); });
}

// ---- between lane widths

template <class To, class From>
V128 narrow(V128 a, V128 b) {
  auto x = as<Lanes<From>>(a);
  auto y = as<Lanes<From>>(b);
  Lanes<To> r;
  for (size_t i = 0; i < kLanes<From>; ++i) {
    r[i] = saturate<To, i32>(x[i]);
    r[i + kLanes<From>] = saturate<To, i32>(y[i]);
  }
  return from(r);
}
inline V128 i8x16_narrow_i16x8_s(V128 a, V128 b) { return narrow<int8_t, int16_t>(a, b); }
inline V128 i8x16_narrow_i16x8_u(V128 a, V128 b) { return narrow<uint8_t, int16_t>(a, b); }
inline V128 i16x8_narrow_i32x4_s(V128 a, V128 b) { return narrow<int16_t, int32_t>(a, b); }
inline V128 i16x8_narrow_i32x4_u(V128 a, V128 b) { return narrow<uint16_t, int32_t>(a, b); }

template <class To, class From>
V128 extend(V128 a, size_t first) {
  return convert<To, From>(a, first, [](From x) { return static_cast<To>(x); });
}
template <class To, class From>
V128 extmul(V128 a, V128 b, size_t first) {
  // Products of extended lanes always fit; unsigned multiplication cannot overflow.
  using U = std::make_unsigned_t<To>;
  auto x = as<Lanes<From>>(a);
  auto y = as<Lanes<From>>(b);
  Lanes<U> r;
  for (size_t i = 0; i < kLanes<To>; ++i) {
    r[i] = static_cast<U>(u64{static_cast<U>(static_cast<To>(x[first + i]))} *
                          static_cast<U>(static_cast<To>(y[first + i])));
  }
  return from(r);
}
template <class To, class From>
V128 extadd_pairwise(V128 a) {
  auto x = as<Lanes<From>>(a);
  Lanes<To> r;
  for (size_t i = 0; i < kLanes<To>; ++i) r[i] = static_cast<To>(x[2 * i] + x[2 * i + 1]);
  return from(r);
}
#define WIDENING_ROWS(to, from_, S, FS, U, FU)                                               \
  inline V128 to##_extend_low_##from_##_s(V128 a) { return extend<S, FS>(a, 0); }            \
  inline V128 to##_extend_high_##from_##_s(V128 a) { return extend<S, FS>(a, kLanes<S>); }   \
  inline V128 to##_extend_low_##from_##_u(V128 a) { return extend<U, FU>(a, 0); }            \
  inline V128 to##_extend_high_##from_##_u(V128 a) { return extend<U, FU>(a, kLanes<U>); }   \
  inline V128 to##_extmul_low_##from_##_s(V128 a, V128 b) { return extmul<S, FS>(a, b, 0); } \
  inline V128 to##_extmul_high_##from_##_s(V128 a, V128 b) {                                 \
    return extmul<S, FS>(a, b, kLanes<S>);                                                   \
  }                                                                                          \
  inline V128 to##_extmul_low_##from_##_u(V128 a, V128 b) { return extmul<U, FU>(a, b, 0); } \
  inline V128 to##_extmul_high_##from_##_u(V128 a, V128 b) {                                 \
    return extmul<U, FU>(a, b, kLanes<U>);                                                   \
  }
WIDENING_ROWS(i16x8, i8x16, int16_t, int8_t, uint16_t, uint8_t)
WIDENING_ROWS(i32x4, i16x8, int32_t, int16_t, uint32_t, uint16_t)
WIDENING_ROWS(i64x2, i32x4, int64_t, int32_t, uint64_t, uint32_t)
#undef WIDENING_ROWS

inline V128 i16x8_extadd_pairwise_i8x16_s(V128 a) { return extadd_pairwise<int16_t, int8_t>(a); }
inline V128 i16x8_extadd_pairwise_i8x16_u(V128 a) { return extadd_pairwise<uint16_t, uint8_t>(a); }
inline V128 i32x4_extadd_pairwise_i16x8_s(V128 a) { return extadd_pairwise<int32_t, int16_t>(a); }
inline V128 i32x4_extadd_pairwise_i16x8_u(V128 a) { return extadd_pairwise<uint32_t, uint16_t>(a); }

inline V128 i32x4_dot_i16x8_s(V128 a, V128 b) {
  auto x = as<Lanes<int16_t>>(a);
  auto y = as<Lanes<int16_t>>(b);
  Lanes<u32> r;
  for (size_t i = 0; i < 4; ++i) {
    // Each product fits; only their sum may wrap.
    r[i] = static_cast<u32>(x[2 * i] * y[2 * i]) + static_cast<u32>(x[2 * i + 1] * y[2 * i + 1]);
  }
  return from(r);
}

// ---- floating-point lanes

// V: the vector; I: the vector of its comparisons; F: a lane.
#define FLOAT_LANE_ROWS(p, V, I, F)                                                          \
  inline V128 p##_eq(V128 a, V128 b) { return from(as<V>(a) == as<V>(b)); }                  \
  inline V128 p##_ne(V128 a, V128 b) { return from(as<V>(a) != as<V>(b)); }                  \
  inline V128 p##_lt(V128 a, V128 b) { return from(as<V>(a) < as<V>(b)); }                   \
  inline V128 p##_gt(V128 a, V128 b) { return from(as<V>(a) > as<V>(b)); }                   \
  inline V128 p##_le(V128 a, V128 b) { return from(as<V>(a) <= as<V>(b)); }                  \
  inline V128 p##_ge(V128 a, V128 b) { return from(as<V>(a) >= as<V>(b)); }                  \
  inline V128 p##_abs(V128 a) { return v128_andnot(a, splat(kSignBit<F>)); }                 \
  inline V128 p##_neg(V128 a) { return v128_xor(a, splat(kSignBit<F>)); }                    \
  inline V128 p##_add(V128 a, V128 b) { return from(as<V>(a) + as<V>(b)); }                  \
  inline V128 p##_sub(V128 a, V128 b) { return from(as<V>(a) - as<V>(b)); }                  \
  inline V128 p##_mul(V128 a, V128 b) { return from(as<V>(a) * as<V>(b)); }                  \
  inline V128 p##_div(V128 a, V128 b) { return from(as<V>(a) / as<V>(b)); }                  \
  inline V128 p##_sqrt(V128 a) {                                                             \
    return map<F>(a, [](F x) { return square_root(x); });                                    \
  }                                                                                          \
  inline V128 p##_ceil(V128 a) {                                                             \
    return map<F>(a, [](F x) { return ceil(x); });                                           \
  }                                                                                          \
  inline V128 p##_floor(V128 a) {                                                            \
    return map<F>(a, [](F x) { return floor(x); });                                          \
  }                                                                                          \
  inline V128 p##_trunc(V128 a) {                                                            \
    return map<F>(a, [](F x) { return trunc(x); });                                          \
  }                                                                                          \
  inline V128 p##_nearest(V128 a) {                                                          \
    return map<F>(a, [](F x) { return nearest(x); });                                        \
  }                                                                                          \
  inline V128 p##_min(V128 a, V128 b) {                                                      \
    return map<F>(a, b, [](F x, F y) { return min(x, y); });                                 \
  }                                                                                          \
  inline V128 p##_max(V128 a, V128 b) {                                                      \
    return map<F>(a, b, [](F x, F y) { return max(x, y); });                                 \
  }                                                                                          \
  inline V128 p##_pmin(V128 a, V128 b) { return v128_bitselect(b, a, p##_lt(b, a)); }        \
  inline V128 p##_pmax(V128 a, V128 b) { return v128_bitselect(b, a, p##_lt(a, b)); }        \
  inline V128 p##_relaxed_madd(V128 a, V128 b, V128 c) { return p##_add(p##_mul(a, b), c); } \
  inline V128 p##_relaxed_nmadd(V128 a, V128 b, V128 c) {                                    \
    return p##_add(p##_mul(p##_neg(a), b), c);                                               \
  }                                                                                          \
  inline V128 p##_relaxed_min(V128 a, V128 b) { return v128_bitselect(a, b, p##_lt(a, b)); } \
  inline V128 p##_relaxed_max(V128 a, V128 b) { return v128_bitselect(a, b, p##_gt(a, b)); }
FLOAT_LANE_ROWS(f32x4, F32x4, I32x4, float)
FLOAT_LANE_ROWS(f64x2, F64x2, I64x2, double)
#undef FLOAT_LANE_ROWS

// ---- conversions of lanes

inline V128 i32x4_trunc_sat_f32x4_s(V128 a) {
  return convert<u32, float>(a, 0, [](float x) { return saturating_trunc<i32>(x); });
}
inline V128 i32x4_trunc_sat_f32x4_u(V128 a) {
  return convert<u32, float>(a, 0, [](float x) { return saturating_trunc<u32>(x); });
}
inline V128 i32x4_trunc_sat_f64x2_s_zero(V128 a) {
  return convert<u32, double>(a, 0, [](double x) { return saturating_trunc<i32>(x); });
}
inline V128 i32x4_trunc_sat_f64x2_u_zero(V128 a) {
  return convert<u32, double>(a, 0, [](double x) { return saturating_trunc<u32>(x); });
}
inline V128 f32x4_convert_i32x4_s(V128 a) {
  return convert<float, i32>(a, 0, [](i32 x) { return static_cast<float>(x); });
}
inline V128 f32x4_convert_i32x4_u(V128 a) {
  return convert<float, u32>(a, 0, [](u32 x) { return static_cast<float>(x); });
}
inline V128 f64x2_convert_low_i32x4_s(V128 a) {
  return convert<double, i32>(a, 0, [](i32 x) { return static_cast<double>(x); });
}
inline V128 f64x2_convert_low_i32x4_u(V128 a) {
  return convert<double, u32>(a, 0, [](u32 x) { return static_cast<double>(x); });
}
inline V128 f32x4_demote_f64x2_zero(V128 a) {
  return convert<float, double>(a, 0, [](double x) { return static_cast<float>(x); });
}
inline V128 f64x2_promote_low_f32x4(V128 a) {
  return convert<double, float>(a, 0, [](float x) { return static_cast<double>(x); });
}

// ---- relaxed

inline V128 i8x16_relaxed_swizzle(V128 a, V128 indices) {
  Lanes<uint8_t> r;
  for (size_t i = 0; i < 16; ++i) {
    uint8_t index = indices.bytes[i];
    r[i] = (index & 0x80) != 0 ? uint8_t{0} : a.bytes[index % 16];
  }
  return from(r);
}
// What does not fit becomes the least number.
template <class F>
u32 relaxed_trunc(F a) {
  if (truncates_into<F, i32>(a)) return static_cast<u32>(static_cast<i32>(a));
  return u32{1} << 31;
}
inline V128 i32x4_relaxed_trunc_f32x4_s(V128 a) {
  return convert<u32, float>(a, 0, [](float x) { return relaxed_trunc(x); });
}
inline V128 i32x4_relaxed_trunc_f64x2_s_zero(V128 a) {
  return convert<u32, double>(a, 0, [](double x) { return relaxed_trunc(x); });
}
inline V128 i32x4_relaxed_trunc_f32x4_u(V128 a) { return i32x4_trunc_sat_f32x4_u(a); }
inline V128 i32x4_relaxed_trunc_f64x2_u_zero(V128 a) { return i32x4_trunc_sat_f64x2_u_zero(a); }
inline V128 i8x16_relaxed_laneselect(V128 a, V128 b, V128 m) { return v128_bitselect(a, b, m); }
inline V128 i16x8_relaxed_laneselect(V128 a, V128 b, V128 m) { return v128_bitselect(a, b, m); }
inline V128 i32x4_relaxed_laneselect(V128 a, V128 b, V128 m) { return v128_bitselect(a, b, m); }
inline V128 i64x2_relaxed_laneselect(V128 a, V128 b, V128 m) { return v128_bitselect(a, b, m); }
inline V128 i16x8_relaxed_q15mulr_s(V128 a, V128 b) {
  return map<uint16_t>(as<V128>(a), b, [](uint16_t x, uint16_t y) {
    int product = static_cast<int16_t>(x) * static_cast<int16_t>(y);
    return static_cast<uint16_t>((product + 0x4000) >> 15);
  });
}
// The second operand counts as unsigned, sums of two products saturate.
inline V128 i16x8_relaxed_dot_i8x16_i7x16_s(V128 a, V128 b) {
  auto x = as<Lanes<int8_t>>(a);
  auto y = as<Lanes<uint8_t>>(b);
  Lanes<int16_t> r;
  for (size_t i = 0; i < 8; ++i) {
    r[i] = saturate<int16_t, i32>(x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1]);
  }
  return from(r);
}
inline V128 i32x4_relaxed_dot_i8x16_i7x16_add_s(V128 a, V128 b, V128 c) {
  return i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

}  // namespace nacre::interp::sem
