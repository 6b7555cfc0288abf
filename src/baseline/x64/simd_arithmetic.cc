// Vector instructions that compute lane by lane.
#include "baseline/x64/vector_instructions.h"

namespace nacre::baseline::x64 {
namespace {

constexpr uint64_t kSigns32 = 0x8000'0000'8000'0000, kSigns64 = 0x8000'0000'0000'0000;

}  // namespace

// ---- one instruction

void VectorInstructions::vector_op(Opcode op, Xmm to, Xmm a, Xmm b, Order order,
                                   std::optional<uint8_t> imm) {
  auto emit = [&](Xmm result, Xmm x, Xmm y) {
    masm_.sse(op, result, x, y);
    if (imm) masm_.byte(*imm);
  };
  if (cpu().avx || to != b || to == a) return emit(to, a, b);
  if (order == Order::commutes) return emit(to, b, a);
  if (a == kXmmScratch || a == kXmmScratch2) {
    emit(a, a, b);
    return masm_.sse_mov(to, a);
  }
  masm_.sse_mov(kXmmScratch, b);
  emit(to, a, kXmmScratch);
}

void VectorInstructions::vector_unary(Opcode op, std::optional<uint8_t> imm) {
  Operand value = pop();
  auto emit = [&](auto from) {
    release(value);
    Xmm to = result_fpr();
    masm_.sse(op, to, from);
    if (imm) masm_.byte(*imm);
    push_fpr(Type::v128, to);
  };
  if (cpu().avx && in_memory(value)) {
    emit(frame_of(value));
  } else {
    emit(fpr_of(value));
  }
}

void VectorInstructions::vector_binary(Opcode op, Order order, std::optional<uint8_t> imm) {
  Operand b = pop(), a = pop();
  bool exchange = order == Order::commutes && in_memory(a) && !in_memory(b);
  if (order == Order::swapped || exchange) std::swap(a, b);
  Xmm left = fpr_of(a);
  Xmm to;
  if (cpu().avx && in_memory(b)) {
    Mem right = frame_of(b);
    release(a);
    release(b);
    to = result_fpr();
    masm_.sse(op, to, left, right);
    if (imm) masm_.byte(*imm);
  } else {
    Xmm right = fpr_of(b);
    release(a);
    release(b);
    to = result_fpr();
    vector_op(op, to, left, right, order, imm);
  }
  push_fpr(Type::v128, to);
}

#define UNARY(name, op) \
  void VectorInstructions::name(const wasm::imm::none&) { vector_unary(op); }
#define BINARY(name, op, order) \
  void VectorInstructions::name(const wasm::imm::none&) { vector_binary(op, Order::order); }
BINARY(v128_and, kPand, commutes)
BINARY(v128_andnot, kPandn, swapped)
BINARY(v128_or, kPor, commutes)
BINARY(v128_xor, kPxor, commutes)
BINARY(i8x16_add, kPaddb, commutes)
BINARY(i16x8_add, kPaddw, commutes)
BINARY(i32x4_add, kPaddd, commutes)
BINARY(i64x2_add, kPaddq, commutes)
BINARY(i8x16_sub, kPsubb, ordered)
BINARY(i16x8_sub, kPsubw, ordered)
BINARY(i32x4_sub, kPsubd, ordered)
BINARY(i64x2_sub, kPsubq, ordered)
BINARY(i8x16_add_sat_s, kPaddsb, commutes)
BINARY(i16x8_add_sat_s, kPaddsw, commutes)
BINARY(i8x16_add_sat_u, kPaddusb, commutes)
BINARY(i16x8_add_sat_u, kPaddusw, commutes)
BINARY(i8x16_sub_sat_s, kPsubsb, ordered)
BINARY(i16x8_sub_sat_s, kPsubsw, ordered)
BINARY(i8x16_sub_sat_u, kPsubusb, ordered)
BINARY(i16x8_sub_sat_u, kPsubusw, ordered)
BINARY(i8x16_avgr_u, kPavgb, commutes)
BINARY(i16x8_avgr_u, kPavgw, commutes)
BINARY(i8x16_min_s, kPminsb, commutes)
BINARY(i16x8_min_s, kPminsw, commutes)
BINARY(i32x4_min_s, kPminsd, commutes)
BINARY(i8x16_min_u, kPminub, commutes)
BINARY(i16x8_min_u, kPminuw, commutes)
BINARY(i32x4_min_u, kPminud, commutes)
BINARY(i8x16_max_s, kPmaxsb, commutes)
BINARY(i16x8_max_s, kPmaxsw, commutes)
BINARY(i32x4_max_s, kPmaxsd, commutes)
BINARY(i8x16_max_u, kPmaxub, commutes)
BINARY(i16x8_max_u, kPmaxuw, commutes)
BINARY(i32x4_max_u, kPmaxud, commutes)
BINARY(i16x8_mul, kPmullw, commutes)
BINARY(i32x4_mul, kPmulld, commutes)
BINARY(i32x4_dot_i16x8_s, kPmaddwd, commutes)
UNARY(i8x16_abs, kPabsb)
UNARY(i16x8_abs, kPabsw)
UNARY(i32x4_abs, kPabsd)
BINARY(i8x16_eq, kPcmpeqb, commutes)
BINARY(i16x8_eq, kPcmpeqw, commutes)
BINARY(i32x4_eq, kPcmpeqd, commutes)
BINARY(i64x2_eq, kPcmpeqq, commutes)
BINARY(i8x16_gt_s, kPcmpgtb, ordered)
BINARY(i16x8_gt_s, kPcmpgtw, ordered)
BINARY(i32x4_gt_s, kPcmpgtd, ordered)
BINARY(i64x2_gt_s, kPcmpgtq, ordered)
BINARY(i8x16_lt_s, kPcmpgtb, swapped)
BINARY(i16x8_lt_s, kPcmpgtw, swapped)
BINARY(i32x4_lt_s, kPcmpgtd, swapped)
BINARY(i64x2_lt_s, kPcmpgtq, swapped)
// Addition and multiplication do not commute here: of two NaNs the machine gives the first.
BINARY(f32x4_add, kAddps, ordered)
BINARY(f32x4_sub, kSubps, ordered)
BINARY(f32x4_mul, kMulps, ordered)
BINARY(f32x4_div, kDivps, ordered)
BINARY(f64x2_add, kAddpd, ordered)
BINARY(f64x2_sub, kSubpd, ordered)
BINARY(f64x2_mul, kMulpd, ordered)
BINARY(f64x2_div, kDivpd, ordered)
UNARY(f32x4_sqrt, kSqrtps)
UNARY(f64x2_sqrt, kSqrtpd)
// The machine's minimum is a < b ? a : b, its maximum a > b ? a : b.
BINARY(f32x4_pmin, kMinps, swapped)
BINARY(f32x4_pmax, kMaxps, swapped)
BINARY(f64x2_pmin, kMinpd, swapped)
BINARY(f64x2_pmax, kMaxpd, swapped)
BINARY(f32x4_relaxed_min, kMinps, ordered)
BINARY(f32x4_relaxed_max, kMaxps, ordered)
BINARY(f64x2_relaxed_min, kMinpd, ordered)
BINARY(f64x2_relaxed_max, kMaxpd, ordered)
BINARY(i16x8_relaxed_q15mulr_s, kPmulhrsw, commutes)
BINARY(i16x8_relaxed_dot_i8x16_i7x16_s, kPmaddubsw, swapped)
#undef UNARY
#undef BINARY

#define FLOAT_COMPARE(name, predicate, order)                     \
  void VectorInstructions::f32x4_##name(const wasm::imm::none&) { \
    vector_binary(kCmpps, Order::order, predicate);               \
  }                                                               \
  void VectorInstructions::f64x2_##name(const wasm::imm::none&) { \
    vector_binary(kCmppd, Order::order, predicate);               \
  }
FLOAT_COMPARE(eq, kEqual, commutes)
FLOAT_COMPARE(ne, kNotEqual, commutes)
FLOAT_COMPARE(lt, kLess, ordered)
FLOAT_COMPARE(gt, kLess, swapped)
FLOAT_COMPARE(le, kLessEqual, ordered)
FLOAT_COMPARE(ge, kLessEqual, swapped)
#undef FLOAT_COMPARE

#define ROUND(name, mode)                                                                         \
  void VectorInstructions::f32x4_##name(const wasm::imm::none&) { vector_unary(kRoundps, mode); } \
  void VectorInstructions::f64x2_##name(const wasm::imm::none&) { vector_unary(kRoundpd, mode); }
ROUND(nearest, kRoundNearest)
ROUND(floor, kRoundDown)
ROUND(ceil, kRoundUp)
ROUND(trunc, kRoundToZero)
#undef ROUND

// ---- bits

void VectorInstructions::v128_not(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    all_ones(to);
    masm_.sse(kPxor, to, to, from);
  });
}

// The second, changed where the mask is set and the two differ.
void VectorInstructions::bit_select() {
  vector_sequence<3>([&](Xmm to, Xmm a, Xmm b, Xmm mask) {
    masm_.sse(kPxor, to, a, b);
    masm_.sse(kPand, to, to, mask);
    masm_.sse(kPxor, to, to, b);
  });
}
void VectorInstructions::v128_bitselect(const wasm::imm::none&) { bit_select(); }
void VectorInstructions::i8x16_relaxed_laneselect(const wasm::imm::none&) { bit_select(); }
void VectorInstructions::i16x8_relaxed_laneselect(const wasm::imm::none&) { bit_select(); }
void VectorInstructions::i32x4_relaxed_laneselect(const wasm::imm::none&) { bit_select(); }
void VectorInstructions::i64x2_relaxed_laneselect(const wasm::imm::none&) { bit_select(); }

void VectorInstructions::v128_any_true(const wasm::imm::none&) {
  Operand value = pop();
  Xmm from = fpr_of(value);
  masm_.sse(kPtest, from, from);
  release(value);
  push_condition(Cond::not_equal);
}

void VectorInstructions::all_true(Opcode equal) {
  Operand value = pop();
  Xmm from = fpr_of(value);
  zero(kXmmScratch);
  masm_.sse(equal, kXmmScratch, kXmmScratch, from);
  masm_.sse(kPtest, kXmmScratch, kXmmScratch);  // no lane is zero
  release(value);
  push_condition(Cond::equal);
}
void VectorInstructions::i8x16_all_true(const wasm::imm::none&) { all_true(kPcmpeqb); }
void VectorInstructions::i16x8_all_true(const wasm::imm::none&) { all_true(kPcmpeqw); }
void VectorInstructions::i32x4_all_true(const wasm::imm::none&) { all_true(kPcmpeqd); }
void VectorInstructions::i64x2_all_true(const wasm::imm::none&) { all_true(kPcmpeqq); }

void VectorInstructions::bitmask(Opcode op) {
  Operand value = pop();
  Xmm from = fpr_of(value);
  release(value);
  Gpr to = result_gpr();
  masm_.sse_w(Width::w32, op, number(to), from);
  push_gpr(Type::i32, to);
}
void VectorInstructions::i8x16_bitmask(const wasm::imm::none&) { bitmask(kPmovmskb); }
void VectorInstructions::i32x4_bitmask(const wasm::imm::none&) { bitmask(kMovmskps); }
void VectorInstructions::i64x2_bitmask(const wasm::imm::none&) { bitmask(kMovmskpd); }

void VectorInstructions::i16x8_bitmask(const wasm::imm::none&) {
  Operand value = pop();
  Xmm from = fpr_of(value);
  release(value);
  Gpr to = result_gpr();
  zero(kXmmScratch);
  masm_.sse(kPacksswb, kXmmScratch2, from, kXmmScratch);
  masm_.sse_w(Width::w32, kPmovmskb, number(to), kXmmScratch2);
  push_gpr(Type::i32, to);
}

// ---- integers

void VectorInstructions::vector_negate(Opcode subtract) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    zero(to);
    masm_.sse(subtract, to, to, from);
  });
}
void VectorInstructions::i8x16_neg(const wasm::imm::none&) { vector_negate(kPsubb); }
void VectorInstructions::i16x8_neg(const wasm::imm::none&) { vector_negate(kPsubw); }
void VectorInstructions::i32x4_neg(const wasm::imm::none&) { vector_negate(kPsubd); }
void VectorInstructions::i64x2_neg(const wasm::imm::none&) { vector_negate(kPsubq); }

void VectorInstructions::i64x2_abs(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    zero(kXmmScratch);
    masm_.sse(kPcmpgtq, kXmmScratch, kXmmScratch, from);  // all ones in negative lanes
    masm_.sse(kPxor, to, from, kXmmScratch);
    masm_.sse(kPsubq, to, to, kXmmScratch);
  });
}

// What is not so: of a comparison that the machine has.
void VectorInstructions::vector_compare_inverted(Opcode op, Order order) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    if (order == Order::swapped) std::swap(a, b);
    masm_.sse(op, to, a, b);
    all_ones(kXmmScratch);
    masm_.sse(kPxor, to, to, kXmmScratch);
  });
}
// a <= b if the lesser of them is a, a >= b if the greater is; `inverted`: the opposite.
void VectorInstructions::vector_compare_unsigned(Opcode extreme, Opcode equal, bool inverted) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    masm_.sse(extreme, to, a, b);
    masm_.sse(equal, to, to, a);
    if (!inverted) return;
    all_ones(kXmmScratch);
    masm_.sse(kPxor, to, to, kXmmScratch);
  });
}
#define INVERTED(name, op, order)                         \
  void VectorInstructions::name(const wasm::imm::none&) { \
    vector_compare_inverted(op, Order::order);            \
  }
INVERTED(i8x16_ne, kPcmpeqb, ordered)
INVERTED(i16x8_ne, kPcmpeqw, ordered)
INVERTED(i32x4_ne, kPcmpeqd, ordered)
INVERTED(i64x2_ne, kPcmpeqq, ordered)
INVERTED(i8x16_le_s, kPcmpgtb, ordered)
INVERTED(i16x8_le_s, kPcmpgtw, ordered)
INVERTED(i32x4_le_s, kPcmpgtd, ordered)
INVERTED(i64x2_le_s, kPcmpgtq, ordered)
INVERTED(i8x16_ge_s, kPcmpgtb, swapped)
INVERTED(i16x8_ge_s, kPcmpgtw, swapped)
INVERTED(i32x4_ge_s, kPcmpgtd, swapped)
INVERTED(i64x2_ge_s, kPcmpgtq, swapped)
#undef INVERTED
#define UNSIGNED(name, extreme, equal, inverted)          \
  void VectorInstructions::name(const wasm::imm::none&) { \
    vector_compare_unsigned(extreme, equal, inverted);    \
  }
UNSIGNED(i8x16_le_u, kPminub, kPcmpeqb, false)
UNSIGNED(i16x8_le_u, kPminuw, kPcmpeqw, false)
UNSIGNED(i32x4_le_u, kPminud, kPcmpeqd, false)
UNSIGNED(i8x16_ge_u, kPmaxub, kPcmpeqb, false)
UNSIGNED(i16x8_ge_u, kPmaxuw, kPcmpeqw, false)
UNSIGNED(i32x4_ge_u, kPmaxud, kPcmpeqd, false)
UNSIGNED(i8x16_gt_u, kPminub, kPcmpeqb, true)
UNSIGNED(i16x8_gt_u, kPminuw, kPcmpeqw, true)
UNSIGNED(i32x4_gt_u, kPminud, kPcmpeqd, true)
UNSIGNED(i8x16_lt_u, kPmaxub, kPcmpeqb, true)
UNSIGNED(i16x8_lt_u, kPmaxuw, kPcmpeqw, true)
UNSIGNED(i32x4_lt_u, kPmaxud, kPcmpeqd, true)
#undef UNSIGNED

// The products of low halves, and those of a low and a high half for the upper half.
void VectorInstructions::i64x2_mul(const wasm::imm::none&) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    shift_by(kPsrlq, kXmmScratch, a, 32);
    masm_.sse(kPmuludq, kXmmScratch, kXmmScratch, b);
    shift_by(kPsrlq, kXmmScratch2, b, 32);
    masm_.sse(kPmuludq, kXmmScratch2, kXmmScratch2, a);
    masm_.sse(kPaddq, kXmmScratch, kXmmScratch, kXmmScratch2);
    shift_by(kPsllq, kXmmScratch, kXmmScratch, 32);
    masm_.sse(kPmuludq, to, a, b);
    masm_.sse(kPaddq, to, to, kXmmScratch);
  });
}

// Only -1 times -1 leaves the range: the machine answers 0x8000 then and never else.
void VectorInstructions::i16x8_q15mulr_sat_s(const wasm::imm::none&) {
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    masm_.sse(kPmulhrsw, to, a, b);
    masm_.sse_label(kPcmpeqw, kXmmScratch, to, twice(in_words(0x8000)));
    masm_.sse(kPxor, to, to, kXmmScratch);
  });
}

// A table of the sums of four bits, for each half of a byte.
void VectorInstructions::i8x16_popcnt(const wasm::imm::none&) {
  vector_sequence<1>([&](Xmm to, Xmm from) {
    Label& low_bits = twice(in_bytes(0x0F));
    Label& sums = constant(0x0302020102010100, 0x0403030203020201, 16);
    masm_.sse_label(kPand, to, from, low_bits);
    masm_.sse_label(kMovaps, kXmmScratch, sums);
    masm_.sse(kPshufb, kXmmScratch, kXmmScratch, to);
    shift_by(kPsrlw, to, from, 4);
    masm_.sse_label(kPand, to, to, low_bits);
    masm_.sse_label(kMovaps, kXmmScratch2, sums);
    masm_.sse(kPshufb, kXmmScratch2, kXmmScratch2, to);
    masm_.sse(kPaddb, to, kXmmScratch, kXmmScratch2);
  });
}

void VectorInstructions::i32x4_relaxed_dot_i8x16_i7x16_add_s(const wasm::imm::none&) {
  vector_sequence<3>([&](Xmm to, Xmm a, Xmm b, Xmm sum) {
    masm_.sse(kPmaddubsw, to, b, a);
    masm_.sse_label(kPmaddwd, to, to, twice(in_words(1)));
    masm_.sse(kPaddd, to, to, sum);
  });
}

// ---- floating point

void VectorInstructions::vector_sign_bits(Opcode op, uint64_t mask) {
  vector_sequence<1>([&](Xmm to, Xmm from) { masm_.sse_label(op, to, from, twice(mask)); });
}
void VectorInstructions::f32x4_abs(const wasm::imm::none&) { vector_sign_bits(kPand, ~kSigns32); }
void VectorInstructions::f64x2_abs(const wasm::imm::none&) { vector_sign_bits(kPand, ~kSigns64); }
void VectorInstructions::f32x4_neg(const wasm::imm::none&) { vector_sign_bits(kPxor, kSigns32); }
void VectorInstructions::f64x2_neg(const wasm::imm::none&) { vector_sign_bits(kPxor, kSigns64); }

// Both orders of the machine's operation give the same but for zeroes of two signs, which `or` and
// `and` decide, and NaNs: there the sum is a NaN, quiet, and the one that scalars get.
void VectorInstructions::vector_min_max(Type lane, bool is_max) {
  bool is_32 = lane == Type::f32;
  Opcode op = is_32 ? (is_max ? kMaxps : kMinps) : (is_max ? kMaxpd : kMinpd);
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    masm_.sse(op, kXmmScratch, a, b);
    masm_.sse(op, to, b, a);
    masm_.sse(is_max ? kPand : kPor, to, to, kXmmScratch);
    masm_.sse_imm(is_32 ? kCmpps : kCmppd, kXmmScratch, a, b, kUnordered);
    masm_.sse(is_32 ? kAddps : kAddpd, kXmmScratch2, a, b);
    masm_.sse(kPand, kXmmScratch2, kXmmScratch2, kXmmScratch);
    masm_.sse(kPandn, kXmmScratch, kXmmScratch, to);
    masm_.sse(kPor, to, kXmmScratch, kXmmScratch2);
  });
}
void VectorInstructions::f32x4_min(const wasm::imm::none&) { vector_min_max(Type::f32, false); }
void VectorInstructions::f32x4_max(const wasm::imm::none&) { vector_min_max(Type::f32, true); }
void VectorInstructions::f64x2_min(const wasm::imm::none&) { vector_min_max(Type::f64, false); }
void VectorInstructions::f64x2_max(const wasm::imm::none&) { vector_min_max(Type::f64, true); }

// Rounds twice, as the interpreter does: results do not depend on the processor.
void VectorInstructions::vector_multiply_add(Opcode multiply, Opcode add, uint64_t negate) {
  vector_sequence<3>([&](Xmm to, Xmm a, Xmm b, Xmm c) {
    if (negate != 0) {
      masm_.sse_label(kPxor, to, a, twice(negate));
      a = to;
    }
    masm_.sse(multiply, to, a, b);
    masm_.sse(add, to, to, c);
  });
}
#define MULTIPLY_ADD(name, multiply, add, negate)         \
  void VectorInstructions::name(const wasm::imm::none&) { \
    vector_multiply_add(multiply, add, negate);           \
  }
MULTIPLY_ADD(f32x4_relaxed_madd, kMulps, kAddps, 0)
MULTIPLY_ADD(f32x4_relaxed_nmadd, kMulps, kAddps, kSigns32)
MULTIPLY_ADD(f64x2_relaxed_madd, kMulpd, kAddpd, 0)
MULTIPLY_ADD(f64x2_relaxed_nmadd, kMulpd, kAddpd, kSigns64)
#undef MULTIPLY_ADD

}  // namespace nacre::baseline::x64
