// Floating-point instructions.
#include <utility>

#include "baseline/x64/scalar_instructions.h"

namespace nacre::baseline::x64 {
namespace {

using Kind = Operand::Kind;

uint64_t sign_bit(Type type) { return type == Type::f32 ? 0x8000'0000 : 0x8000'0000'0000'0000; }
// In each lane of an f32 or f64.
uint64_t repeated(Type type, uint64_t bits) { return type == Type::f32 ? bits << 32 | bits : bits; }

}  // namespace

// `to = a op b`, whatever registers these are.
template <class Rm>
void ScalarInstructions::float_op(Opcode op, Xmm to, Xmm a, Rm b) {
  if constexpr (std::is_same_v<Rm, Xmm>) {
    if (!cpu().avx && to == b && to != a) {
      masm_.sse_mov(kXmmScratch, b);
      return masm_.sse(op, to, a, kXmmScratch);
    }
  }
  masm_.sse(op, to, a, b);
}

void ScalarInstructions::float_binary(FloatOp op, Type type) {
  bool commutes = op == FloatOp::add || op == FloatOp::mul;
  Operand b = pop(), a = pop();
  if (commutes && (a.is_constant() || (b.kind == Kind::fpr && a.kind != Kind::fpr)))
    std::swap(a, b);
  Xmm left = fpr_of(a);
  bool free_left = a.kind == Kind::fpr && !assigned_.fprs.has(left);
  if (b.is_constant() && b.bits != 0) {
    Xmm to = free_left ? left : result_fpr();
    masm_.sse_label(scalar(type, op), to, left, constant(b.bits, 0, value_bytes(type)));
    if (!free_left) release(a);
    return push_fpr(type, to);
  }
  if (b.is_constant()) fpr_of(b);
  bool free_right = is_free_fpr(b);
  Xmm to;
  if (local_set_next(true)) {
    to = result_fpr();
  } else {
    to = free_left ? left : free_right && cpu().avx ? b.fpr() : alloc_fpr();
  }
  Xmm source = left;
  if (b.kind == Kind::access && !cpu().avx) {
    // In front of the access, whose position is the next instruction's.
    masm_.sse_mov(to, left);
    source = to;
  }
  with_fpr_or_mem(b, [&](auto right) { float_op(scalar(type, op), to, source, right); });
  if (!free_left || to != left) release(a);
  if (!free_right || to != b.fpr()) release(b);
  push_fpr(type, to);
}

void ScalarInstructions::float_sqrt(Type type) {
  unary_fpr(type,
            [&](Xmm to, Xmm from) { masm_.sse(scalar(type, FloatOp::sqrt), to, from, from); });
}

void ScalarInstructions::float_round(Type type, Rounding mode) {
  unary_fpr(type, [&](Xmm to, Xmm from) {
    masm_.sse_imm(rounds(type), to, from, from, static_cast<uint8_t>(mode));
  });
}

// abs clears the sign, neg turns it.
void ScalarInstructions::float_mask(Type type, bool clear) {
  uint64_t mask = repeated(type, clear ? sign_bit(type) - 1 : sign_bit(type));
  unary_fpr(type, [&](Xmm to, Xmm from) {
    masm_.sse_label(clear ? kAndps : kXorps, to, from, constant(mask, mask, 16));
  });
}

void ScalarInstructions::float_copysign(Type type) {
  Operand sign = pop(), value = pop();
  Xmm to = own_fpr(value);
  Xmm from = fpr_of(sign);
  uint64_t bit = repeated(type, sign_bit(type));
  uint64_t rest = repeated(type, sign_bit(type) - 1);
  masm_.sse_label(kAndps, kXmmScratch, from, constant(bit, bit, 16));
  masm_.sse_label(kAndps, to, to, constant(rest, rest, 16));
  masm_.sse(kOrps, to, to, kXmmScratch);
  release(sign);
  push_fpr(type, to);
}

// The machine's instructions return the second operand for NaNs and zeroes of two signs.
void ScalarInstructions::float_min_max(Type type, bool is_max) {
  Operand b = pop(), a = pop();
  Xmm to = own_fpr(a);
  Xmm from = fpr_of(b);
  Label ordinary, not_a_number, done;
  masm_.sse(ucomis(type), to, from);
  masm_.jcc(Cond::not_equal, ordinary);
  masm_.jcc(Cond::parity, not_a_number);
  masm_.sse(is_max ? kAndps : kOrps, to, to, from);  // equal: only the signs of zeroes may differ
  masm_.jmp(done);
  masm_.bind(not_a_number);
  masm_.sse(scalar(type, FloatOp::add), to, to, from);  // the sum is a NaN, quiet
  masm_.jmp(done);
  masm_.bind(ordinary);
  masm_.sse(scalar(type, is_max ? FloatOp::max : FloatOp::min), to, to, from);
  masm_.bind(done);
  release(b);
  push_fpr(type, to);
}

// Conditions that are false for NaNs: a comparison with one sets all of the carry, zero and parity
// flags.
void ScalarInstructions::float_compare(FloatCondition condition, Type type) {
  constexpr struct {
    Cond cond;
    bool swap;
  } kWays[] = {{Cond::fp_equal, false}, {Cond::fp_not_equal, false}, {Cond::above, true},
               {Cond::above, false},    {Cond::above_equal, true},   {Cond::above_equal, false}};
  auto [cond, swap] = kWays[static_cast<uint8_t>(condition)];
  Operand b = pop(), a = pop();
  if (swap) std::swap(a, b);
  Xmm left = fpr_of(a);
  if (b.is_constant()) fpr_of(b);
  with_fpr_or_mem(b, [&](auto right) { masm_.sse(ucomis(type), left, right); });
  release(a);
  release(b);
  push_condition(cond);
}

}  // namespace nacre::baseline::x64
