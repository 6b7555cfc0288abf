// Atomic accesses: sequentially consistent, naturally aligned (threads proposal). Memories need not
// be shared.
#include <bit>

#include "baseline/x64/scalar_instructions.h"

namespace nacre::baseline::x64 {
namespace {

using abi::TrapKind;

uint8_t bytes_log2(uint32_t bytes) { return static_cast<uint8_t>(std::countr_zero(bytes)); }
Width width_for(uint32_t bytes) { return bytes == 8 ? Width::w64 : Width::w32; }

}  // namespace

// An address that is not aligned traps as such, wherever it is.
ScalarInstructions::Access ScalarInstructions::aligned_access(const wasm::imm::memarg& i,
                                                              uint32_t bytes) {
  uint32_t mask = bytes - 1;
  auto rest = static_cast<int32_t>(i.offset & mask);
  Operand index = pop();
  if (index.is_constant()) {
    if (((index.bits + i.offset) & mask) != 0) masm_.jmp(trap_label(TrapKind::unaligned_atomic));
  } else if (mask != 0) {
    Gpr reg = gpr_of(index);
    if (rest != 0) {
      masm_.lea(Width::w32, kScratch, at(reg, rest));
      reg = kScratch;
    }
    masm_.test_imm(Width::w32, reg, static_cast<int32_t>(mask));
    trap_if(Cond::not_equal, TrapKind::unaligned_atomic);
  }
  push(index);
  return access(i, bytes);
}

// Of a number of so many bytes whose register may hold more.
void ScalarInstructions::zero_extend(Gpr reg, uint32_t bytes) {
  if (bytes == 1) masm_.movzx8(reg, reg);
  if (bytes == 2) masm_.movzx16(reg, reg);
  if (bytes == 4) masm_.mov(Width::w32, reg, reg);
}

void ScalarInstructions::load_zero_extended(Gpr to, Mem from, uint32_t bytes) {
  note_access();
  if (bytes == 1) masm_.movzx8(to, from);
  if (bytes == 2) masm_.movzx16(to, from);
  if (bytes == 4) masm_.mov(Width::w32, to, from);
  if (bytes == 8) masm_.mov(Width::w64, to, from);
}

// Loads of the machine are ordered already, as long as stores are exchanges.
void ScalarInstructions::atomic_load(const wasm::imm::memarg& i, Type type, uint32_t bytes) {
  Access from = aligned_access(i, bytes);
  release(from);
  Gpr to = result_gpr();
  load_zero_extended(to, from.mem, bytes);
  push_gpr(type, to);
}

void ScalarInstructions::atomic_store(const wasm::imm::memarg& i, Type, uint32_t bytes) {
  Operand value = pop();
  Gpr reg = own_gpr(value);
  Access to = aligned_access(i, bytes);
  note_access();
  masm_.xchg(bytes_log2(bytes), to.mem, reg);
  release(to);
  free(reg);
}

void ScalarInstructions::atomic_exchange(const wasm::imm::memarg& i, Type type, uint32_t bytes) {
  Operand value = pop();
  Gpr reg = own_gpr(value);
  Access to = aligned_access(i, bytes);
  note_access();
  masm_.xchg(bytes_log2(bytes), to.mem, reg);
  release(to);
  zero_extend(reg, bytes);
  push_gpr(type, reg);
}

void ScalarInstructions::atomic_add(const wasm::imm::memarg& i, Type type, uint32_t bytes,
                                    bool subtract) {
  Operand value = pop();
  Gpr reg = own_gpr(value);
  if (subtract) masm_.neg(width_for(bytes), reg);
  Access to = aligned_access(i, bytes);
  note_access();
  masm_.lock_xadd(bytes_log2(bytes), to.mem, reg);
  release(to);
  zero_extend(reg, bytes);
  push_gpr(type, reg);
}

// Tries until no other thread wrote in between. rax, which cmpxchg compares with, is taken while
// all operands are on the stack.
void ScalarInstructions::atomic_bits(const wasm::imm::memarg& i, Type type, uint32_t bytes,
                                     Alu op) {
  take(Gpr::rax);
  Operand value = pop();
  Gpr operand = gpr_of(value);
  Access to = aligned_access(i, bytes);
  Gpr changed = alloc_gpr();
  load_zero_extended(Gpr::rax, to.mem, bytes);
  Label again;
  masm_.bind(again);
  masm_.mov(Width::w64, changed, Gpr::rax);
  masm_.alu(width_for(bytes), op, changed, operand);
  note_access();
  masm_.lock_cmpxchg(bytes_log2(bytes), to.mem, changed);
  masm_.jcc(Cond::not_equal, again);
  free(changed);
  release(to);
  release(value);
  zero_extend(Gpr::rax, bytes);
  push_gpr(type, Gpr::rax);
}

// Compares as many bytes as there are in memory.
void ScalarInstructions::atomic_compare_exchange(const wasm::imm::memarg& i, Type type,
                                                 uint32_t bytes) {
  take(Gpr::rax);
  Operand replacement = pop(), expected = pop();
  Gpr reg = gpr_of(replacement);
  load(Gpr::rax, expected);
  release(expected);
  Access to = aligned_access(i, bytes);
  note_access();
  masm_.lock_cmpxchg(bytes_log2(bytes), to.mem, reg);
  release(to);
  release(replacement);
  zero_extend(Gpr::rax, bytes);
  push_gpr(type, Gpr::rax);
}

}  // namespace nacre::baseline::x64
