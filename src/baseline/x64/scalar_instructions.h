// Instructions on integers, floats and guest memory, as x86-64 does them: the operations that
// baseline/machine_instructions.h lists, and what they are made of.
//
// Each pops its operands and pushes its result. x86-64 writes over a source, adds with lea, reads
// operands from memory and has flags: which of these pays is decided here, operand by operand.
#pragma once

#include <cstdint>

#include "baseline/operand_stack.h"
#include "wasm/imm.h"

namespace nacre::baseline::x64 {

class ScalarInstructions : protected OperandStack {
 protected:
  using OperandStack::OperandStack;

  // ---- integer.cc
  using IntegerOp = Alu;
  using ShiftOp = Shift;
  void arithmetic(IntegerOp op, Type type);
  void multiply(Type type);
  void divide(Type type, bool is_signed, bool remainder);
  void compare(Cond cond, Type type);
  void equal_zero(Type type);
  void shift(ShiftOp op, Type type);
  void count_leading(Type type);
  void count_trailing(Type type);
  void count_ones(Type type);
  void sign_extend(Type type, uint32_t bytes);  // of the lowest bytes
  void extend_unsigned();                       // an i32 to an i64
  void wrap();                                  // an i64 to an i32
  void select_operand(bool as_branch);
  void add_wide(bool subtract);
  void multiply_wide(bool is_signed);

  // ---- float.cc
  enum class FloatCondition : uint8_t { eq, ne, lt, gt, le, ge };
  enum class Rounding : uint8_t {
    nearest = kRoundNearest,
    floor = kRoundDown,
    ceil = kRoundUp,
    trunc = kRoundToZero
  };
  using FloatOp = x64::FloatOp;
  void float_binary(FloatOp op, Type type);  // add, sub, mul, div
  void float_compare(FloatCondition condition, Type type);
  void float_min_max(Type type, bool is_max);
  void float_round(Type type, Rounding mode);
  void float_abs(Type type) { float_mask(type, true); }
  void float_negate(Type type) { float_mask(type, false); }
  void float_copysign(Type type);
  void float_sqrt(Type type);

  // ---- convert.cc
  void truncate(Type from, Type to, bool is_signed, bool saturate);
  void convert_int(Type from, Type to, bool is_signed);
  void demote();
  void promote();
  void reinterpret(Type to_type);

  // ---- memory.cc
  void load_int(const wasm::imm::memarg& i, Type type, uint32_t bytes, bool is_signed);
  void load_float(const wasm::imm::memarg& i, Type type);
  void store_int(const wasm::imm::memarg& i, uint32_t bytes);
  void store_float(const wasm::imm::memarg& i, Type type);
  Access access(const wasm::imm::memarg& i, uint32_t bytes);  // pops the index

  // ---- atomics.cc
  void atomic_load(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void atomic_store(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void atomic_exchange(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void atomic_add(const wasm::imm::memarg& i, Type type, uint32_t bytes, bool subtract);
  void atomic_bits(const wasm::imm::memarg& i, Type type, uint32_t bytes, IntegerOp op);
  void atomic_compare_exchange(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void fence() { masm_.mfence(); }

  // An operand in a register that holds no local: an instruction may write over it.
  bool is_free_gpr(const Operand& operand) const {
    return operand.kind == Operand::Kind::gpr && !assigned_.gprs.has(operand.gpr());
  }
  bool is_free_fpr(const Operand& operand) const {
    return operand.kind == Operand::Kind::fpr && !assigned_.fprs.has(operand.fpr());
  }

 private:
  // ---- integer.cc
  void shift_by_cl(Shift op, Type type, Operand value, Operand count);
  bool divide_by_power_of_two(Type type, bool remainder);
  bool divide_by_constant(bool is_signed, bool remainder);
  // emit(to, from): `from` is a register or a place in memory; `to` may be the same register.
  template <class Emit>
  void unary_gpr(Type to_type, Emit emit);

  // ---- float.cc
  template <class Emit>
  void unary_fpr(Type to, Emit emit) {  // emit(to, from), which may be the same register
    Operand value = pop();
    Xmm from = fpr_of(value);
    release(value);
    Xmm result = result_fpr();
    emit(result, from);
    push_fpr(to, result);
  }
  void float_mask(Type type, bool clear);
  template <class Rm>
  void float_op(Opcode op, Xmm to, Xmm a, Rm b);

  // ---- convert.cc
  void truncate_slow(Type from_type, Type to_type, bool is_signed, bool saturate, Xmm from, Gpr to,
                     uint32_t back);

  // ---- memory.cc
  Access checked_access(const wasm::imm::memarg& i, uint32_t bytes, Operand index);
  // Whether the load that was just decoded can be an operand of an instruction that follows.
  bool used_in_place(Type type) const;

  // ---- atomics.cc
  Access aligned_access(const wasm::imm::memarg& i, uint32_t bytes);  // pops the index
  void zero_extend(Gpr reg, uint32_t bytes);
  void load_zero_extended(Gpr to, Mem from, uint32_t bytes);
};

}  // namespace nacre::baseline::x64
