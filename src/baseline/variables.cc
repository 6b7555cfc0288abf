// Locals, globals, tables and references.
#include <cstddef>

#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::TableRecord;
using abi::TrapKind;
using abi::VmCtx;
using Kind = Operand::Kind;

// ---- constants and locals

void FunctionCompiler::i32_const(const wasm::imm::i32& i) {
  push_constant(Type::i32, static_cast<uint32_t>(i.value));
}
void FunctionCompiler::i64_const(const wasm::imm::i64& i) {
  push_constant(Type::i64, static_cast<uint64_t>(i.value));
}
void FunctionCompiler::f32_const(const wasm::imm::f32& i) { push_constant(Type::f32, i.bits); }
void FunctionCompiler::f64_const(const wasm::imm::f64& i) { push_constant(Type::f64, i.bits); }

void FunctionCompiler::local_get(const wasm::imm::local& i) {
  Local& local = locals_[i.index];
  ++local.aliases;
  push(Operand::of_local(local.type, i.index));
}

void FunctionCompiler::write_local(uint32_t index, Operand& value) {
  Local& local = locals_[index];
  if (value.kind == Kind::local && value.local == index) return;
  spill_aliases(index);
  if (!local.in_register()) {
    store(local.slot, value);
  } else if (in_fpr(local.type)) {
    load(local.fpr(), value);
  } else {
    load(local.gpr(), value);
  }
}

void FunctionCompiler::local_set(const wasm::imm::local& i) {
  Operand value = pop();
  write_local(i.index, value);
  release(value);
}

void FunctionCompiler::local_tee(const wasm::imm::local& i) {
  Operand value = pop();
  write_local(i.index, value);
  bool in_register = !locals_[i.index].in_register() && !in_memory(value);
  if (value.is_constant() || value.kind == Kind::condition || in_register) {
    push(value);
    return;
  }
  release(value);
  local_get(i);
}

void FunctionCompiler::drop(const wasm::imm::none&) { release(pop()); }

// ---- globals

// The scratch register may be part of the result.
Mem FunctionCompiler::global_at(uint32_t index) {
  if (index >= module_.imported_globals) {
    uint64_t offset = abi::own_global_offset(index - module_.imported_globals);
    return vmctx_field(offset);
  }
  masm_.load(Width::w64, kScratch, vmctx_field(offsetof(VmCtx, globals)));
  masm_.load(Width::w64, kScratch, at(kScratch, static_cast<int32_t>(index * sizeof(void*))));
  return at(kScratch);
}

void FunctionCompiler::global_get(const wasm::imm::global& i) {
  Type type = type_of(context_.globals[i.index].type);
  if (in_fpr(type)) {
    Fpr to = result_fpr();
    Mem from = global_at(i.index);
    masm_.load(type, to, from);
    push_fpr(type, to);
  } else {
    Gpr to = result_gpr();
    masm_.load(width_of(type), to, global_at(i.index));
    push_gpr(type, to);
  }
}

void FunctionCompiler::global_set(const wasm::imm::global& i) {
  Operand value = pop();
  if (in_fpr(value.type)) {
    fpr_of(value);
  } else if (!value.is_constant()) {
    gpr_of(value);
  }
  store_to(global_at(i.index), value);
  release(value);
}

// ---- references

void FunctionCompiler::ref_null(const wasm::imm::heap_type&) { push_constant(Type::ref, 0); }

void FunctionCompiler::ref_func(const wasm::imm::func& i) {
  Gpr to = result_gpr();
  masm_.load(Width::w64, to, vmctx_field(offsetof(VmCtx, functions)));
  masm_.load(Width::w64, to, at(to, static_cast<int32_t>(i.index * sizeof(void*))));
  push_gpr(Type::ref, to);
}

void FunctionCompiler::ref_is_null(const wasm::imm::none&) {
  Operand reference = pop();
  Gpr reg = gpr_of(reference);
  Condition is_null = masm_.is_zero(Width::w64, reg);
  release(reference);
  push_condition(is_null);
}

void FunctionCompiler::ref_as_non_null(const wasm::imm::none&) {
  Operand reference = pop();
  Gpr reg = gpr_of(reference);
  masm_.branch_if_zero(Width::w64, reg, trap_label(TrapKind::null_reference));
  push(reference);
}

// ---- tables

// The place of an element that exists; the scratch register is part of it, the index is in a
// register.
Mem FunctionCompiler::table_element(uint32_t table, Operand& index, bool writes) {
  Gpr reg = own_gpr(index);
  if (index.type == Type::i32) check_zero_extended(reg);
  index = Operand::in(Type::i64, reg);
  table_record(kScratch, table);
  check_index(reg, at(kScratch, offsetof(TableRecord, size)), TrapKind::table_out_of_bounds);
  if (writes) masm_.store_byte(at(kScratch, offsetof(TableRecord, written)), 1);
  masm_.load(Width::w64, kScratch, at(kScratch, offsetof(TableRecord, elements)));
  return at(kScratch, reg, 0, 3);
}

void FunctionCompiler::table_get(const wasm::imm::table& i) {
  Operand index = pop();
  Mem from = table_element(i.index, index, false);
  release(index);
  Gpr to = result_gpr();
  masm_.load(Width::w64, to, from);
  push_gpr(Type::ref, to);
}

void FunctionCompiler::table_set(const wasm::imm::table& i) {
  Operand value = pop();
  Operand index = pop();
  Gpr reg = gpr_of(value);
  masm_.store(Width::w64, table_element(i.index, index, true), reg);
  release(index);
  release(value);
}

void FunctionCompiler::table_size(const wasm::imm::table& i) {
  bool is_64 = module_.tables[i.index].type.limits.address == wasm::AddressType::i64;
  Gpr to = result_gpr();
  table_record(to, i.index);
  masm_.load(is_64 ? Width::w64 : Width::w32, to, at(to, offsetof(TableRecord, size)));
  push_gpr(is_64 ? Type::i64 : Type::i32, to);
}

}  // namespace nacre::baseline
