// Loads and stores.
//
// All addresses of guest memory are made here (invariants.md: address-emitter): an i32 index has clear
// upper bits wherever it is (operand.h), it is added to the base as 64 bits, and nothing that the
// guest computed is ever folded into the address.
#include <cstddef>

#include "abi/vmctx.h"
#include "baseline/x64/scalar_instructions.h"

namespace nacre::baseline::x64 {

using abi::MemoryRecord;
using abi::TrapKind;

ScalarInstructions::Access ScalarInstructions::access(const wasm::imm::memarg& i, uint32_t bytes) {
  Operand index = pop();
  if (!is_guarded(i.memory)) return checked_access(i, bytes, index);
  Gpr base = kMemoryBase;
  if (i.memory != 0) {
    base = kScratch;
    memory_record(base, i.memory);
    masm_.mov(Width::w64, base, at(base, offsetof(MemoryRecord, base)));
  }
  constexpr uint64_t kMaxDisplacement = INT32_MAX;
  if (index.is_constant()) {
    uint64_t address = uint64_t{static_cast<uint32_t>(index.bits)} + i.offset;
    if (address <= kMaxDisplacement) return {at(base, static_cast<int32_t>(address)), index};
    Gpr reg = alloc_gpr();
    masm_.mov_imm(Width::w64, reg, address);
    return {at(base, reg), Operand::in(Type::i64, reg)};
  }
  Gpr reg = gpr_of(index);
  if (i.memory != 0 && options_.poison_upper_bits) masm_.push(kScratch);
  check_zero_extended(reg);
  if (i.memory != 0 && options_.poison_upper_bits) masm_.pop(kScratch);
  if (i.offset <= kMaxDisplacement) return {at(base, reg, static_cast<int32_t>(i.offset)), index};
  Gpr sum = own_gpr(index);
  Gpr offset = alloc_gpr();
  masm_.mov_imm(Width::w64, offset, i.offset);
  masm_.alu(Width::w64, Alu::add, sum, offset);
  free(offset);
  return {at(base, sum), Operand::in(Type::i64, sum)};
}

// The end of the access, without overflow, is compared with the size; then the base is added.
ScalarInstructions::Access ScalarInstructions::checked_access(const wasm::imm::memarg& i,
                                                              uint32_t bytes, Operand index) {
  Gpr end = own_gpr(index);
  bool wide = is_64(i.memory);
  if (!wide) check_zero_extended(end);
  uint64_t reach = i.offset + bytes;
  if (reach < bytes) {
    // No address is so large.
    masm_.jmp(trap_label(TrapKind::memory_out_of_bounds));
    reach = bytes;
  }
  if (reach <= INT32_MAX) {
    masm_.alu_imm(Width::w64, Alu::add, end, static_cast<int32_t>(reach));
  } else {
    masm_.mov_imm(Width::w64, kScratch, reach);
    masm_.alu(Width::w64, Alu::add, end, kScratch);
  }
  if (wide) trap_if(Cond::below, TrapKind::memory_out_of_bounds);
  memory_record(kScratch, i.memory);
  masm_.alu(Width::w64, Alu::cmp, end, at(kScratch, offsetof(MemoryRecord, size_bytes)));
  trap_if(Cond::above, TrapKind::memory_out_of_bounds);
  // 0 where the processor runs ahead of the branch all the same (invariants.md: speculation).
  masm_.cmov(Width::w64, Cond::above, end, vmctx_field(offsetof(abi::VmCtx, zero)));
  masm_.mov(Width::w64, kScratch, at(kScratch, offsetof(MemoryRecord, base)));
  return {at(kScratch, end, -static_cast<int32_t>(bytes)), Operand::in(Type::i64, end)};
}

// ---- loads that are operands of what follows

bool ScalarInstructions::used_in_place(Type type) const {
  using wasm::Op;
  const uint8_t* p = reader_->pos();
  Op next = wasm::find_one_byte_op(*p);
  auto between = [&](Op first, Op last) { return next >= first && next <= last; };
  if (type == Type::f32) return between(Op::f32_add, Op::f32_div);
  if (type == Type::f64) return between(Op::f64_add, Op::f64_div);
  bool is_32 = type == Type::i32;
  auto compares = [&] {
    return is_32 ? between(Op::i32_eq, Op::i32_ge_u) : between(Op::i64_eq, Op::i64_ge_u);
  };
  if (next == Op::local_get || next == (is_32 ? Op::i32_const : Op::i64_const)) {
    // One that is not an instruction of the machine: look behind it.
    do {
      ++p;
    } while (*p >= 0x80);
    next = wasm::find_one_byte_op(p[1]);
    return compares();
  }
  if (compares()) return true;
  if (is_32) {
    return next == Op::i32_eqz || next == Op::br_if || next == Op::if_ ||
           between(Op::i32_add, Op::i32_sub) || between(Op::i32_and, Op::i32_xor);
  }
  return next == Op::i64_eqz || between(Op::i64_add, Op::i64_sub) ||
         between(Op::i64_and, Op::i64_xor);
}

void ScalarInstructions::load_int(const wasm::imm::memarg& i, Type type, uint32_t bytes,
                                  bool is_signed) {
  Access from = access(i, bytes);
  // Only an address without the scratch register lasts until the next instruction.
  if (bytes == static_cast<uint32_t>(type == Type::i32 ? 4 : 8) && from.mem.base == kMemoryBase &&
      used_in_place(type)) {
    return push_access(type, from);
  }
  release(from);
  Gpr to = result_gpr();
  note_access();
  Width width = width_of(type);
  if (bytes == 1) {
    is_signed ? masm_.movsx8(width, to, from.mem) : masm_.movzx8(to, from.mem);
  } else if (bytes == 2) {
    is_signed ? masm_.movsx16(width, to, from.mem) : masm_.movzx16(to, from.mem);
  } else if (is_signed) {
    masm_.movsx32(to, from.mem);
  } else {
    masm_.mov(bytes == 8 ? Width::w64 : Width::w32, to, from.mem);
  }
  push_gpr(type, to);
}

void ScalarInstructions::load_float(const wasm::imm::memarg& i, Type type) {
  Access from = access(i, value_bytes(type));
  if (type != Type::v128 && from.mem.base == kMemoryBase && used_in_place(type))
    return push_access(type, from);
  Xmm to = result_fpr();
  note_access();
  masm_.load(type, to, from.mem);
  release(from);
  push_fpr(type, to);
}

void ScalarInstructions::store_int(const wasm::imm::memarg& i, uint32_t bytes) {
  Operand value = pop();
  bool immediate = value.is_constant() && (bytes < 8 || static_cast<int64_t>(value.bits) ==
                                                            static_cast<int32_t>(value.bits));
  if (!immediate) gpr_of(value);
  Access to = access(i, bytes);
  note_access();
  if (immediate) {
    auto bits = static_cast<int32_t>(value.bits);
    if (bytes == 1) masm_.store8(to.mem, static_cast<uint8_t>(bits));
    if (bytes == 2) masm_.store16(to.mem, static_cast<uint16_t>(bits));
    if (bytes == 4) masm_.mov(Width::w32, to.mem, bits);
    if (bytes == 8) masm_.mov(Width::w64, to.mem, bits);
  } else {
    Gpr reg = gpr_of(value);
    if (bytes == 1) masm_.store8(to.mem, reg);
    if (bytes == 2) masm_.store16(to.mem, reg);
    if (bytes == 4) masm_.mov(Width::w32, to.mem, reg);
    if (bytes == 8) masm_.mov(Width::w64, to.mem, reg);
  }
  release(to);
  release(value);
}

void ScalarInstructions::store_float(const wasm::imm::memarg& i, Type type) {
  Operand value = pop();
  Xmm reg = fpr_of(value);
  Access to = access(i, value_bytes(type));
  note_access();
  masm_.store(type, to.mem, reg);
  release(to);
  release(value);
}

}  // namespace nacre::baseline::x64
