// Atomic accesses, sequentially consistent and naturally aligned (threads proposal), whose memories
// need not be shared; and waiting, which the runtime does.
#include <algorithm>
#include <cstddef>

#include "abi/code.h"
#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::Builtins;

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
#define AND(i, type, bytes) atomic_bits(i, type, bytes, IntegerOp::and_)
#define OR(i, type, bytes) atomic_bits(i, type, bytes, IntegerOp::or_)
#define XOR(i, type, bytes) atomic_bits(i, type, bytes, IntegerOp::xor_)
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

void FunctionCompiler::atomic_fence(const wasm::imm::fence&) { fence(); }

// ---- waiting: the runtime checks the address

// Index and offset; a sum that wraps becomes an aligned address beyond every memory.
Operand FunctionCompiler::parking_address(const wasm::imm::memarg& i) {
  constexpr uint64_t kBeyond = ~uint64_t{15};
  Operand index = pop();
  Gpr sum = own_gpr(index);
  if (!is_64(i.memory)) check_zero_extended(sum);
  if (is_64(i.memory) && i.offset != 0) {
    masm_.add_saturating(sum, i.offset, kBeyond);
  } else if (i.offset != 0) {
    masm_.add_constant64(sum, i.offset);
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
  masm_.load(Width::w32, to, frame_slot(answer));
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
