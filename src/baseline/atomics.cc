// Atomic accesses: sequentially consistent, naturally aligned (threads proposal). Memories need not
// be shared.
#include <algorithm>
#include <bit>
#include <cstddef>

#include "abi/code.h"
#include "baseline/function_compiler.h"

namespace nacre::baseline {
namespace {

using abi::Builtins;
using abi::TrapKind;
using Kind = Operand::Kind;

uint8_t bytes_log2(uint32_t bytes) { return static_cast<uint8_t>(std::countr_zero(bytes)); }
Width width_for(uint32_t bytes) { return bytes == 8 ? Width::w64 : Width::w32; }

}  // namespace

// An address that is not aligned traps as such, wherever it is.
FunctionCompiler::Access FunctionCompiler::aligned_access(const wasm::imm::memarg& i,
                                                          uint32_t bytes) {
  uint32_t mask = bytes - 1;
  auto rest = static_cast<int32_t>(i.offset & mask);
  Operand index = pop();
  if (index.is_constant()) {
    if (((index.bits + i.offset) & mask) != 0) masm_.jmp(trap_label(TrapKind::unaligned_atomic));
  } else if (mask != 0) {
    Gpr reg = gpr_of(index);
    if (rest != 0) {
      masm_.lea(Width::w32, x64::kScratch, at(reg, rest));
      reg = x64::kScratch;
    }
    masm_.test_imm(Width::w32, reg, static_cast<int32_t>(mask));
    trap_if(Cond::not_equal, TrapKind::unaligned_atomic);
  }
  push(index);
  return access(i, bytes);
}

// Of a number of so many bytes whose register may hold more.
void FunctionCompiler::zero_extend(Gpr reg, uint32_t bytes) {
  if (bytes == 1) masm_.movzx8(reg, reg);
  if (bytes == 2) masm_.movzx16(reg, reg);
  if (bytes == 4) masm_.mov(Width::w32, reg, reg);
}

void FunctionCompiler::load_zero_extended(Gpr to, Mem from, uint32_t bytes) {
  note_access();
  if (bytes == 1) masm_.movzx8(to, from);
  if (bytes == 2) masm_.movzx16(to, from);
  if (bytes == 4) masm_.mov(Width::w32, to, from);
  if (bytes == 8) masm_.mov(Width::w64, to, from);
}

// Loads of the machine are ordered already, as long as stores are exchanges.
void FunctionCompiler::atomic_load(const wasm::imm::memarg& i, Type type, uint32_t bytes) {
  Access from = aligned_access(i, bytes);
  release(from);
  Gpr to = result_gpr();
  load_zero_extended(to, from.mem, bytes);
  push_gpr(type, to);
}

void FunctionCompiler::atomic_store(const wasm::imm::memarg& i, Type, uint32_t bytes) {
  Operand value = pop();
  Gpr reg = own_gpr(value);
  Access to = aligned_access(i, bytes);
  note_access();
  masm_.xchg(bytes_log2(bytes), to.mem, reg);
  release(to);
  free(reg);
}

void FunctionCompiler::atomic_exchange(const wasm::imm::memarg& i, Type type, uint32_t bytes) {
  Operand value = pop();
  Gpr reg = own_gpr(value);
  Access to = aligned_access(i, bytes);
  note_access();
  masm_.xchg(bytes_log2(bytes), to.mem, reg);
  release(to);
  zero_extend(reg, bytes);
  push_gpr(type, reg);
}

void FunctionCompiler::atomic_add(const wasm::imm::memarg& i, Type type, uint32_t bytes,
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

// Tries until nobody else wrote in between. rax, which cmpxchg compares with, is taken while all
// operands are on the stack.
void FunctionCompiler::atomic_bits(const wasm::imm::memarg& i, Type type, uint32_t bytes, Alu op) {
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
void FunctionCompiler::atomic_compare_exchange(const wasm::imm::memarg& i, Type type,
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

#define WIDTHS(form, i32_full, i64_full, i32_8, i32_16, i64_8, i64_16, i64_32)           \
  void FunctionCompiler::i32_full(const wasm::imm::memarg& i) { form(i, Type::i32, 4); } \
  void FunctionCompiler::i64_full(const wasm::imm::memarg& i) { form(i, Type::i64, 8); } \
  void FunctionCompiler::i32_8(const wasm::imm::memarg& i) { form(i, Type::i32, 1); }    \
  void FunctionCompiler::i32_16(const wasm::imm::memarg& i) { form(i, Type::i32, 2); }   \
  void FunctionCompiler::i64_8(const wasm::imm::memarg& i) { form(i, Type::i64, 1); }    \
  void FunctionCompiler::i64_16(const wasm::imm::memarg& i) { form(i, Type::i64, 2); }   \
  void FunctionCompiler::i64_32(const wasm::imm::memarg& i) { form(i, Type::i64, 4); }
#define RMW(change, form)                                                                      \
  WIDTHS(form, i32_atomic_rmw_##change, i64_atomic_rmw_##change, i32_atomic_rmw8_##change##_u, \
         i32_atomic_rmw16_##change##_u, i64_atomic_rmw8_##change##_u,                          \
         i64_atomic_rmw16_##change##_u, i64_atomic_rmw32_##change##_u)
#define ADD(i, type, bytes) atomic_add(i, type, bytes, false)
#define SUB(i, type, bytes) atomic_add(i, type, bytes, true)
#define AND(i, type, bytes) atomic_bits(i, type, bytes, Alu::and_)
#define OR(i, type, bytes) atomic_bits(i, type, bytes, Alu::or_)
#define XOR(i, type, bytes) atomic_bits(i, type, bytes, Alu::xor_)
WIDTHS(atomic_load, i32_atomic_load, i64_atomic_load, i32_atomic_load8_u, i32_atomic_load16_u,
       i64_atomic_load8_u, i64_atomic_load16_u, i64_atomic_load32_u)
WIDTHS(atomic_store, i32_atomic_store, i64_atomic_store, i32_atomic_store8, i32_atomic_store16,
       i64_atomic_store8, i64_atomic_store16, i64_atomic_store32)
RMW(add, ADD)
RMW(sub, SUB)
RMW(and, AND)
RMW(or, OR)
RMW(xor, XOR)
RMW(xchg, atomic_exchange)
RMW(cmpxchg, atomic_compare_exchange)
#undef WIDTHS
#undef RMW
#undef ADD
#undef SUB
#undef AND
#undef OR
#undef XOR

void FunctionCompiler::atomic_fence(const wasm::imm::fence&) { masm_.mfence(); }

// ---- waiting: the runtime checks the address

// Index and offset; a sum that wraps becomes an aligned address beyond every memory.
Operand FunctionCompiler::parking_address(const wasm::imm::memarg& i) {
  constexpr uint64_t kBeyond = ~uint64_t{15};
  Operand index = pop();
  Gpr sum = own_gpr(index);
  if (!is_64(i.memory)) check_clean(sum);
  if (i.offset != 0) {
    masm_.mov_imm(Width::w64, x64::kScratch, i.offset);
    masm_.alu(Width::w64, Alu::add, sum, x64::kScratch);
    if (is_64(i.memory)) {
      masm_.mov_imm(Width::w64, x64::kScratch, kBeyond);
      masm_.cmov(Width::w64, Cond::below, sum, x64::kScratch);
    }
  }
  return Operand::in(Type::i64, sum);
}

// The address, then the other operands and a place in the frame for the answer.
void FunctionCompiler::park(size_t builtin, const wasm::imm::memarg& i, uint32_t others) {
  Operand rest[2];
  for (uint32_t k = others; k-- > 0;) rest[k] = pop();
  push(parking_address(i));
  for (uint32_t k = 0; k < others; ++k) push(rest[k]);  // their slots are what they were
  int32_t answer = slot_below(height()) - 8;
  frame_end_ = std::min(frame_end_, answer);
  call_builtin(builtin, {i.memory}, 1 + others, Entry::native_call, answer);
  trap_on_result();
  Gpr to = result_gpr();
  masm_.mov(Width::w32, to, at(x64::kFrame, answer));
  push_gpr(Type::i32, to);
}
void FunctionCompiler::memory_atomic_notify(const wasm::imm::memarg& i) {
  park(offsetof(Builtins, memory_atomic_notify), i, 1);
}
void FunctionCompiler::memory_atomic_wait32(const wasm::imm::memarg& i) {
  park(offsetof(Builtins, memory_atomic_wait32), i, 2);
}
void FunctionCompiler::memory_atomic_wait64(const wasm::imm::memarg& i) {
  park(offsetof(Builtins, memory_atomic_wait64), i, 2);
}

}  // namespace nacre::baseline
