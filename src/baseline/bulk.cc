// Instructions that the runtime carries out.
#include <algorithm>
#include <cstddef>

#include "abi/code.h"
#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::Builtins;
using Kind = Operand::Kind;

void FunctionCompiler::memory_grow(const wasm::imm::memory& i) {
  call_builtin(offsetof(Builtins, memory_grow), {i.index}, 1);
  take(kGprResults[0]);
  // As 32 bits, a failure is -1 as well.
  bool wide = is_64(i.index);
  if (!wide) masm_.move(Width::w32, kGprResults[0], kGprResults[0]);
  push_gpr(wide ? Type::i64 : Type::i32, kGprResults[0]);
}

// Short ones are done in a stub, unless they have to be counted.
void FunctionCompiler::memory_fill(const wasm::imm::memory& i) {
  bool in_stub = i.index == 0 && !options_.count_fuel;
  call_builtin(offsetof(Builtins, memory_fill), {i.index}, 3,
               in_stub ? Entry::short_fill : Entry::native_call);
  trap_on_result();
}
void FunctionCompiler::memory_copy(const wasm::imm::memory_copy& i) {
  bool in_stub = i.to == 0 && i.from == 0 && !options_.count_fuel;
  call_builtin(offsetof(Builtins, memory_copy), {i.to, i.from}, 3,
               in_stub ? Entry::short_copy : Entry::native_call);
  trap_on_result();
}
void FunctionCompiler::memory_init(const wasm::imm::memory_init& i) {
  call_builtin(offsetof(Builtins, memory_init), {i.memory, i.data}, 3);
  trap_on_result();
}
void FunctionCompiler::data_drop(const wasm::imm::data& i) {
  call_builtin(offsetof(Builtins, data_drop), {i.index}, 0);
}

// The builtin takes the length before the reference.
void FunctionCompiler::table_grow(const wasm::imm::table& i) {
  Operand delta = pop();
  Operand initial = pop();
  if (in_memory(delta)) gpr_of(delta);  // their slots change places
  if (in_memory(initial)) gpr_of(initial);
  push(delta);
  push(initial);
  call_builtin(offsetof(Builtins, table_grow), {i.index}, 2);
  take(kGprResults[0]);
  bool wide = module_.tables[i.index].type.limits.address == wasm::AddressType::i64;
  if (!wide) masm_.move(Width::w32, kGprResults[0], kGprResults[0]);
  push_gpr(wide ? Type::i64 : Type::i32, kGprResults[0]);
}
void FunctionCompiler::table_fill(const wasm::imm::table& i) {
  call_builtin(offsetof(Builtins, table_fill), {i.index}, 3);
  trap_on_result();
}
void FunctionCompiler::table_copy(const wasm::imm::table_copy& i) {
  call_builtin(offsetof(Builtins, table_copy), {i.to, i.from}, 3);
  trap_on_result();
}
void FunctionCompiler::table_init(const wasm::imm::table_init& i) {
  call_builtin(offsetof(Builtins, table_init), {i.table, i.elem}, 3);
  trap_on_result();
}
void FunctionCompiler::elem_drop(const wasm::imm::elem& i) {
  call_builtin(offsetof(Builtins, elem_drop), {i.index}, 0);
}

}  // namespace nacre::baseline
