// Vector instructions between lanes of different types.
#include "baseline/x64/vector_instructions.h"

namespace nacre::baseline::x64 {
namespace {

constexpr uint8_t kHighHalf = 0xEE;                         // of pshufd: lanes 2 3 2 3
constexpr uint8_t kLowDoubled = 0x50, kHighDoubled = 0xFA;  // lanes 0 0 1 1 and 2 2 3 3
constexpr uint32_t kTwoTo31 = 0x4F00'0000;                  // as f32
constexpr uint64_t kTwoTo52 = 0x4330'0000'0000'0000;        // as f64
constexpr uint64_t kInt32Max = 0x41DF'FFFF'FFC0'0000;       // 2^31 - 1 as f64
constexpr uint64_t kUint32Max = 0x41EF'FFFF'FFE0'0000;      // 2^32 - 1 as f64

}  // namespace

// ---- one instruction

#define UNARY(name, op) \
  void VectorInstructions::name(const wasm::imm::none&) { vector_unary(op); }
UNARY(i16x8_extend_low_i8x16_s, kPmovsxbw)
UNARY(i16x8_extend_low_i8x16_u, kPmovzxbw)
UNARY(i32x4_extend_low_i16x8_s, kPmovsxwd)
UNARY(i32x4_extend_low_i16x8_u, kPmovzxwd)
UNARY(i64x2_extend_low_i32x4_s, kPmovsxdq)
UNARY(i64x2_extend_low_i32x4_u, kPmovzxdq)
UNARY(f32x4_convert_i32x4_s, kCvtdq2ps)
UNARY(f64x2_convert_low_i32x4_s, kCvtdq2pd)
UNARY(f32x4_demote_f64x2_zero, kCvtpd2ps)
UNARY(f64x2_promote_low_f32x4, kCvtps2pd)
// The machine's answer for what does not fit is the least number.
UNARY(i32x4_relaxed_trunc_f32x4_s, kCvttps2dq)
UNARY(i32x4_relaxed_trunc_f64x2_s_zero, kCvttpd2dq)
#undef UNARY

#define NARROW(name, op) \
  void VectorInstructions::name(const wasm::imm::none&) { vector_binary(op, Order::ordered); }
NARROW(i8x16_narrow_i16x8_s, kPacksswb)
NARROW(i8x16_narrow_i16x8_u, kPackuswb)
NARROW(i16x8_narrow_i32x4_s, kPackssdw)
NARROW(i16x8_narrow_i32x4_u, kPackusdw)
#undef NARROW

// ---- wider integers

void VectorInstructions::extend_high(Opcode op) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_imm(kPshufd, to, from, kHighHalf);
    masm_.sse(op, to, to);
  });
}
void VectorInstructions::i16x8_extend_high_i8x16_s(const wasm::imm::none&) {
  extend_high(kPmovsxbw);
}
void VectorInstructions::i16x8_extend_high_i8x16_u(const wasm::imm::none&) {
  extend_high(kPmovzxbw);
}
void VectorInstructions::i32x4_extend_high_i16x8_s(const wasm::imm::none&) {
  extend_high(kPmovsxwd);
}
void VectorInstructions::i32x4_extend_high_i16x8_u(const wasm::imm::none&) {
  extend_high(kPmovzxwd);
}
void VectorInstructions::i64x2_extend_high_i32x4_s(const wasm::imm::none&) {
  extend_high(kPmovsxdq);
}
void VectorInstructions::i64x2_extend_high_i32x4_u(const wasm::imm::none&) {
  extend_high(kPmovzxdq);
}

void VectorInstructions::extmul_bytes(Opcode extend, bool high) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    if (high) {
      masm_.sse_imm(kPshufd, to, a, kHighHalf);
      masm_.sse_imm(kPshufd, kXmmScratch, b, kHighHalf);
      a = to;
      b = kXmmScratch;
    }
    masm_.sse(extend, to, a);
    masm_.sse(extend, kXmmScratch, b);
    masm_.sse(kPmullw, to, to, kXmmScratch);
  });
}
void VectorInstructions::i16x8_extmul_low_i8x16_s(const wasm::imm::none&) {
  extmul_bytes(kPmovsxbw, false);
}
void VectorInstructions::i16x8_extmul_low_i8x16_u(const wasm::imm::none&) {
  extmul_bytes(kPmovzxbw, false);
}
void VectorInstructions::i16x8_extmul_high_i8x16_s(const wasm::imm::none&) {
  extmul_bytes(kPmovsxbw, true);
}
void VectorInstructions::i16x8_extmul_high_i8x16_u(const wasm::imm::none&) {
  extmul_bytes(kPmovzxbw, true);
}

// Lower and upper halves of the products, side by side.
void VectorInstructions::extmul_words(Opcode multiply_high, Opcode interleave) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    masm_.sse(kPmullw, to, a, b);
    masm_.sse(multiply_high, kXmmScratch, a, b);
    masm_.sse(interleave, to, to, kXmmScratch);
  });
}
void VectorInstructions::i32x4_extmul_low_i16x8_s(const wasm::imm::none&) {
  extmul_words(kPmulhw, kPunpcklwd);
}
void VectorInstructions::i32x4_extmul_low_i16x8_u(const wasm::imm::none&) {
  extmul_words(kPmulhuw, kPunpcklwd);
}
void VectorInstructions::i32x4_extmul_high_i16x8_s(const wasm::imm::none&) {
  extmul_words(kPmulhw, kPunpckhwd);
}
void VectorInstructions::i32x4_extmul_high_i16x8_u(const wasm::imm::none&) {
  extmul_words(kPmulhuw, kPunpckhwd);
}

// The machine multiplies lanes 0 and 2.
void VectorInstructions::extmul_dwords(Opcode multiply, bool high) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    uint8_t doubled = high ? kHighDoubled : kLowDoubled;
    masm_.sse_imm(kPshufd, to, a, doubled);
    masm_.sse_imm(kPshufd, kXmmScratch, b, doubled);
    masm_.sse(multiply, to, to, kXmmScratch);
  });
}
void VectorInstructions::i64x2_extmul_low_i32x4_s(const wasm::imm::none&) {
  extmul_dwords(kPmuldq, false);
}
void VectorInstructions::i64x2_extmul_low_i32x4_u(const wasm::imm::none&) {
  extmul_dwords(kPmuludq, false);
}
void VectorInstructions::i64x2_extmul_high_i32x4_s(const wasm::imm::none&) {
  extmul_dwords(kPmuldq, true);
}
void VectorInstructions::i64x2_extmul_high_i32x4_u(const wasm::imm::none&) {
  extmul_dwords(kPmuludq, true);
}

// Sums of neighbours are sums of products with 1; bytes are multiplied signed with unsigned.
void VectorInstructions::i16x8_extadd_pairwise_i8x16_s(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_label(kMovaps, to, twice(in_words(0x0101)));
    masm_.sse(kPmaddubsw, to, to, from);
  });
}
void VectorInstructions::i16x8_extadd_pairwise_i8x16_u(const wasm::imm::none&) {
  vector_sequence<1>(
      [&](Xmm to, Xmm from) { masm_.sse_label(kPmaddubsw, to, from, twice(in_words(0x0101))); });
}
void VectorInstructions::i32x4_extadd_pairwise_i16x8_s(const wasm::imm::none&) {
  vector_sequence<1>(
      [&](Xmm to, Xmm from) { masm_.sse_label(kPmaddwd, to, from, twice(in_words(1))); });
}
// As signed numbers, each 2^15 less.
void VectorInstructions::i32x4_extadd_pairwise_i16x8_u(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_label(kPxor, to, from, twice(in_words(0x8000)));
    masm_.sse_label(kPmaddwd, to, to, twice(in_words(1)));
    masm_.sse_label(kPaddd, to, to, twice(in_dwords(0x10000)));
  });
}

// ---- floats to integers

// NaNs become 0 first. The machine answers 0x80000000 for what is too large, and a mask turns it.
void VectorInstructions::i32x4_trunc_sat_f32x4_s(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_imm(kCmpps, to, from, from, kEqual);
    masm_.sse(kPand, to, to, from);
    masm_.sse_label(kMovaps, kXmmScratch, twice(in_dwords(kTwoTo31)));
    masm_.sse_imm(kCmpps, kXmmScratch, kXmmScratch, from, kLessEqual);
    masm_.sse(kCvttps2dq, to, to);
    masm_.sse(kPxor, to, to, kXmmScratch);
  });
}

// What is above 2^31 is converted apart (0 if there is none, at most 2^31 - 1) and added to 2^31,
// the machine's answer for such a lane.
void VectorInstructions::i32x4_trunc_sat_f32x4_u(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    zero(kXmmScratch);
    masm_.sse(kMaxps, to, from, kXmmScratch);  // the second, 0, for NaNs
    masm_.sse_label(kMovaps, kXmmScratch2, twice(in_dwords(kTwoTo31)));
    masm_.sse(kSubps, kXmmScratch, to, kXmmScratch2);
    masm_.sse_imm(kCmpps, kXmmScratch2, kXmmScratch2, kXmmScratch, kLessEqual);
    masm_.sse(kCvttps2dq, kXmmScratch, kXmmScratch);
    masm_.sse(kPxor, kXmmScratch, kXmmScratch, kXmmScratch2);
    zero(kXmmScratch2);
    masm_.sse(kPmaxsd, kXmmScratch, kXmmScratch, kXmmScratch2);
    masm_.sse(kCvttps2dq, to, to);
    masm_.sse(kPaddd, to, to, kXmmScratch);
  });
}
void VectorInstructions::i32x4_relaxed_trunc_f32x4_u(const wasm::imm::none& i) {
  i32x4_trunc_sat_f32x4_u(i);
}

// The lesser of the lane and the greatest number, which is 0 for NaNs: the second is taken there.
void VectorInstructions::i32x4_trunc_sat_f64x2_s_zero(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_imm(kCmppd, kXmmScratch, from, from, kEqual);
    masm_.sse_label(kPand, kXmmScratch, kXmmScratch, twice(kInt32Max));
    masm_.sse(kMinpd, to, from, kXmmScratch);
    masm_.sse(kCvttpd2dq, to, to);
  });
}

// Cut to the range and to an integer, which added to 2^52 stands in the lower half of the lane.
void VectorInstructions::i32x4_trunc_sat_f64x2_u_zero(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    zero(kXmmScratch);
    masm_.sse(kMaxpd, to, from, kXmmScratch);
    masm_.sse_label(kMinpd, to, to, twice(kUint32Max));
    masm_.sse_imm(kRoundpd, to, to, kRoundToZero);
    masm_.sse_label(kAddpd, to, to, twice(kTwoTo52));
    masm_.sse_imm(kShufps, to, to, kXmmScratch, 0x88);  // lanes 0 2, and zeroes
  });
}
void VectorInstructions::i32x4_relaxed_trunc_f64x2_u_zero(const wasm::imm::none& i) {
  i32x4_trunc_sat_f64x2_u_zero(i);
}

// ---- integers to floats

// The lower 16 bits and what is above them: both are exact, as half of the latter is; only their
// sum rounds.
void VectorInstructions::f32x4_convert_i32x4_u(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_label(kPand, kXmmScratch, from, twice(in_dwords(0xFFFF)));
    masm_.sse(kPsubd, to, from, kXmmScratch);
    shift_by(kPsrld, to, to, 1);
    masm_.sse(kCvtdq2ps, to, to);
    masm_.sse(kAddps, to, to, to);
    masm_.sse(kCvtdq2ps, kXmmScratch, kXmmScratch);
    masm_.sse(kAddps, to, to, kXmmScratch);
  });
}

// Below the exponent of 2^52 a number is 2^52 more.
void VectorInstructions::f64x2_convert_low_i32x4_u(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    masm_.sse_label(kPunpckldq, to, from, twice(in_dwords(kTwoTo52 >> 32)));
    masm_.sse_label(kSubpd, to, to, twice(kTwoTo52));
  });
}

}  // namespace nacre::baseline::x64
