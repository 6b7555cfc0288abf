// Shifts of lanes. Counts are taken modulo the bits of a lane.
#include "baseline/x64/vector_instructions.h"

namespace nacre::baseline::x64 {
void VectorInstructions::shift_count(Operand count, uint8_t lane_bits, int32_t more) {
  load(kScratch, count);
  masm_.alu_imm(Width::w32, Alu::and_, kScratch, lane_bits - 1);
  if (more != 0) masm_.alu_imm(Width::w32, Alu::add, kScratch, more);
  masm_.mov_from_gpr(Width::w32, kXmmScratch2, kScratch);
}

void VectorInstructions::vector_shift(const VectorShift& shift, uint8_t lane_bits) {
  Operand count = pop(), value = pop();
  Xmm from = fpr_of(value);
  Xmm to = result_fpr({&value});
  if (count.is_constant()) {
    auto bits = static_cast<uint8_t>(count.bits & (lane_bits - 1u));
    shift_by(shift, to, from, bits);
  } else {
    shift_count(count, lane_bits);
    masm_.sse(shift.by_register, to, from, kXmmScratch2);
  }
  release(count);
  release(value);
  push_fpr(Type::v128, to);
}

#define SHIFT(name, shift, lane_bits) \
  void VectorInstructions::name(const wasm::imm::none&) { vector_shift(shift, lane_bits); }
SHIFT(i16x8_shl, kPsllw, 16)
SHIFT(i32x4_shl, kPslld, 32)
SHIFT(i64x2_shl, kPsllq, 64)
SHIFT(i16x8_shr_u, kPsrlw, 16)
SHIFT(i32x4_shr_u, kPsrld, 32)
SHIFT(i64x2_shr_u, kPsrlq, 64)
SHIFT(i16x8_shr_s, kPsraw, 16)
SHIFT(i32x4_shr_s, kPsrad, 32)
#undef SHIFT

// As words; then a mask clears what came from the neighbour.
void VectorInstructions::byte_shift(bool left) {
  const VectorShift& shift = left ? kPsllw : kPsrlw;
  Operand count = pop(), value = pop();
  Xmm from = fpr_of(value);
  Xmm to = result_fpr({&value});
  if (count.is_constant()) {
    uint32_t bits = count.bits & 7;
    auto mask = static_cast<uint8_t>(left ? 0xFF << bits : 0xFF >> bits);
    shift_by(shift, to, from, static_cast<uint8_t>(bits));
    masm_.sse_label(kPand, to, to, twice(in_bytes(mask)));
  } else {
    // The mask is made of words of ones, shifted likewise: their lower byte, or their upper one.
    shift_count(count, 8);
    all_ones(kXmmScratch);
    masm_.sse(shift.by_register, kXmmScratch, kXmmScratch, kXmmScratch2);
    if (!left) shift_by(shift, kXmmScratch, kXmmScratch, 8);
    zero(to);
    masm_.sse(kPshufb, kXmmScratch, kXmmScratch, to);
    masm_.sse(shift.by_register, to, from, kXmmScratch2);
    masm_.sse(kPand, to, to, kXmmScratch);
  }
  release(count);
  release(value);
  push_fpr(Type::v128, to);
}
void VectorInstructions::i8x16_shl(const wasm::imm::none&) { byte_shift(true); }
void VectorInstructions::i8x16_shr_u(const wasm::imm::none&) { byte_shift(false); }

// Bytes in the upper halves of words, shifted 8 further.
void VectorInstructions::i8x16_shr_s(const wasm::imm::none&) {
  Operand count = pop(), value = pop();
  Xmm from = fpr_of(value);
  Xmm to = result_fpr({&value});
  masm_.sse(kPunpcklbw, to, from, from);
  masm_.sse(kPunpckhbw, kXmmScratch, from, from);
  if (count.is_constant()) {
    auto bits = static_cast<uint8_t>((count.bits & 7) + 8);
    for (Xmm half : {to, kXmmScratch}) shift_by(kPsraw, half, half, bits);
  } else {
    shift_count(count, 8, 8);
    for (Xmm half : {to, kXmmScratch}) masm_.sse(kPsraw.by_register, half, half, kXmmScratch2);
  }
  masm_.sse(kPacksswb, to, to, kXmmScratch);
  release(count);
  release(value);
  push_fpr(Type::v128, to);
}

// The machine has no arithmetic shift of 64-bit lanes: with m, where the sign bit went, (x ^ m) - m
// extends it.
void VectorInstructions::i64x2_shr_s(const wasm::imm::none&) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  Operand count = pop(), value = pop();
  Xmm from = fpr_of(value);
  Xmm to = result_fpr({&value});
  if (count.is_constant()) {
    uint32_t bits = count.bits & 63;
    shift_by(kPsrlq, to, from, static_cast<uint8_t>(bits));
    masm_.sse_label(kMovaps, kXmmScratch, twice(kSign >> bits));
  } else {
    shift_count(count, 64);
    masm_.sse_label(kMovaps, kXmmScratch, twice(kSign));
    masm_.sse(kPsrlq.by_register, kXmmScratch, kXmmScratch, kXmmScratch2);
    masm_.sse(kPsrlq.by_register, to, from, kXmmScratch2);
  }
  masm_.sse(kPxor, to, to, kXmmScratch);
  masm_.sse(kPsubq, to, to, kXmmScratch);
  release(count);
  release(value);
  push_fpr(Type::v128, to);
}

}  // namespace nacre::baseline::x64
