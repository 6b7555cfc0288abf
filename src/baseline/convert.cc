// Conversions between integers and floating-point numbers.
#include <bit>

#include "baseline/function_compiler.h"

namespace nacre::baseline {
namespace {

using abi::TrapKind;
using Kind = Operand::Kind;

x64::Opcode scalar(Type type, uint8_t op) {
  return {static_cast<uint8_t>(type == Type::f32 ? 0xF3 : 0xF2), 1, op};
}
x64::Opcode ucomis(Type type) {
  return {static_cast<uint8_t>(type == Type::f32 ? 0 : 0x66), 1, 0x2E};
}
constexpr x64::Opcode kXor{0, 1, 0x57};

uint64_t float_bits(Type type, double value) {
  return type == Type::f32 ? std::bit_cast<uint32_t>(static_cast<float>(value))
                           : std::bit_cast<uint64_t>(value);
}
uint32_t float_bytes(Type type) { return type == Type::f32 ? 4 : 8; }

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

// ---- to integers

// What the machine's conversion to 64 bits cannot do right goes out of line.
void FunctionCompiler::truncate(Type from_type, Type to_type, bool is_signed, bool saturate) {
  Operand value = pop();
  Xmm from = xmm_of(value);
  Gpr to = alloc_gpr();
  x64::Opcode convert = scalar(from_type, 0x2C);  // cvtts*2si
  bool is_32 = to_type == Type::i32;
  bool big = !is_32 && !is_signed;  // up to 2^64
  uint32_t back = new_label();

  // Reached with `from` unchanged where the number is none of the type, or perhaps not.
  Label& failed = out_of_line(
      [=, this] { truncate_slow(from_type, to_type, is_signed, saturate, from, to, back); });

  if (big) {
    masm_.sse_label(ucomis(from_type), from,
                    constant(float_bits(from_type, kTwoTo63), 0, float_bytes(from_type)));
    masm_.jcc(Cond::above_equal, failed);
  }
  masm_.sse_w(Width::w64, convert, number(to), from);
  if (is_32) {
    if (is_signed) {
      masm_.movsx32(x64::kScratch, to);
    } else {
      masm_.mov(Width::w32, x64::kScratch, to);
    }
    masm_.alu(Width::w64, Alu::cmp, x64::kScratch, to);
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

void FunctionCompiler::truncate_slow(Type from_type, Type to_type, bool is_signed, bool saturate,
                                     Xmm from, Gpr to, uint32_t back) {
  Label not_a_number, too_small;
  masm_.sse(ucomis(from_type), from, from);
  masm_.jcc(Cond::parity, not_a_number);
  bool is_32 = to_type == Type::i32;
  if (!is_32 && is_signed) {
    // -2^63 is both a number and the answer of failure.
    masm_.sse_label(ucomis(from_type), from,
                    constant(float_bits(from_type, -kTwoTo63), 0, float_bytes(from_type)));
    masm_.jcc(Cond::equal, labels_[back]);
  }
  if (!is_32 && !is_signed) {
    // From 2^63: convert what is above it.
    Label negative;
    masm_.sse(kXor, x64::kXmmScratch, x64::kXmmScratch, x64::kXmmScratch);
    masm_.sse(ucomis(from_type), from, x64::kXmmScratch);
    masm_.jcc(Cond::below, negative);
    masm_.sse_label({scalar(from_type, 0x10)}, x64::kXmmScratch,
                    constant(float_bits(from_type, -kTwoTo63), 0, float_bytes(from_type)));
    masm_.sse(scalar(from_type, 0x58), x64::kXmmScratch, x64::kXmmScratch, from);
    masm_.sse_w(Width::w64, scalar(from_type, 0x2C), number(to), x64::kXmmScratch);
    masm_.mov_imm(Width::w64, x64::kScratch, uint64_t{1} << 63);
    masm_.alu(Width::w64, Alu::xor_, to, x64::kScratch);
    masm_.jcc(Cond::sign, labels_[back]);  // it was below 2^63
    masm_.bind(negative);
  }
  if (!saturate) {
    trap_now(TrapKind::integer_overflow);
    masm_.bind(not_a_number);
    trap_now(TrapKind::invalid_conversion);
    return;
  }
  masm_.sse(kXor, x64::kXmmScratch, x64::kXmmScratch, x64::kXmmScratch);
  masm_.sse(ucomis(from_type), from, x64::kXmmScratch);
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

#define TRUNCATION(to, from, sign, is_signed)                                     \
  void FunctionCompiler::to##_trunc_##from##_##sign(const wasm::imm::none&) {     \
    truncate(Type::from, Type::to, is_signed, false);                             \
  }                                                                               \
  void FunctionCompiler::to##_trunc_sat_##from##_##sign(const wasm::imm::none&) { \
    truncate(Type::from, Type::to, is_signed, true);                              \
  }
TRUNCATION(i32, f32, s, true)
TRUNCATION(i32, f32, u, false)
TRUNCATION(i32, f64, s, true)
TRUNCATION(i32, f64, u, false)
TRUNCATION(i64, f32, s, true)
TRUNCATION(i64, f32, u, false)
TRUNCATION(i64, f64, s, true)
TRUNCATION(i64, f64, u, false)
#undef TRUNCATION

// ---- from integers

void FunctionCompiler::convert_int(Type from_type, Type to_type, bool is_signed) {
  Operand value = pop();
  Gpr from = gpr_of(value);
  Xmm to = alloc_xmm();
  x64::Opcode convert = scalar(to_type, 0x2A);  // cvtsi2s*
  // Its upper part is kept by the conversion: break the dependency.
  masm_.sse(kXor, to, to, to);
  if (from_type == Type::i32) {
    if (!is_signed) check_clean(from);
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
                masm_.mov(Width::w64, x64::kScratch, from);
                masm_.shift_imm(Width::w64, Shift::shr, half, 1);
                masm_.alu_imm(Width::w32, Alu::and_, x64::kScratch, 1);
                masm_.alu(Width::w64, Alu::or_, half, x64::kScratch);
                masm_.sse_w(Width::w64, convert, to, to, half);
                masm_.sse(scalar(to_type, 0x58), to, to, to);
                masm_.jmp(labels_[back]);
              }));
    masm_.sse_w(Width::w64, convert, to, to, from);
    masm_.bind(labels_[back]);
    free(half);
  }
  release(value);
  push_xmm(to_type, to);
}

#define CONVERSION(to, from, sign, is_signed)                                   \
  void FunctionCompiler::to##_convert_##from##_##sign(const wasm::imm::none&) { \
    convert_int(Type::from, Type::to, is_signed);                               \
  }
CONVERSION(f32, i32, s, true)
CONVERSION(f32, i32, u, false)
CONVERSION(f32, i64, s, true)
CONVERSION(f32, i64, u, false)
CONVERSION(f64, i32, s, true)
CONVERSION(f64, i32, u, false)
CONVERSION(f64, i64, s, true)
CONVERSION(f64, i64, u, false)
#undef CONVERSION

// ---- between floating-point numbers, and of bits

void FunctionCompiler::f32_demote_f64(const wasm::imm::none&) {
  unary_xmm(Type::f32, [&](Xmm to, Xmm from) { masm_.sse({0xF2, 1, 0x5A}, to, from, from); });
}

void FunctionCompiler::f64_promote_f32(const wasm::imm::none&) {
  unary_xmm(Type::f64, [&](Xmm to, Xmm from) { masm_.sse({0xF3, 1, 0x5A}, to, from, from); });
}

void FunctionCompiler::reinterpret(Type to_type) {
  Operand value = pop();
  if (value.is_constant()) return push_constant(to_type, value.bits);
  Width width = width_of(to_type);
  if (in_xmm(to_type)) {
    Xmm to = alloc_xmm();
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
    return push_xmm(to_type, to);
  }
  Gpr to = alloc_gpr();
  if (in_memory(value)) {
    masm_.mov(width, to, frame_of(value));
  } else {
    masm_.mov_to_gpr(width, to, xmm_of(value));
  }
  release(value);
  push_gpr(to_type, to);
}
void FunctionCompiler::i32_reinterpret_f32(const wasm::imm::none&) { reinterpret(Type::i32); }
void FunctionCompiler::i64_reinterpret_f64(const wasm::imm::none&) { reinterpret(Type::i64); }
void FunctionCompiler::f32_reinterpret_i32(const wasm::imm::none&) { reinterpret(Type::f32); }
void FunctionCompiler::f64_reinterpret_i64(const wasm::imm::none&) { reinterpret(Type::f64); }

}  // namespace nacre::baseline
