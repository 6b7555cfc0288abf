// Conversions between integers and floating-point numbers.
#include <bit>

#include "baseline/x64/scalar_instructions.h"

namespace nacre::baseline::x64 {
namespace {

using abi::TrapKind;
using Kind = Operand::Kind;

uint64_t float_bits(Type type, double value) {
  return type == Type::f32 ? std::bit_cast<uint32_t>(static_cast<float>(value))
                           : std::bit_cast<uint64_t>(value);
}

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

// ---- to integers

// What the machine's conversion to 64 bits cannot do right goes out of line.
void ScalarInstructions::truncate(Type from_type, Type to_type, bool is_signed, bool saturate) {
  Operand value = pop();
  Xmm from = fpr_of(value);
  Gpr to = alloc_gpr();
  Opcode convert = scalar(from_type, FloatOp::to_integer);
  bool is_32 = to_type == Type::i32;
  bool big = !is_32 && !is_signed;  // up to 2^64
  uint32_t back = new_label();

  // Reached with `from` unchanged where the number is none of the type, or perhaps not.
  Label& failed = out_of_line(
      [=, this] { truncate_slow(from_type, to_type, is_signed, saturate, from, to, back); });

  if (big) {
    masm_.sse_label(ucomis(from_type), from,
                    constant(float_bits(from_type, kTwoTo63), 0, value_bytes(from_type)));
    masm_.jcc(Cond::above_equal, failed);
  }
  masm_.sse_w(Width::w64, convert, number(to), from);
  if (is_32) {
    if (is_signed) {
      masm_.movsx32(kScratch, to);
    } else {
      masm_.mov(Width::w32, kScratch, to);
    }
    masm_.alu(Width::w64, Alu::cmp, kScratch, to);
    masm_.jcc(Cond::not_equal, failed);
    if (is_signed) masm_.mov(Width::w32, to, to);
  } else if (is_signed) {
    masm_.alu_imm(Width::w64, Alu::cmp, to, 1);  // overflows for the one answer of failure
    masm_.jcc(Cond::overflow, failed);
  } else {
    masm_.test(Width::w64, to, to);
    masm_.jcc(Cond::sign, failed);
  }
  masm_.bind(labels_[back]);
  release(value);
  push(Operand::in(to_type, to));
}

void ScalarInstructions::truncate_slow(Type from_type, Type to_type, bool is_signed, bool saturate,
                                       Xmm from, Gpr to, uint32_t back) {
  Label not_a_number, too_small;
  masm_.sse(ucomis(from_type), from, from);
  masm_.jcc(Cond::parity, not_a_number);
  bool is_32 = to_type == Type::i32;
  if (!is_32 && is_signed) {
    // -2^63 is both a number and the answer of failure.
    masm_.sse_label(ucomis(from_type), from,
                    constant(float_bits(from_type, -kTwoTo63), 0, value_bytes(from_type)));
    masm_.jcc(Cond::equal, labels_[back]);
  }
  if (!is_32 && !is_signed) {
    // From 2^63: convert what is above it.
    Label negative;
    masm_.sse(kXorps, kXmmScratch, kXmmScratch, kXmmScratch);
    masm_.sse(ucomis(from_type), from, kXmmScratch);
    masm_.jcc(Cond::below, negative);
    masm_.sse_label(scalar(from_type, FloatOp::load), kXmmScratch,
                    constant(float_bits(from_type, -kTwoTo63), 0, value_bytes(from_type)));
    masm_.sse(scalar(from_type, FloatOp::add), kXmmScratch, kXmmScratch, from);
    masm_.sse_w(Width::w64, scalar(from_type, FloatOp::to_integer), number(to), kXmmScratch);
    masm_.mov_imm(Width::w64, kScratch, uint64_t{1} << 63);
    masm_.alu(Width::w64, Alu::xor_, to, kScratch);
    masm_.jcc(Cond::sign, labels_[back]);  // it was below 2^63
    masm_.bind(negative);
  }
  if (!saturate) {
    trap_now(TrapKind::integer_overflow);
    masm_.bind(not_a_number);
    trap_now(TrapKind::invalid_conversion);
    return;
  }
  masm_.sse(kXorps, kXmmScratch, kXmmScratch, kXmmScratch);
  masm_.sse(ucomis(from_type), from, kXmmScratch);
  masm_.jcc(Cond::below, too_small);
  uint64_t most = is_32 ? (is_signed ? INT32_MAX : UINT32_MAX)
                        : (is_signed ? static_cast<uint64_t>(INT64_MAX) : UINT64_MAX);
  masm_.mov_imm(width_of(to_type), to, most);
  masm_.jmp(labels_[back]);
  masm_.bind(too_small);
  uint64_t least = !is_signed ? 0 : is_32 ? uint64_t{1} << 31 : uint64_t{1} << 63;
  masm_.mov_imm(width_of(to_type), to, least);
  masm_.jmp(labels_[back]);
  masm_.bind(not_a_number);
  masm_.mov_imm(Width::w32, to, 0);
  masm_.jmp(labels_[back]);
}

// ---- from integers

void ScalarInstructions::convert_int(Type from_type, Type to_type, bool is_signed) {
  Operand value = pop();
  Gpr from = gpr_of(value);
  Xmm to = alloc_fpr();
  Opcode convert = scalar(to_type, FloatOp::from_integer);
  // Its upper part is kept by the conversion: break the dependency.
  masm_.sse(kXorps, to, to, to);
  if (from_type == Type::i32) {
    if (!is_signed) check_zero_extended(from);
    masm_.sse_w(is_signed ? Width::w32 : Width::w64, convert, to, to, from);
  } else if (is_signed) {
    masm_.sse_w(Width::w64, convert, to, to, from);
  } else {
    uint32_t back = new_label();
    Gpr half = alloc_gpr();
    masm_.test(Width::w64, from, from);
    masm_.jcc(Cond::sign, out_of_line([=, this] {
                // Half of it, rounded to odd, and twice the result.
                masm_.mov(Width::w64, half, from);
                masm_.mov(Width::w64, kScratch, from);
                masm_.shift_imm(Width::w64, Shift::shr, half, 1);
                masm_.alu_imm(Width::w32, Alu::and_, kScratch, 1);
                masm_.alu(Width::w64, Alu::or_, half, kScratch);
                masm_.sse_w(Width::w64, convert, to, to, half);
                masm_.sse(scalar(to_type, FloatOp::add), to, to, to);
                masm_.jmp(labels_[back]);
              }));
    masm_.sse_w(Width::w64, convert, to, to, from);
    masm_.bind(labels_[back]);
    free(half);
  }
  release(value);
  push_fpr(to_type, to);
}

// ---- between floating-point numbers, and of bits

void ScalarInstructions::demote() {
  unary_fpr(Type::f32, [&](Xmm to, Xmm from) {
    masm_.sse(scalar(Type::f64, FloatOp::convert), to, from, from);
  });
}

void ScalarInstructions::promote() {
  unary_fpr(Type::f64, [&](Xmm to, Xmm from) {
    masm_.sse(scalar(Type::f32, FloatOp::convert), to, from, from);
  });
}

void ScalarInstructions::reinterpret(Type to_type) {
  Operand value = pop();
  if (value.is_constant()) return push_constant(to_type, value.bits);
  Width width = width_of(to_type);
  if (in_fpr(to_type)) {
    Xmm to = alloc_fpr();
    if (in_memory(value)) {
      Mem from = frame_of(value);
      if (to_type == Type::f32) {
        masm_.movss(to, from);
      } else {
        masm_.movsd(to, from);
      }
    } else {
      masm_.mov_from_gpr(width, to, gpr_of(value));
    }
    release(value);
    return push_fpr(to_type, to);
  }
  Gpr to = alloc_gpr();
  if (in_memory(value)) {
    masm_.mov(width, to, frame_of(value));
  } else {
    masm_.mov_to_gpr(width, to, fpr_of(value));
  }
  release(value);
  push_gpr(to_type, to);
}

}  // namespace nacre::baseline::x64
