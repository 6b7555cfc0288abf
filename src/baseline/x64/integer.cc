// Integer instructions and select.
#include <bit>
#include <utility>

#include "baseline/x64/scalar_instructions.h"

namespace nacre::baseline::x64 {
namespace {

using Kind = Operand::Kind;

uint64_t apply(Alu op, uint64_t a, uint64_t b) {
  switch (op) {
    case Alu::add:
      return a + b;
    case Alu::sub:
      return a - b;
    case Alu::and_:
      return a & b;
    case Alu::or_:
      return a | b;
    default:
      return a ^ b;
  }
}

bool fits_immediate(const Operand& operand) {
  if (!operand.is_constant()) return false;
  if (operand.type == Type::i32) return true;
  return static_cast<int64_t>(operand.bits) == static_cast<int32_t>(operand.bits);
}
int32_t immediate(const Operand& operand) { return static_cast<int32_t>(operand.bits); }

}  // namespace

using abi::TrapKind;

// ---- two operands

void ScalarInstructions::arithmetic(Alu op, Type type) {
  Operand b = pop(), a = pop();
  if (a.is_constant() && b.is_constant()) return push_constant(type, apply(op, a.bits, b.bits));
  Width width = width_of(type);
  bool commutes = op != Alu::sub;
  bool own_b_only = b.kind == Kind::gpr && a.kind != Kind::gpr;
  if (commutes && (a.is_constant() || own_b_only)) std::swap(a, b);

  // An addition may go to a third register.
  bool a_in_register = a.kind == Kind::gpr || (a.kind == Kind::local && !in_memory(a));
  bool b_in_register = b.kind == Kind::gpr || (b.kind == Kind::local && !in_memory(b));
  bool by_constant =
      fits_immediate(b) && immediate(b) != INT32_MIN && (op == Alu::add || op == Alu::sub);
  bool a_is_free = is_free_gpr(a);
  if (a_in_register && (by_constant || (op == Alu::add && b_in_register)) &&
      (!a_is_free || local_set_next(false))) {
    Gpr left = gpr_of(a);
    Mem sum =
        by_constant ? at(left, op == Alu::add ? immediate(b) : -immediate(b)) : at(left, gpr_of(b));
    release(a);
    release(b);
    Gpr to = result_gpr();
    if (to == left && by_constant) {
      masm_.alu_imm(width, op, to, immediate(b));
    } else {
      masm_.lea(width, to, sum);
    }
    return push_gpr(type, to);
  }

  Gpr to;
  if (a_is_free) {
    to = a.gpr();
  } else {
    to = result_gpr({&b});
    load(to, a);
    release(a);
  }
  if (fits_immediate(b)) {
    masm_.alu_imm(width, op, to, immediate(b));
  } else if (b.is_constant()) {
    masm_.mov_imm(width, kScratch, b.bits);
    masm_.alu(width, op, to, kScratch);
  } else {
    with_gpr_or_mem(b, [&](auto rm) { masm_.alu(width, op, to, rm); });
  }
  release(b);
  if (!options_.poison_upper_bits) masm_.note_result(width, to);
  push_gpr(type, to);
}

void ScalarInstructions::multiply(Type type) {
  Operand b = pop(), a = pop();
  if (a.is_constant() && b.is_constant()) return push_constant(type, a.bits * b.bits);
  Width width = width_of(type);
  if (a.is_constant() || (b.kind == Kind::gpr && a.kind != Kind::gpr)) std::swap(a, b);
  if (fits_immediate(b)) {
    uint64_t factor = type == Type::i32 ? static_cast<uint32_t>(b.bits) : b.bits;
    if (std::has_single_bit(factor)) {
      if (in_memory(a)) gpr_of(a);  // it may come to another slot
      push(a);
      push_constant(type, static_cast<uint64_t>(std::countr_zero(factor)));
      return shift(Shift::shl, type);
    }
    bool a_is_free = is_free_gpr(a);
    Gpr to = a_is_free ? a.gpr() : result_gpr();
    with_gpr_or_mem(a, [&](auto rm) { masm_.imul_imm(width, to, rm, immediate(b)); });
    if (!a_is_free) release(a);
    return push_gpr(type, to);
  }
  Gpr to;
  if (is_free_gpr(a)) {
    to = a.gpr();
  } else {
    to = result_gpr({&b});
    load(to, a);
    release(a);
  }
  if (b.is_constant()) {
    masm_.mov_imm(width, kScratch, b.bits);
    masm_.imul(width, to, kScratch);
  } else {
    with_gpr_or_mem(b, [&](auto rm) { masm_.imul(width, to, rm); });
  }
  release(b);
  push_gpr(type, to);
}

// ---- comparisons

void ScalarInstructions::compare(Cond cond, Type type) {
  Operand b = pop(), a = pop();
  Width width = width_of(type);
  if (a.is_constant() && !b.is_constant()) {
    std::swap(a, b);
    cond = swap_operands(cond);
  }
  if (fits_immediate(b)) {
    if (a.kind == Kind::access) {
      masm_.alu_imm(width, Alu::cmp, pending_access(), immediate(b));
    } else if (in_memory(a)) {
      masm_.alu_imm(width, Alu::cmp, frame_of(a), immediate(b));
    } else {
      Gpr left = gpr_of(a);
      if (immediate(b) == 0) {
        masm_.test(width, left, left);
      } else {
        masm_.alu_imm(width, Alu::cmp, left, immediate(b));
      }
    }
  } else if (b.is_constant()) {
    Gpr left = gpr_of(a);
    masm_.mov_imm(width, kScratch, b.bits);
    masm_.alu(width, Alu::cmp, left, kScratch);
  } else if (a.kind == Kind::access || (in_memory(a) && !in_memory(b))) {
    Gpr right = gpr_of(b);
    masm_.alu(width, Alu::cmp, a.kind == Kind::access ? pending_access() : frame_of(a), right);
  } else {
    Gpr left = gpr_of(a);
    with_gpr_or_mem(b, [&](auto rm) { masm_.alu(width, Alu::cmp, left, rm); });
  }
  release(a);
  release(b);
  push_condition(cond);
}

void ScalarInstructions::equal_zero(Type type) {
  Operand value = pop();
  if (value.kind == Kind::condition) return push_condition(negate(value.condition));
  with_gpr_or_mem(value, [&](auto rm) { masm_.is_zero(width_of(type), rm); });
  release(value);
  push_condition(Cond::equal);
}

// ---- shifts

void ScalarInstructions::shift(Shift op, Type type) {
  Operand count = pop(), value = pop();
  Width width = width_of(type);
  if (count.is_constant()) {
    auto bits = static_cast<uint8_t>(count.bits & (width == Width::w32 ? 31 : 63));
    bool rotates = op == Shift::rol || op == Shift::ror;
    if (rotates && cpu().bmi2 && !value.is_constant()) {
      uint8_t size = width == Width::w32 ? 32 : 64;
      auto right = static_cast<uint8_t>(op == Shift::ror ? bits : (size - bits) % size);
      bool is_free = is_free_gpr(value);
      Gpr to = is_free ? value.gpr() : result_gpr();
      with_gpr_or_mem(value, [&](auto rm) { masm_.rorx(width, to, rm, right); });
      if (!is_free) release(value);
      return push_gpr(type, to);
    }
    Gpr to;
    if (is_free_gpr(value)) {
      to = value.gpr();
    } else {
      to = result_gpr();
      load(to, value);
      release(value);
    }
    if (bits != 0) masm_.shift_imm(width, op, to, bits);
    return push_gpr(type, to);
  }
  if (!cpu().bmi2 || op == Shift::rol || op == Shift::ror)
    return shift_by_cl(op, type, value, count);
  Gpr by = gpr_of(count);
  if (value.is_constant()) gpr_of(value);
  bool is_free = is_free_gpr(value);
  Gpr to = is_free ? value.gpr() : result_gpr();
  with_gpr_or_mem(value, [&](auto rm) { masm_.shift_bmi2(width, op, to, rm, by); });
  if (!is_free) release(value);
  release(count);
  push_gpr(type, to);
}

void ScalarInstructions::shift_by_cl(Shift op, Type type, Operand value, Operand count) {
  if (count.kind != Kind::gpr || count.gpr() != Gpr::rcx) {
    if (value.kind == Kind::gpr && value.gpr() == Gpr::rcx) {
      Gpr other = alloc_gpr();
      masm_.mov(Width::w64, other, Gpr::rcx);
      value.reg = number(other);
    } else {
      take(Gpr::rcx);
    }
    load(Gpr::rcx, count);
    release(count);
  }
  Gpr to = own_gpr(value);
  masm_.shift_cl(width_of(type), op, to);
  free(Gpr::rcx);
  push_gpr(type, to);
}

// ---- division

bool ScalarInstructions::divide_by_power_of_two(Type type, bool remainder) {
  const Operand& divisor = top();
  if (!divisor.is_constant() || !std::has_single_bit(divisor.bits)) return false;
  uint64_t value = pop().bits;
  if (remainder) {
    push_constant(type, value - 1);
    arithmetic(Alu::and_, type);
  } else {
    push_constant(type, static_cast<uint64_t>(std::countr_zero(value)));
    shift(Shift::shr, type);
  }
  return true;
}

// By multiplication with the inverse (Granlund and Montgomery, PLDI 1994), of i32 in 64 bits.
bool ScalarInstructions::divide_by_constant(bool is_signed, bool remainder) {
  if (!top().is_constant()) return false;
  auto divisor = static_cast<uint32_t>(top().bits);
  // Powers of two of signed numbers, negative ones and those of the upper half are seldom.
  if (divisor < 3 || divisor > INT32_MAX || std::has_single_bit(divisor)) return false;
  pop();
  Operand value = pop();
  Gpr from = gpr_of(value);
  Gpr to = alloc_gpr();
  int log2 = static_cast<int>(std::bit_width(divisor - 1));  // rounded up
  if (is_signed) {
    uint64_t inverse = (uint64_t{1} << (31 + log2)) / divisor + 1;
    masm_.movsx32(to, from);
    masm_.mov_imm(Width::w64, kScratch, inverse);
    masm_.imul(Width::w64, to, kScratch);
    masm_.shift_imm(Width::w64, Shift::sar, to, static_cast<uint8_t>(31 + log2));
    masm_.mov(Width::w32, kScratch, from);
    masm_.shift_imm(Width::w32, Shift::sar, kScratch, 31);
    masm_.alu(Width::w32, Alu::sub, to, kScratch);
  } else {
    // The inverse has 33 bits; its lower 32 are multiplied, the number itself is added.
    auto inverse = static_cast<uint32_t>(
        ((uint64_t{1} << 32) * ((uint64_t{1} << log2) - divisor)) / divisor + 1);
    masm_.mov_imm(Width::w32, kScratch, inverse);
    masm_.imul(Width::w64, kScratch, from);
    masm_.shift_imm(Width::w64, Shift::shr, kScratch, 32);
    masm_.mov(Width::w32, to, from);
    masm_.alu(Width::w32, Alu::sub, to, kScratch);
    masm_.shift_imm(Width::w32, Shift::shr, to, 1);
    masm_.alu(Width::w32, Alu::add, to, kScratch);
    masm_.shift_imm(Width::w32, Shift::shr, to, static_cast<uint8_t>(log2 - 1));
  }
  if (remainder) {
    masm_.imul_imm(Width::w32, kScratch, to, static_cast<int32_t>(divisor));
    masm_.mov(Width::w32, to, from);
    masm_.alu(Width::w32, Alu::sub, to, kScratch);
  }
  release(value);
  push_gpr(Type::i32, to);
  return true;
}

void ScalarInstructions::divide(Type type, bool is_signed, bool remainder) {
  if (!is_signed && divide_by_power_of_two(type, remainder)) return;
  if (type == Type::i32 && divide_by_constant(is_signed, remainder)) return;
  Width width = width_of(type);
  Operand divisor = pop(), dividend = pop();
  // What is known of the divisor needs no check.
  uint64_t all_ones = type == Type::i32 ? UINT32_MAX : UINT64_MAX;
  bool may_be_zero = !divisor.is_constant() || divisor.bits == 0;
  bool may_be_minus_one = !divisor.is_constant() || divisor.bits == all_ones;
  load(kScratch, divisor);
  release(divisor);
  if (dividend.kind != Kind::gpr || dividend.gpr() != Gpr::rax) {
    take(Gpr::rax);
    load(Gpr::rax, dividend);
    release(dividend);
  }
  take(Gpr::rdx);
  if (may_be_zero) {
    masm_.test(width, kScratch, kScratch);
    trap_if(Cond::equal, TrapKind::integer_divide_by_zero);
  }
  if (!is_signed) {
    masm_.alu(Width::w32, Alu::xor_, Gpr::rdx, Gpr::rdx);
    masm_.div(width, kScratch);
  } else {
    Label done, ordinary;
    if (may_be_minus_one) {
      masm_.alu_imm(width, Alu::cmp, kScratch, -1);
      masm_.jcc(Cond::not_equal, ordinary);
      if (remainder) {
        masm_.alu(Width::w32, Alu::xor_, Gpr::rdx, Gpr::rdx);
      } else {
        masm_.neg(width, Gpr::rax);  // overflows for the least number only
        trap_if(Cond::overflow, TrapKind::integer_overflow);
      }
      masm_.jmp(done);
      masm_.bind(ordinary);
    }
    masm_.sign_extend_rax(width);
    masm_.idiv(width, kScratch);
    masm_.bind(done);
  }
  free(remainder ? Gpr::rax : Gpr::rdx);
  push_gpr(type, remainder ? Gpr::rdx : Gpr::rax);
}

// ---- one operand

template <class Emit>
void ScalarInstructions::unary_gpr(Type to_type, Emit emit) {
  Operand value = pop();
  if (value.is_constant()) gpr_of(value);
  bool is_free = is_free_gpr(value);
  Gpr to = is_free ? value.gpr() : result_gpr();
  with_gpr_or_mem(value, [&](auto from) { emit(to, from); });
  if (!is_free) release(value);
  push_gpr(to_type, to);
}

void ScalarInstructions::count_leading(Type type) {
  Width width = width_of(type);
  if (cpu().lzcnt) {
    return unary_gpr(type, [&](Gpr to, auto from) { masm_.lzcnt(width, to, from); });
  }
  // bsr leaves its target alone, or not, where there is no one bit: give it 2 * size - 1 then, of
  // which exclusive or makes the size.
  int32_t size = width == Width::w32 ? 32 : 64;
  unary_gpr(type, [&](Gpr to, auto from) {
    masm_.mov_imm(Width::w32, kScratch, static_cast<uint64_t>(2 * size - 1));
    masm_.bsr(width, to, from);
    masm_.cmov(width, Cond::equal, to, kScratch);
    masm_.alu_imm(Width::w32, Alu::xor_, to, size - 1);
  });
}

void ScalarInstructions::count_trailing(Type type) {
  Width width = width_of(type);
  if (cpu().bmi1) {
    return unary_gpr(type, [&](Gpr to, auto from) { masm_.tzcnt(width, to, from); });
  }
  unary_gpr(type, [&](Gpr to, auto from) {
    masm_.mov_imm(Width::w32, kScratch, width == Width::w32 ? 32 : 64);
    masm_.bsf(width, to, from);
    masm_.cmov(width, Cond::equal, to, kScratch);
  });
}

void ScalarInstructions::count_ones(Type type) {
  unary_gpr(type, [&](Gpr to, auto from) { masm_.popcnt(width_of(type), to, from); });
}

void ScalarInstructions::sign_extend(Type type, uint32_t bytes) {
  Width width = width_of(type);
  unary_gpr(type, [&](Gpr to, auto from) {
    if (bytes == 1) masm_.movsx8(width, to, from);
    if (bytes == 2) masm_.movsx16(width, to, from);
    if (bytes == 4) masm_.movsx32(to, from);
  });
}

// An i32 in a register has clear upper bits: it is the i64.
void ScalarInstructions::extend_unsigned() {
  Operand value = pop();
  if (value.is_constant() || !in_memory(value)) {
    if (!value.is_constant()) check_zero_extended(gpr_of(value));
    value.type = Type::i64;
    push(value);
    return;
  }
  Gpr to = result_gpr();
  masm_.mov(Width::w32, to, frame_of(value));
  release(value);
  push_gpr(Type::i64, to);
}

void ScalarInstructions::wrap() {
  if (top().is_constant()) return push_constant(Type::i32, pop().bits);
  unary_gpr(Type::i32, [&](Gpr to, auto from) { masm_.mov(Width::w32, to, from); });
}

// ---- select

void ScalarInstructions::select_operand(bool as_branch) {
  Cond cond = test_condition(pop());
  Operand other = pop(), value = pop();
  if (cond == Cond::fp_not_equal) {
    std::swap(other, value);
    cond = Cond::fp_equal;
  }
  bool by_parity = cond == Cond::fp_equal;
  // From here on the value is the result unless `cond` does not hold; no flag may change.
  if (in_fpr(value.type)) {
    Xmm to;
    if (is_free_fpr(value)) {
      to = value.fpr();
    } else {
      to = result_fpr({&other});
      load(to, value);
      release(value);
    }
    Label keep, take_other;
    if (by_parity) {
      masm_.jcc(Cond::parity, take_other);
      masm_.jcc(Cond::equal, keep);
      masm_.bind(take_other);
    } else {
      masm_.jcc(cond, keep);
    }
    load(to, other);
    masm_.bind(keep);
    release(other);
    return push_fpr(value.type, to);
  }
  // What keeps a local's value changes it where it is.
  if (other.kind == Kind::local && !by_parity && local_set_next(false) == other.local) {
    std::swap(other, value);
    cond = negate(cond);
  }
  Width width = width_of(value.type);
  Gpr to;
  if (other.is_constant() && !as_branch) gpr_of(other);
  if (is_free_gpr(value)) {
    to = value.gpr();
  } else {
    to = result_gpr({&other});
    load(to, value);
    release(value);
  }
  if (as_branch) {
    Label keep;
    masm_.branch(cond, keep);
    load(to, other);
    masm_.bind(keep);
    release(other);
    return push_gpr(value.type, to);
  }
  with_gpr_or_mem(other, [&](auto from) {
    if (by_parity) {
      masm_.cmov(width, Cond::parity, to, from);
      masm_.cmov(width, Cond::not_equal, to, from);
    } else {
      masm_.cmov(width, negate(cond), to, from);
    }
  });
  release(other);
  push(Operand::in(value.type, to));
}

// ---- wide arithmetic: the low half is below the high one

void ScalarInstructions::add_wide(bool subtract) {
  Operand b_high = pop(), b_low = pop(), a_high = pop(), a_low = pop();
  Gpr result_low = own_gpr(a_low);
  Gpr result_high = own_gpr(a_high);
  auto apply_to = [&](Alu op, Gpr to, Operand& from) {
    if (from.is_constant()) {
      masm_.mov_imm(Width::w64, kScratch, from.bits);
      masm_.alu(Width::w64, op, to, kScratch);
    } else {
      with_gpr_or_mem(from, [&](auto rm) { masm_.alu(Width::w64, op, to, rm); });
    }
  };
  apply_to(subtract ? Alu::sub : Alu::add, result_low, b_low);
  apply_to(subtract ? Alu::sbb : Alu::adc, result_high, b_high);
  release(b_low);
  release(b_high);
  push_gpr(Type::i64, result_low);
  push_gpr(Type::i64, result_high);
}

void ScalarInstructions::multiply_wide(bool is_signed) {
  Operand b = pop(), a = pop();
  load(kScratch, b);
  release(b);
  if (a.kind != Kind::gpr || a.gpr() != Gpr::rax) {
    take(Gpr::rax);
    load(Gpr::rax, a);
    release(a);
  }
  take(Gpr::rdx);
  if (is_signed) {
    masm_.imul_wide(Width::w64, kScratch);
  } else {
    masm_.mul(Width::w64, kScratch);
  }
  push_gpr(Type::i64, Gpr::rax);
  push_gpr(Type::i64, Gpr::rdx);
}

}  // namespace nacre::baseline::x64
