// Calls: of functions of the module, of function objects, of the runtime.
#include <algorithm>
#include <cstddef>

#include "abi/code.h"
#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::FuncObject;
using abi::TrapKind;
using abi::ValuePlace;
using abi::VmCtx;
using Kind = Operand::Kind;

const wasm::FuncType& FunctionCompiler::type_at(uint32_t index) const {
  return module_.types[index].func;
}

// ---- moves between registers, all at once

namespace {

// `move(to, from)` and `scratch` as the kind of register has them.
template <class Moves, class Reg, class Emit>
void emit_all(Moves& moves, Reg scratch, Emit move) {
  std::erase_if(moves, [](const auto& m) { return m.to == m.from; });
  while (!moves.empty()) {
    auto is_read = [&](Reg reg) {
      return std::any_of(moves.begin(), moves.end(), [&](const auto& m) { return m.from == reg; });
    };
    bool any = false;
    for (size_t i = 0; i < moves.size();) {
      if (is_read(moves[i].to)) {
        ++i;
        continue;
      }
      move(moves[i].to, moves[i].from);
      moves.erase(moves.begin() + static_cast<std::ptrdiff_t>(i));
      any = true;
    }
    if (any || moves.empty()) continue;
    // Only cycles are left: one of them is opened.
    Reg from = moves[0].from;
    move(scratch, from);
    for (auto& m : moves) {
      if (m.from == from) m.from = scratch;
    }
  }
}

}  // namespace

void FunctionCompiler::move_all(std::vector<GprMove>& moves) {
  emit_all(moves, kScratch, [&](Gpr to, Gpr from) { masm_.move(Width::w64, to, from); });
}

void FunctionCompiler::move_all(std::vector<FprMove>& moves) {
  emit_all(moves, kFprScratch, [&](Fpr to, Fpr from) { masm_.move(to, from); });
}

// ---- around a call

void FunctionCompiler::save_caller_saved() {
  for (uint32_t index : caller_saved_locals_) {
    const Local& local = locals_[index];
    auto kind = in_fpr(local.type) ? Kind::fpr : Kind::gpr;
    store(local.slot, Operand::make(kind, local.type, local.reg));
  }
}

void FunctionCompiler::restore_caller_saved() {
  for (uint32_t index : caller_saved_locals_) {
    const Local& local = locals_[index];
    Operand slot = Operand::in_slot(local.type, local.slot);
    if (in_fpr(local.type)) {
      load(local.fpr(), slot);
    } else {
      load(local.gpr(), slot);
    }
  }
}

// The topmost operands to their places; they are popped. The function object is left alone.
void FunctionCompiler::pass_arguments(Types params) {
  if (is_many(params)) return pass_many_arguments(params);
  auto count = static_cast<uint32_t>(params.size());
  if (!room(64 * size_t{count})) return;
  gpr_moves_.clear();
  fpr_moves_.clear();
  // Into memory first, while all registers are as they were.
  auto assigner = abi::PlaceAssigner::arguments();
  bool have_area = false;
  for (uint32_t i = 0; i < count; ++i) {
    ValuePlace place = assigner.next(params[i]);
    const Operand& value = top(count - 1 - i);
    if (place.kind == ValuePlace::Kind::area) {
      Gpr area = kMemoryBase;  // not needed until the call; loaded again below
      if (!have_area) masm_.load(Width::w64, area, vmctx_field(offsetof(VmCtx, area)));
      have_area = true;
      Mem to = at(area, static_cast<int32_t>(place.index * sizeof(abi::Value)));
      store_to(to, value);
      if (options_.poison_upper_bits && width_of(value.type) == Width::w32) poison_behind(to);
    } else if (value.kind == Kind::gpr ||
               (value.kind == Kind::local && !in_memory(value) && !in_fpr(value.type))) {
      Gpr from = value.kind == Kind::gpr ? value.gpr() : locals_[value.local].gpr();
      gpr_moves_.push_back({kGprArgs[place.index], from});
    } else if (value.kind == Kind::fpr || (value.kind == Kind::local && !in_memory(value))) {
      Fpr from = value.kind == Kind::fpr ? value.fpr() : locals_[value.local].fpr();
      fpr_moves_.push_back({kFprArgs[place.index], from});
    }
  }
  if (have_area) masm_.load(Width::w64, kMemoryBase, vmctx_field(offsetof(VmCtx, memory0_base)));
  move_all(gpr_moves_);
  move_all(fpr_moves_);
  assigner = abi::PlaceAssigner::arguments();
  for (uint32_t i = 0; i < count; ++i) {
    ValuePlace place = assigner.next(params[i]);
    const Operand& value = top(count - 1 - i);
    if (place.kind == ValuePlace::Kind::area) continue;
    if (!value.is_constant() && !in_memory(value)) continue;
    if (place.kind == ValuePlace::Kind::integer) {
      load(kGprArgs[place.index], value);
    } else {
      load(kFprArgs[place.index], value);
    }
  }
  poison(params, abi::PlaceAssigner::arguments(), kGprArgs.data(), kFprArgs.data());
  cut(height() - count);
}

void FunctionCompiler::push_call_results(Types results) {
  if (is_many(results)) return push_many_call_results(results);
  if (!room(64 * results.size())) return;
  auto assigner = abi::PlaceAssigner::results();
  bool have_area = false;
  for (wasm::ValType result : results) {
    Type type = type_of(result);
    ValuePlace place = assigner.next(result);
    if (place.kind == ValuePlace::Kind::integer) {
      Gpr reg = kGprResults[place.index];
      free_gprs_.remove(reg);
      if (type == Type::i32) masm_.move(Width::w32, reg, reg);
      push(Operand::in(type, reg));
    } else if (place.kind == ValuePlace::Kind::floating) {
      free_fprs_.remove(kFprResults[place.index]);
      push(Operand::in(type, kFprResults[place.index]));
    } else {
      Gpr area = kNoResult;
      if (!have_area) masm_.load(Width::w64, area, vmctx_field(offsetof(VmCtx, area)));
      have_area = true;
      Mem from = at(area, static_cast<int32_t>(place.index * sizeof(abi::Value)));
      Operand& operand = push(Operand::in_slot(type));
      frame_end_ = std::min(frame_end_, operand.slot);
      masm_.load(Type::v128, kFprScratch, from);
      masm_.store(type == Type::v128 ? type : Type::f64, frame_slot(operand.slot), kFprScratch);
    }
  }
}

// ---- functions of the same module

void FunctionCompiler::call(const wasm::imm::func& i) {
  const wasm::FuncType& type = type_at(wasm::index_of(module_.functions[i.index]));
  spill_below(height() - static_cast<uint32_t>(type.params.size()));
  save_caller_saved();
  if (i.index < module_.imported_functions) {
    pass_arguments(type.params);
    function_object(i.index);
    return call_other(type.results);
  }
  pass_arguments(type.params);
  masm_.call_slot(i.index);
  note_call();
  restore_caller_saved();
  push_call_results(type.results);
}

void FunctionCompiler::return_call(const wasm::imm::func& i) {
  const wasm::FuncType& type = type_at(wasm::index_of(module_.functions[i.index]));
  if (i.index < module_.imported_functions) {
    take(kFunctionObject);
    function_object(i.index);
    return tail_call_object(type);
  }
  pass_arguments(type.params);
  restore_callee_saved();
  masm_.leave_frame();
  masm_.jump_slot(i.index);
  go_dead();
}

// ---- function objects, which are in kFunctionObject

void FunctionCompiler::function_object(uint32_t index) {
  masm_.load(Width::w64, kFunctionObject, vmctx_field(offsetof(VmCtx, functions)));
  masm_.load(Width::w64, kFunctionObject,
             at(kFunctionObject, static_cast<int32_t>(index * sizeof(void*))));
}

// Of any instance; a host function has none and runs with ours.
void FunctionCompiler::enter_other_instance() {
  masm_.load(Width::w64, kScratch, at(kFunctionObject, offsetof(FuncObject, vmctx)));
  masm_.move_if_not_zero(kVmCtx, kScratch);
  masm_.load(Width::w64, kMemoryBase, vmctx_field(offsetof(VmCtx, memory0_base)));
  masm_.call(at(kFunctionObject, offsetof(FuncObject, code)));
  note_call();
  masm_.load(Width::w64, kVmCtx, frame_slot(-8));
  masm_.load(Width::w64, kMemoryBase, vmctx_field(offsetof(VmCtx, memory0_base)));
}

void FunctionCompiler::call_other(Types results) {
  enter_other_instance();
  restore_caller_saved();
  push_call_results(results);
}

// The arguments are the topmost operands.
void FunctionCompiler::call_object(const wasm::FuncType& type) {
  spill_below(height() - static_cast<uint32_t>(type.params.size()));
  save_caller_saved();
  pass_arguments(type.params);
  // Nearly always of this instance.
  uint32_t back = new_label();
  Label& other = out_of_line([this, back] {
    enter_other_instance();
    masm_.jump(labels_[back]);
  });
  masm_.branch_if(Condition::not_equal, Width::w64, kVmCtx,
                  at(kFunctionObject, offsetof(FuncObject, vmctx)), other);
  masm_.call(at(kFunctionObject, offsetof(FuncObject, code)));
  note_call();
  masm_.bind(labels_[back]);
  free(kFunctionObject);
  restore_caller_saved();
  push_call_results(type.results);
}

void FunctionCompiler::tail_call_object(const wasm::FuncType& type) {
  pass_arguments(type.params);
  restore_callee_saved();
  masm_.leave_frame();
  note(CodeSite::Kind::instruction);
  uint32_t begin = masm_.offset();
  // Of this instance, or the host's: a jump. Of another one: the stub knows.
  Label other, same;
  masm_.load(Width::w64, kScratch, at(kFunctionObject, offsetof(FuncObject, vmctx)));
  masm_.branch_if(Condition::equal, Width::w64, kScratch, kVmCtx, same);
  masm_.branch_if_not_zero(Width::w64, kScratch, other);
  masm_.bind(same);
  masm_.jump(at(kFunctionObject, offsetof(FuncObject, code)));
  masm_.bind(other);
  masm_.load(Width::w64, kScratch, vmctx_field(offsetof(VmCtx, entries)));
  masm_.jump(at(kScratch, entry_offset(Entry::cross_tail)));
  masm_.frame_was_undone(begin);
  free(kFunctionObject);
  go_dead();
}

// The element of a table that the topmost operand names, into its register, which is taken.
void FunctionCompiler::indirect_object(const wasm::imm::call_indirect& i) {
  Operand index = pop();
  bool is_64 = module_.tables[i.table].type.limits.address == wasm::AddressType::i64;
  Width width = is_64 ? Width::w64 : Width::w32;
  Gpr reg = gpr_of(index);
  if (reg != kFunctionObject) take(kFunctionObject);
  masm_.move(width, kFunctionObject, reg);
  if (reg != kFunctionObject) release(index);
  table_record(kScratch, i.table);
  check_index(kFunctionObject, at(kScratch, offsetof(abi::TableRecord, size)),
              TrapKind::undefined_element);
  masm_.load(Width::w64, kScratch, at(kScratch, offsetof(abi::TableRecord, elements)));
  masm_.load(Width::w64, kFunctionObject, at(kScratch, kFunctionObject, 0, 3));
  masm_.branch_if_zero(Width::w64, kFunctionObject, trap_label(TrapKind::uninitialized_element));
  uint32_t expected = wasm::index_of(i.type);
  Mem type = at(kFunctionObject, offsetof(FuncObject, type));
  if (module_.types[expected].is_final) {
    return masm_.branch_unless_type(type, expected,
                                    trap_label(TrapKind::indirect_call_type_mismatch));
  }
  // A function of a declared subtype is called all the same: seldom.
  uint32_t back = new_label();
  Label& other = out_of_line([this, back, expected] {
    Condition is_subtype = masm_.call_subtype_check(expected, vmctx_field(offsetof(VmCtx, entries)),
                                                    entry_offset(Entry::check_subtype));
    masm_.branch(is_subtype, labels_[back]);
    trap_now(TrapKind::indirect_call_type_mismatch);
  });
  masm_.branch_unless_type(type, expected, other);
  masm_.bind(labels_[back]);
}

// The topmost operand, a reference, into its register, which is taken.
void FunctionCompiler::reference_object() {
  Operand reference = pop();
  if (!reads(reference, kFunctionObject)) {
    take(kFunctionObject);
    load(kFunctionObject, reference);
    release(reference);
  }
  masm_.branch_if_zero(Width::w64, kFunctionObject, trap_label(TrapKind::null_function_reference));
}

void FunctionCompiler::call_indirect(const wasm::imm::call_indirect& i) {
  indirect_object(i);
  call_object(type_at(wasm::index_of(i.type)));
}

void FunctionCompiler::return_call_indirect(const wasm::imm::call_indirect& i) {
  indirect_object(i);
  tail_call_object(type_at(wasm::index_of(i.type)));
}

void FunctionCompiler::call_ref(const wasm::imm::type& i) {
  reference_object();
  call_object(type_at(wasm::index_of(i.index)));
}

void FunctionCompiler::return_call_ref(const wasm::imm::type& i) {
  reference_object();
  tail_call_object(type_at(wasm::index_of(i.index)));
}

// ---- the runtime

void FunctionCompiler::call_builtin(size_t offset, std::initializer_list<uint32_t> constants,
                                    uint32_t operands, Entry through,
                                    std::optional<int32_t> extra) {
  spill_below(height() - operands);
  save_caller_saved();
  gpr_moves_.clear();
  size_t first = 1 + constants.size();
  for (uint32_t i = 0; i < operands; ++i) {
    const Operand& value = top(operands - 1 - i);
    if (value.is_constant() || in_memory(value)) continue;
    Gpr from = value.kind == Kind::gpr ? value.gpr() : locals_[value.local].gpr();
    if (value.type == Type::i32) check_zero_extended(from);  // passed as 64 bits
    gpr_moves_.push_back({kGprArgs[first + i], from});
  }
  move_all(gpr_moves_);
  for (uint32_t i = 0; i < operands; ++i) {
    const Operand& value = top(operands - 1 - i);
    if (value.is_constant() || in_memory(value)) load(kGprArgs[first + i], value);
  }
  cut(height() - operands);
  size_t next = 1;
  for (uint32_t value : constants) masm_.load_constant(Width::w32, kGprArgs[next++], value);
  if (extra) masm_.load_address(kGprArgs[first + operands], frame_slot(*extra));
  masm_.move(Width::w64, kGprArgs[0], kVmCtx);
  masm_.load(Width::w64, kFunctionObject, vmctx_field(offsetof(VmCtx, builtins)));
  masm_.load(Width::w64, kFunctionObject, at(kFunctionObject, static_cast<int32_t>(offset)));
  if (through == Entry::native_call) {
    masm_.call(vmctx_field(offsetof(VmCtx, native_call_entry)));
  } else {
    masm_.load(Width::w64, kScratch, vmctx_field(offsetof(VmCtx, entries)));
    masm_.call(at(kScratch, entry_offset(through)));
  }
  note_call();
  restore_caller_saved();
}

void FunctionCompiler::trap_on_result() {
  masm_.branch_if_true(kGprResults[0], out_of_line([this] { trap_now(TrapKind::none); }));
}

}  // namespace nacre::baseline
