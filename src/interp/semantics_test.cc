// The corners of arithmetic: what the specification's rounding, wrapping and NaN rules fix.
#include "interp/semantics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "interp/simd_semantics.h"

namespace nacre::interp::sem {
namespace {

using abi::TrapKind;

constexpr float kNan32 = std::numeric_limits<float>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr uint32_t kSignallingNan32 = 0x7FA00000;
constexpr uint64_t kSignallingNan64 = 0x7FF4000000000000;

TEST(Semantics, DivisionTrapsWhereItHasNoResult) {
  EXPECT_EQ(i32_div_s(7, 0).trap, TrapKind::integer_divide_by_zero);
  EXPECT_EQ(i32_div_s(0x80000000, 0xFFFFFFFF).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i32_div_s(0x80000001, 0xFFFFFFFF).value, 0x7FFFFFFFu);
  EXPECT_EQ(i32_div_s(static_cast<u32>(-7), 2).value, static_cast<u32>(-3));
  EXPECT_EQ(i32_rem_s(0x80000000, 0xFFFFFFFF).value, 0u);
  EXPECT_EQ(i32_rem_s(0x80000000, 0xFFFFFFFF).trap, TrapKind::none);
  EXPECT_EQ(i32_rem_s(static_cast<u32>(-7), 2).value, static_cast<u32>(-1));
  EXPECT_EQ(i32_rem_u(1, 0).trap, TrapKind::integer_divide_by_zero);
  EXPECT_EQ(i64_div_s(u64{1} << 63, ~u64{0}).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i64_div_u(u64{1} << 63, ~u64{0}).value, 0u);
}

TEST(Semantics, ShiftsCountModuloTheWidth) {
  EXPECT_EQ(i32_shl(1, 33), 2u);
  EXPECT_EQ(i32_shr_s(0x80000000, 63), 0xFFFFFFFFu);
  EXPECT_EQ(i32_shr_u(0x80000000, 31), 1u);
  EXPECT_EQ(i64_shl(1, 64), 1u);
  EXPECT_EQ(i32_rotl(0x80000001, 1), 3u);
  EXPECT_EQ(i32_rotr(3, 33), 0x80000001u);
  EXPECT_EQ(i64_rotr(1, 64), 1u);
}

TEST(Semantics, BitsAreCounted) {
  EXPECT_EQ(i32_clz(0), 32u);
  EXPECT_EQ(i64_ctz(0), 64u);
  for (u64 x : {u64{0}, u64{1}, u64{0x8000000000000000}, u64{0x123456789ABCDEF0}, ~u64{0}}) {
    EXPECT_EQ(i64_popcnt(x), static_cast<u64>(__builtin_popcountll(x)));
    EXPECT_EQ(i32_popcnt(static_cast<u32>(x)),
              static_cast<u32>(__builtin_popcount(static_cast<u32>(x))));
  }
}

TEST(Semantics, WideArithmeticCarries) {
  Wide sum = i64_add128(~u64{0}, 1, 1, 2);
  EXPECT_EQ(sum.low, 0u);
  EXPECT_EQ(sum.high, 4u);
  Wide difference = i64_sub128(0, 0, 1, 0);
  EXPECT_EQ(difference.low, ~u64{0});
  EXPECT_EQ(difference.high, ~u64{0});
  EXPECT_EQ(i64_mul_wide_s(~u64{0}, 2).high, ~u64{0});
  EXPECT_EQ(i64_mul_wide_u(~u64{0}, 2).high, 1u);
}

// Against the C library, which takes another way.
template <class F>
void expect_rounding(F a) {
  auto same = [](F x, F y) { return std::isnan(x) ? std::isnan(y) : bits_of(x) == bits_of(y); };
  EXPECT_TRUE(same(floor(a), std::floor(a))) << a;
  EXPECT_TRUE(same(ceil(a), std::ceil(a))) << a;
  EXPECT_TRUE(same(trunc(a), std::trunc(a))) << a;
  EXPECT_TRUE(same(nearest(a), std::nearbyint(a))) << a;
}

TEST(Semantics, RoundsToIntegers) {
  for (double a : {0.0, 0.1, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 4.4999, 1e6 + 0.5, 8388607.5, 8388608.0,
                   4503599627370495.5, 4503599627370496.0, 9.2e18, 1e300, kInf}) {
    for (double signed_a : {a, -a}) {
      expect_rounding(signed_a);
      expect_rounding(static_cast<float>(signed_a));
    }
  }
  uint32_t bits = 1;
  for (int i = 0; i < 200000; ++i) {
    bits = bits * 1664525 + 1013904223;
    expect_rounding(from_bits<float>(bits));
    expect_rounding(from_bits<double>(u64{bits} << 32 | ~bits));
  }
}

TEST(Semantics, SignallingNansBecomeQuietByArithmeticOnly) {
  float s32 = from_bits<float>(kSignallingNan32);
  double s64 = from_bits<double>(kSignallingNan64);
  volatile double one = 1;  // else the compiler drops the multiplication
  constexpr u32 kQuiet32 = 0x400000;
  constexpr u64 kQuiet64 = 0x8000000000000;
  for (float r : {f32_add(s32, 1), f32_floor(s32), f32_nearest(s32), f32_min(s32, 1),
                  f32_max(1, s32), f32_sqrt(s32), f32_demote_f64(s64)}) {
    EXPECT_NE(r, r);
    EXPECT_NE(bits_of(r) & kQuiet32, 0u);
  }
  for (double r : {f64_mul(s64, one), f64_ceil(s64), f64_trunc(s64), f64_promote_f32(s32)}) {
    EXPECT_NE(r, r);
    EXPECT_NE(bits_of(r) & kQuiet64, 0u);
  }
  EXPECT_EQ(bits_of(f32_neg(s32)), kSignallingNan32 | 0x80000000);
  EXPECT_EQ(bits_of(f32_abs(f32_neg(s32))), kSignallingNan32);
  EXPECT_EQ(bits_of(f64_copysign(s64, -1.0)), kSignallingNan64 | kSignBit<double>);
  EXPECT_EQ(i32_reinterpret_f32(s32), kSignallingNan32);
}

TEST(Semantics, MinimumAndMaximumOrderZeros) {
  EXPECT_EQ(bits_of(f32_min(0.0f, -0.0f)), kSignBit<float>);
  EXPECT_EQ(bits_of(f32_max(-0.0f, 0.0f)), 0u);
  EXPECT_EQ(bits_of(f64_min(-0.0, -0.0)), kSignBit<double>);
  EXPECT_EQ(f64_min(1.0, -kInf), -kInf);
  EXPECT_TRUE(std::isnan(f32_max(kNan32, 1.0f)));
}

TEST(Semantics, TruncationChecksItsRange) {
  EXPECT_EQ(i32_trunc_f64_s(2147483647.9).value, 0x7FFFFFFFu);
  EXPECT_EQ(i32_trunc_f64_s(2147483648.0).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i32_trunc_f64_s(-2147483648.9).value, 0x80000000u);
  EXPECT_EQ(i32_trunc_f64_s(-2147483649.0).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i32_trunc_f32_s(-2147483648.0f).value, 0x80000000u);
  EXPECT_EQ(i32_trunc_f32_s(-2147483904.0f).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i32_trunc_f32_u(-0.99f).value, 0u);
  EXPECT_EQ(i32_trunc_f32_u(-1.0f).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i32_trunc_f64_u(4294967295.9).value, 0xFFFFFFFFu);
  EXPECT_EQ(i64_trunc_f64_s(-9223372036854775808.0).value, u64{1} << 63);
  EXPECT_EQ(i64_trunc_f64_u(18446744073709549568.0).value, 18446744073709549568u);
  EXPECT_EQ(i64_trunc_f64_u(18446744073709551616.0).trap, TrapKind::integer_overflow);
  EXPECT_EQ(i64_trunc_f32_s(kNan32).trap, TrapKind::invalid_conversion);
  EXPECT_EQ(i32_trunc_sat_f32_s(kNan32), 0u);
  EXPECT_EQ(i32_trunc_sat_f64_u(-5.0), 0u);
  EXPECT_EQ(i64_trunc_sat_f64_s(1e300), 0x7FFFFFFFFFFFFFFFu);
  EXPECT_EQ(i64_trunc_sat_f64_s(-1e300), u64{1} << 63);
  EXPECT_EQ(i64_trunc_sat_f32_u(1e30f), ~u64{0});
}

// ---- vectors

template <class T, class... A>
V128 lanes(A... a) {
  return from(Lanes<T>{static_cast<T>(a)...});
}
bool same(V128 a, V128 b) { return std::memcmp(&a, &b, 16) == 0; }

TEST(SimdSemantics, SaturatesAndNarrows) {
  V128 a = splat(uint8_t{200});
  EXPECT_TRUE(same(i8x16_add_sat_u(a, a), splat(uint8_t{255})));
  EXPECT_TRUE(same(i8x16_sub_sat_u(splat(uint8_t{1}), a), splat(uint8_t{0})));
  EXPECT_TRUE(same(i8x16_add_sat_s(splat(int8_t{-100}), splat(int8_t{-100})), splat(int8_t{-128})));
  EXPECT_TRUE(same(i8x16_narrow_i16x8_u(splat(int16_t{-5}), splat(int16_t{300})),
                   lanes<uint8_t>(0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)));
  EXPECT_TRUE(same(i16x8_q15mulr_sat_s(splat(int16_t{-32768}), splat(int16_t{-32768})),
                   splat(int16_t{32767})));
  EXPECT_TRUE(same(i8x16_avgr_u(splat(uint8_t{255}), splat(uint8_t{254})), splat(uint8_t{255})));
}

TEST(SimdSemantics, WidensAndMultiplies) {
  V128 minus_one = splat(int8_t{-1});
  EXPECT_TRUE(same(i16x8_extend_low_i8x16_s(minus_one), splat(int16_t{-1})));
  EXPECT_TRUE(same(i16x8_extend_high_i8x16_u(minus_one), splat(int16_t{255})));
  EXPECT_TRUE(same(i16x8_extmul_low_i8x16_u(minus_one, minus_one), splat(uint16_t{65025})));
  EXPECT_TRUE(
      same(i64x2_extmul_high_i32x4_s(splat(uint32_t{0x80000000}), splat(uint32_t{0x80000000})),
           splat(u64{1} << 62)));
  EXPECT_TRUE(same(i64x2_extmul_low_i32x4_u(splat(~uint32_t{0}), splat(~uint32_t{0})),
                   splat(u64{0xFFFFFFFE00000001})));
  EXPECT_TRUE(same(i32x4_dot_i16x8_s(splat(int16_t{-32768}), splat(int16_t{-32768})),
                   splat(uint32_t{0x80000000})));
  EXPECT_TRUE(same(i32x4_extadd_pairwise_i16x8_u(splat(uint16_t{65535})), splat(uint32_t{131070})));
}

TEST(SimdSemantics, LanesShiftCountAndCompare) {
  EXPECT_TRUE(same(i8x16_shr_s(splat(int8_t{-128}), 9), splat(int8_t{-64})));
  EXPECT_TRUE(same(i64x2_shl(splat(u64{1}), 65), splat(u64{2})));
  EXPECT_TRUE(same(i8x16_popcnt(splat(uint8_t{0xFF})), splat(uint8_t{8})));
  EXPECT_TRUE(same(i64x2_abs(splat(u64{1} << 63)), splat(u64{1} << 63)));
  EXPECT_EQ(i8x16_bitmask(lanes<int8_t>(-1, 0, -1)), 5u);
  EXPECT_EQ(i64x2_all_true(lanes<u64>(1, 0)), 0u);
  EXPECT_EQ(v128_any_true(lanes<u64>(0, u64{1} << 63)), 1u);
  EXPECT_TRUE(same(i16x8_lt_u(splat(uint16_t{1}), splat(uint16_t{65535})), splat(~u64{0})));
}

TEST(SimdSemantics, FloatLanes) {
  V128 nan = splat(bits_of(kNan32));
  V128 one = splat(bits_of(1.0f));
  EXPECT_TRUE(same(f32x4_pmin(one, nan), one));  // b < a is false
  EXPECT_TRUE(same(f32x4_pmax(nan, one), nan));
  EXPECT_TRUE(same(i32x4_trunc_sat_f64x2_s_zero(splat(bits_of(-1e20))),
                   lanes<uint32_t>(0x80000000, 0x80000000)));
  EXPECT_TRUE(same(f64x2_convert_low_i32x4_u(splat(~uint32_t{0})), splat(bits_of(4294967295.0))));
  EXPECT_TRUE(
      same(f32x4_demote_f64x2_zero(splat(bits_of(2.0))), lanes<uint32_t>(0x40000000, 0x40000000)));
}

TEST(SimdSemantics, SwizzlesPickOnlyLanesThatExist) {
  V128 a = lanes<uint8_t>(10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25);
  V128 indices = lanes<uint8_t>(15, 16, 128, 255, 0);
  EXPECT_TRUE(same(i8x16_swizzle(a, indices),
                   lanes<uint8_t>(25, 0, 0, 0, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10)));
  EXPECT_EQ(i8x16_relaxed_swizzle(a, indices).bytes[2], 0);
}

}  // namespace
}  // namespace nacre::interp::sem
