// Instructions on integers and floats: which operation each is.
#include "baseline/function_compiler.h"

namespace nacre::baseline {

// ---- integers

#define ARITHMETIC(name, op)                                  \
  void FunctionCompiler::i32_##name(const wasm::imm::none&) { \
    arithmetic(IntegerOp::op, Type::i32);                     \
  }                                                           \
  void FunctionCompiler::i64_##name(const wasm::imm::none&) { \
    arithmetic(IntegerOp::op, Type::i64);                     \
  }
ARITHMETIC(add, add)
ARITHMETIC(sub, sub)
ARITHMETIC(and, and_)
ARITHMETIC(or, or_)
ARITHMETIC(xor, xor_)
#undef ARITHMETIC
void FunctionCompiler::i32_mul(const wasm::imm::none&) { multiply(Type::i32); }
void FunctionCompiler::i64_mul(const wasm::imm::none&) { multiply(Type::i64); }

#define DIVISION(name, is_signed, remainder)                  \
  void FunctionCompiler::i32_##name(const wasm::imm::none&) { \
    divide(Type::i32, is_signed, remainder);                  \
  }                                                           \
  void FunctionCompiler::i64_##name(const wasm::imm::none&) { \
    divide(Type::i64, is_signed, remainder);                  \
  }
DIVISION(div_s, true, false)
DIVISION(div_u, false, false)
DIVISION(rem_s, true, true)
DIVISION(rem_u, false, true)
#undef DIVISION

#define COMPARISON(name, condition)                                                            \
  void FunctionCompiler::i32_##name(const wasm::imm::none&) { compare(condition, Type::i32); } \
  void FunctionCompiler::i64_##name(const wasm::imm::none&) { compare(condition, Type::i64); }
COMPARISON(eq, Condition::equal)
COMPARISON(ne, Condition::not_equal)
COMPARISON(lt_s, Condition::less)
COMPARISON(lt_u, Condition::below)
COMPARISON(gt_s, Condition::greater)
COMPARISON(gt_u, Condition::above)
COMPARISON(le_s, Condition::less_equal)
COMPARISON(le_u, Condition::below_equal)
COMPARISON(ge_s, Condition::greater_equal)
COMPARISON(ge_u, Condition::above_equal)
#undef COMPARISON
void FunctionCompiler::i32_eqz(const wasm::imm::none&) { equal_zero(Type::i32); }
void FunctionCompiler::i64_eqz(const wasm::imm::none&) { equal_zero(Type::i64); }

#define SHIFT(name, op)                                                                        \
  void FunctionCompiler::i32_##name(const wasm::imm::none&) { shift(ShiftOp::op, Type::i32); } \
  void FunctionCompiler::i64_##name(const wasm::imm::none&) { shift(ShiftOp::op, Type::i64); }
SHIFT(shl, shl)
SHIFT(shr_s, sar)
SHIFT(shr_u, shr)
SHIFT(rotl, rol)
SHIFT(rotr, ror)
#undef SHIFT

#define UNARY(name, operation)                                                        \
  void FunctionCompiler::i32_##name(const wasm::imm::none&) { operation(Type::i32); } \
  void FunctionCompiler::i64_##name(const wasm::imm::none&) { operation(Type::i64); }
UNARY(clz, count_leading)
UNARY(ctz, count_trailing)
UNARY(popcnt, count_ones)
#undef UNARY

void FunctionCompiler::i32_extend8_s(const wasm::imm::none&) { sign_extend(Type::i32, 1); }
void FunctionCompiler::i32_extend16_s(const wasm::imm::none&) { sign_extend(Type::i32, 2); }
void FunctionCompiler::i64_extend8_s(const wasm::imm::none&) { sign_extend(Type::i64, 1); }
void FunctionCompiler::i64_extend16_s(const wasm::imm::none&) { sign_extend(Type::i64, 2); }
void FunctionCompiler::i64_extend32_s(const wasm::imm::none&) { sign_extend(Type::i64, 4); }
void FunctionCompiler::i64_extend_i32_s(const wasm::imm::none&) { sign_extend(Type::i64, 4); }
void FunctionCompiler::i64_extend_i32_u(const wasm::imm::none&) { extend_unsigned(); }
void FunctionCompiler::i32_wrap_i64(const wasm::imm::none&) { wrap(); }

void FunctionCompiler::i64_add128(const wasm::imm::none&) { add_wide(false); }
void FunctionCompiler::i64_sub128(const wasm::imm::none&) { add_wide(true); }
void FunctionCompiler::i64_mul_wide_s(const wasm::imm::none&) { multiply_wide(true); }
void FunctionCompiler::i64_mul_wide_u(const wasm::imm::none&) { multiply_wide(false); }

// ---- floats

#define BINARY(name)                                          \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { \
    float_binary(FloatOp::name, Type::f32);                   \
  }                                                           \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { \
    float_binary(FloatOp::name, Type::f64);                   \
  }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
#undef BINARY

#define COMPARISON(name)                                      \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { \
    float_compare(FloatCondition::name, Type::f32);           \
  }                                                           \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { \
    float_compare(FloatCondition::name, Type::f64);           \
  }
COMPARISON(eq)
COMPARISON(ne)
COMPARISON(lt)
COMPARISON(gt)
COMPARISON(le)
COMPARISON(ge)
#undef COMPARISON

#define ROUND(name)                                           \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { \
    float_round(Type::f32, Rounding::name);                   \
  }                                                           \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { \
    float_round(Type::f64, Rounding::name);                   \
  }
ROUND(nearest)
ROUND(floor)
ROUND(ceil)
ROUND(trunc)
#undef ROUND

#define UNARY(name, operation)                                                        \
  void FunctionCompiler::f32_##name(const wasm::imm::none&) { operation(Type::f32); } \
  void FunctionCompiler::f64_##name(const wasm::imm::none&) { operation(Type::f64); }
UNARY(abs, float_abs)
UNARY(neg, float_negate)
UNARY(sqrt, float_sqrt)
UNARY(copysign, float_copysign)
#undef UNARY
void FunctionCompiler::f32_min(const wasm::imm::none&) { float_min_max(Type::f32, false); }
void FunctionCompiler::f64_min(const wasm::imm::none&) { float_min_max(Type::f64, false); }
void FunctionCompiler::f32_max(const wasm::imm::none&) { float_min_max(Type::f32, true); }
void FunctionCompiler::f64_max(const wasm::imm::none&) { float_min_max(Type::f64, true); }

// ---- conversions

#define CONVERSIONS(integer, floating, sign, is_signed)                                    \
  void FunctionCompiler::integer##_trunc_##floating##_##sign(const wasm::imm::none&) {     \
    truncate(Type::floating, Type::integer, is_signed, false);                             \
  }                                                                                        \
  void FunctionCompiler::integer##_trunc_sat_##floating##_##sign(const wasm::imm::none&) { \
    truncate(Type::floating, Type::integer, is_signed, true);                              \
  }                                                                                        \
  void FunctionCompiler::floating##_convert_##integer##_##sign(const wasm::imm::none&) {   \
    convert_int(Type::integer, Type::floating, is_signed);                                 \
  }
CONVERSIONS(i32, f32, s, true)
CONVERSIONS(i32, f32, u, false)
CONVERSIONS(i32, f64, s, true)
CONVERSIONS(i32, f64, u, false)
CONVERSIONS(i64, f32, s, true)
CONVERSIONS(i64, f32, u, false)
CONVERSIONS(i64, f64, s, true)
CONVERSIONS(i64, f64, u, false)
#undef CONVERSIONS

void FunctionCompiler::f32_demote_f64(const wasm::imm::none&) { demote(); }
void FunctionCompiler::f64_promote_f32(const wasm::imm::none&) { promote(); }
void FunctionCompiler::i32_reinterpret_f32(const wasm::imm::none&) { reinterpret(Type::i32); }
void FunctionCompiler::i64_reinterpret_f64(const wasm::imm::none&) { reinterpret(Type::i64); }
void FunctionCompiler::f32_reinterpret_i32(const wasm::imm::none&) { reinterpret(Type::f32); }
void FunctionCompiler::f64_reinterpret_i64(const wasm::imm::none&) { reinterpret(Type::f64); }

}  // namespace nacre::baseline
