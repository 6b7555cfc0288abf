// Floating-point instructions.
#include <utility>

#include "baseline/function_compiler.h"

namespace nacre::baseline {
namespace {

using Kind = Operand::Kind;

// The scalar form of an instruction, for f32 or f64.
x64::Opcode scalar(Type type, uint8_t op) {
  return {static_cast<uint8_t>(type == Type::f32 ? 0xF3 : 0xF2), 1, op};
}
// Instructions that f32 has without a prefix and f64 with 66.
x64::Opcode packed(Type type, uint8_t op) {
  return {static_cast<uint8_t>(type == Type::f32 ? 0 : 0x66), 1, op};
}
constexpr x64::Opcode kAnd{0, 1, 0x54}, kOr{0, 1, 0x56}, kXor{0, 1, 0x57};

uint64_t sign_bit(Type type) { return type == Type::f32 ? 0x8000'0000 : 0x8000'0000'0000'0000; }
// In each lane of an f32 or f64.
uint64_t repeated(Type type, uint64_t bits) { return type == Type::f32 ? bits << 32 | bits : bits; }

}  // namespace

// `to = a op b`, whatever registers these are.
template <class Rm>
void FunctionCompiler::float_op(x64::Opcode op, Xmm to, Xmm a, Rm b) {
  if constexpr (std::is_same_v<Rm, Xmm>) {
    if (!cpu().avx && to == b && to != a) {
      masm_.sse_mov(x64::kXmmScratch, b);
      return masm_.sse(op, to, a, x64::kXmmScratch);
    }
  }
  masm_.sse(op, to, a, b);
}

void FunctionCompiler::float_binary(uint8_t op, Type type, bool commutes) {
  Operand b = pop(), a = pop();
  if (commutes && (a.is_constant() || (b.kind == Kind::xmm && a.kind != Kind::xmm)))
    std::swap(a, b);
  Xmm left = xmm_of(a);
  bool free_left = a.kind == Kind::xmm && !pins_.xmms.has(left);
  if (b.is_constant() && b.bits != 0) {
    Xmm to = free_left ? left : result_xmm();
    masm_.sse_label(scalar(type, op), to, left, constant(b.bits, 0, type == Type::f32 ? 4 : 8));
    if (!free_left) release(a);
    return push_xmm(type, to);
  }
  if (b.is_constant()) xmm_of(b);
  bool free_right = b.kind == Kind::xmm && !pins_.xmms.has(b.xmm());
  Xmm to;
  if (local_set_next(true)) {
    to = result_xmm();
  } else {
    to = free_left ? left : free_right && cpu().avx ? b.xmm() : alloc_xmm();
  }
  Xmm source = left;
  if (b.kind == Kind::access && !cpu().avx) {
    // In front of the access, whose position is the next instruction's.
    masm_.sse_mov(to, left);
    source = to;
  }
  with_xmm_rm(b, [&](auto right) { float_op(scalar(type, op), to, source, right); });
  if (!free_left || to != left) release(a);
  if (!free_right || to != b.xmm()) release(b);
  push_xmm(type, to);
}

#define BINARY(name, op, commutes)                            \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { \
    float_binary(op, Type::f32, commutes);                    \
  }                                                           \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { \
    float_binary(op, Type::f64, commutes);                    \
  }
BINARY(add, 0x58, true)
BINARY(sub, 0x5C, false)
BINARY(mul, 0x59, true)
BINARY(div, 0x5E, false)
#undef BINARY

void FunctionCompiler::float_sqrt(Type type) {
  unary_xmm(type, [&](Xmm to, Xmm from) { masm_.sse(scalar(type, 0x51), to, from, from); });
}
void FunctionCompiler::f32_sqrt(const wasm::imm::none&) { float_sqrt(Type::f32); }
void FunctionCompiler::f64_sqrt(const wasm::imm::none&) { float_sqrt(Type::f64); }

// roundss and roundsd; bit 3 of the mode: no inexact exception.
void FunctionCompiler::float_round(Type type, uint8_t mode) {
  x64::Opcode round{0x66, 3, static_cast<uint8_t>(type == Type::f32 ? 0x0A : 0x0B)};
  unary_xmm(type, [&](Xmm to, Xmm from) { masm_.sse_imm(round, to, from, from, mode); });
}

#define ROUND(name, mode)                                                                     \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { float_round(Type::f32, mode); } \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { float_round(Type::f64, mode); }
ROUND(nearest, 8)
ROUND(floor, 9)
ROUND(ceil, 10)
ROUND(trunc, 11)
#undef ROUND

// abs clears the sign, neg turns it.
void FunctionCompiler::float_mask(Type type, bool clear) {
  uint64_t mask = repeated(type, clear ? sign_bit(type) - 1 : sign_bit(type));
  unary_xmm(type, [&](Xmm to, Xmm from) {
    masm_.sse_label(clear ? kAnd : kXor, to, from, constant(mask, mask, 16));
  });
}
void FunctionCompiler::f32_abs(const wasm::imm::none&) { float_mask(Type::f32, true); }
void FunctionCompiler::f64_abs(const wasm::imm::none&) { float_mask(Type::f64, true); }
void FunctionCompiler::f32_neg(const wasm::imm::none&) { float_mask(Type::f32, false); }
void FunctionCompiler::f64_neg(const wasm::imm::none&) { float_mask(Type::f64, false); }

void FunctionCompiler::float_copysign(Type type) {
  Operand sign = pop(), value = pop();
  Xmm to = own_xmm(value);
  Xmm from = xmm_of(sign);
  uint64_t bit = repeated(type, sign_bit(type));
  uint64_t rest = repeated(type, sign_bit(type) - 1);
  masm_.sse_label(kAnd, x64::kXmmScratch, from, constant(bit, bit, 16));
  masm_.sse_label(kAnd, to, to, constant(rest, rest, 16));
  masm_.sse(kOr, to, to, x64::kXmmScratch);
  release(sign);
  push_xmm(type, to);
}
void FunctionCompiler::f32_copysign(const wasm::imm::none&) { float_copysign(Type::f32); }
void FunctionCompiler::f64_copysign(const wasm::imm::none&) { float_copysign(Type::f64); }

// The machine's instructions return the second operand for NaNs and zeroes of two signs.
void FunctionCompiler::float_min_max(Type type, bool is_max) {
  Operand b = pop(), a = pop();
  Xmm to = own_xmm(a);
  Xmm from = xmm_of(b);
  Label ordinary, not_a_number, done;
  masm_.sse(packed(type, 0x2E), to, from);  // ucomis
  masm_.jcc(Cond::not_equal, ordinary);
  masm_.jcc(Cond::parity, not_a_number);
  masm_.sse(is_max ? kAnd : kOr, to, to, from);  // equal: only the signs of zeroes may differ
  masm_.jmp(done);
  masm_.bind(not_a_number);
  masm_.sse(scalar(type, 0x58), to, to, from);  // the sum is a NaN, quiet
  masm_.jmp(done);
  masm_.bind(ordinary);
  masm_.sse(scalar(type, is_max ? 0x5F : 0x5D), to, to, from);
  masm_.bind(done);
  release(b);
  push_xmm(type, to);
}
void FunctionCompiler::f32_min(const wasm::imm::none&) { float_min_max(Type::f32, false); }
void FunctionCompiler::f64_min(const wasm::imm::none&) { float_min_max(Type::f64, false); }
void FunctionCompiler::f32_max(const wasm::imm::none&) { float_min_max(Type::f32, true); }
void FunctionCompiler::f64_max(const wasm::imm::none&) { float_min_max(Type::f64, true); }

// Conditions that are false for NaNs: a comparison with one sets all of the carry, zero and parity
// flags.
void FunctionCompiler::float_compare(Cond cond, bool swap, Type type) {
  Operand b = pop(), a = pop();
  if (swap) std::swap(a, b);
  Xmm left = xmm_of(a);
  if (b.is_constant()) xmm_of(b);
  with_xmm_rm(b, [&](auto right) { masm_.sse(packed(type, 0x2E), left, right); });
  release(a);
  release(b);
  push_flags(cond);
}

#define COMPARISON(name, cond, swap)                          \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { \
    float_compare(Cond::cond, swap, Type::f32);               \
  }                                                           \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { \
    float_compare(Cond::cond, swap, Type::f64);               \
  }
COMPARISON(eq, fp_equal, false)
COMPARISON(ne, fp_not_equal, false)
COMPARISON(lt, above, true)
COMPARISON(gt, above, false)
COMPARISON(le, above_equal, true)
COMPARISON(ge, above_equal, false)
#undef COMPARISON

}  // namespace nacre::baseline
