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
  emit_all(moves, x64::kScratch, [&](Gpr to, Gpr from) { masm_.mov(Width::w64, to, from); });
}

void FunctionCompiler::move_all(std::vector<XmmMove>& moves) {
  emit_all(moves, x64::kXmmScratch, [&](Xmm to, Xmm from) { masm_.sse_mov(to, from); });
}

// ---- around a call

void FunctionCompiler::save_pins() {
  for (uint32_t index : lost_pins_) {
    const Local& local = locals_[index];
    auto kind = in_xmm(local.type) ? Kind::xmm : Kind::gpr;
    store(local.home, Operand::make(kind, local.type, local.pin));
  }
}

void FunctionCompiler::restore_pins() {
  for (uint32_t index : lost_pins_) {
    const Local& local = locals_[index];
    Operand home = Operand::in_slot(local.type, local.home);
    if (in_xmm(local.type)) {
      load(local.xmm(), home);
    } else {
      load(local.gpr(), home);
    }
  }
}

// The topmost operands to their places; they are popped. rax is left alone.
void FunctionCompiler::pass_arguments(Types params) {
  if (is_many(params)) return pass_many_arguments(params);
  auto count = static_cast<uint32_t>(params.size());
  if (!room(64 * size_t{count})) return;
  gpr_moves_.clear();
  xmm_moves_.clear();
  // Into memory first, while all registers are as they were.
  auto assigner = abi::PlaceAssigner::arguments();
  bool have_area = false;
  for (uint32_t i = 0; i < count; ++i) {
    ValuePlace place = assigner.next(params[i]);
    const Operand& value = top(count - 1 - i);
    if (place.kind == ValuePlace::Kind::area) {
      Gpr area = x64::kMemoryBase;  // not needed until the call; loaded again below
      if (!have_area) masm_.mov(Width::w64, area, at(x64::kVmCtx, offsetof(VmCtx, area)));
      have_area = true;
      Mem to = at(area, static_cast<int32_t>(place.index * sizeof(abi::Value)));
      store_to(to, value);
      if (options_.dirty_upper_bits && width_of(value.type) == Width::w32) make_dirty_behind(to);
    } else if (value.kind == Kind::gpr ||
               (value.kind == Kind::local && !in_memory(value) && !in_xmm(value.type))) {
      Gpr from = value.kind == Kind::gpr ? value.gpr() : locals_[value.local].gpr();
      gpr_moves_.push_back({x64::kGprArgs[place.index], from});
    } else if (value.kind == Kind::xmm || (value.kind == Kind::local && !in_memory(value))) {
      Xmm from = value.kind == Kind::xmm ? value.xmm() : locals_[value.local].xmm();
      xmm_moves_.push_back({static_cast<Xmm>(place.index), from});
    }
  }
  if (have_area)
    masm_.mov(Width::w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
  move_all(gpr_moves_);
  move_all(xmm_moves_);
  assigner = abi::PlaceAssigner::arguments();
  for (uint32_t i = 0; i < count; ++i) {
    ValuePlace place = assigner.next(params[i]);
    const Operand& value = top(count - 1 - i);
    if (place.kind == ValuePlace::Kind::area) continue;
    if (!value.is_constant() && !in_memory(value)) continue;
    if (place.kind == ValuePlace::Kind::integer) {
      load(x64::kGprArgs[place.index], value);
    } else {
      load(static_cast<Xmm>(place.index), value);
    }
  }
  make_dirty(params, abi::PlaceAssigner::arguments(), x64::kGprArgs.data());
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
      Gpr reg = x64::kGprResults[place.index];
      free_gprs_.remove(reg);
      if (type == Type::i32) masm_.mov(Width::w32, reg, reg);
      push(Operand::in(type, reg));
    } else if (place.kind == ValuePlace::Kind::floating) {
      free_xmms_.remove(static_cast<Xmm>(place.index));
      push(Operand::in(type, static_cast<Xmm>(place.index)));
    } else {
      // rcx cannot hold a result, nor anything else yet.
      Gpr area = Gpr::rcx;
      if (!have_area) masm_.mov(Width::w64, area, at(x64::kVmCtx, offsetof(VmCtx, area)));
      have_area = true;
      Mem from = at(area, static_cast<int32_t>(place.index * sizeof(abi::Value)));
      Operand& operand = push(Operand::in_slot(type));
      frame_end_ = std::min(frame_end_, operand.slot);
      masm_.movups(x64::kXmmScratch, from);
      Mem to = at(x64::kFrame, operand.slot);
      if (type == Type::v128) {
        masm_.movups(to, x64::kXmmScratch);
      } else {
        masm_.movsd(to, x64::kXmmScratch);
      }
    }
  }
}

// ---- functions of the same module

void FunctionCompiler::call(const wasm::imm::func& i) {
  const wasm::FuncType& type = type_at(wasm::index_of(module_.functions[i.index]));
  settle_below(height() - static_cast<uint32_t>(type.params.size()));
  save_pins();
  if (i.index < module_.imported_functions) {
    pass_arguments(type.params);
    function_object(i.index);
    return call_other(type.results);
  }
  pass_arguments(type.params);
  uint32_t slot = i.index - module_.imported_functions;
  masm_.call_rip(slot_distance(slot, 6));
  note_call();
  callees_.push_back(i.index);
  restore_pins();
  push_call_results(type.results);
}

// From behind an instruction of `length` bytes, which begins here, to a slot.
int32_t FunctionCompiler::slot_distance(uint32_t slot, uint32_t length) const {
  return static_cast<int32_t>(slots_ + int64_t{8} * slot - int64_t{masm_.offset()} - length);
}

void FunctionCompiler::return_call(const wasm::imm::func& i) {
  const wasm::FuncType& type = type_at(wasm::index_of(module_.functions[i.index]));
  if (i.index < module_.imported_functions) {
    take(Gpr::rax);
    function_object(i.index);
    return tail_call_object(type);
  }
  pass_arguments(type.params);
  restore_saved_registers();
  masm_.leave();
  masm_.jmp_rip(slot_distance(i.index - module_.imported_functions, 6));
  callees_.push_back(i.index);
  go_dead();
}

// ---- function objects, which are in rax

void FunctionCompiler::function_object(uint32_t index) {
  masm_.mov(Width::w64, Gpr::rax, at(x64::kVmCtx, offsetof(VmCtx, functions)));
  masm_.mov(Width::w64, Gpr::rax, at(Gpr::rax, static_cast<int32_t>(index * sizeof(void*))));
}

// Whoever it belongs to; a host function has no instance and runs with ours.
void FunctionCompiler::enter_other_instance() {
  masm_.mov(Width::w64, x64::kScratch, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  masm_.test(Width::w64, x64::kScratch, x64::kScratch);
  masm_.cmov(Width::w64, Cond::not_equal, x64::kVmCtx, x64::kScratch);
  masm_.mov(Width::w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.call(at(Gpr::rax, offsetof(FuncObject, code)));
  note_call();
  masm_.mov(Width::w64, x64::kVmCtx, at(x64::kFrame, -8));
  masm_.mov(Width::w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
}

void FunctionCompiler::call_other(Types results) {
  enter_other_instance();
  restore_pins();
  push_call_results(results);
}

// The arguments are the topmost operands.
void FunctionCompiler::call_object(const wasm::FuncType& type) {
  settle_below(height() - static_cast<uint32_t>(type.params.size()));
  save_pins();
  pass_arguments(type.params);
  // Nearly always of this instance.
  masm_.alu(Width::w64, Alu::cmp, x64::kVmCtx, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  uint32_t back = new_label();
  masm_.jcc(Cond::not_equal, out_of_line([this, back] {
              enter_other_instance();
              masm_.jmp(labels_[back]);
            }));
  masm_.call(at(Gpr::rax, offsetof(FuncObject, code)));
  note_call();
  masm_.bind(labels_[back]);
  free(Gpr::rax);
  restore_pins();
  push_call_results(type.results);
}

void FunctionCompiler::tail_call_object(const wasm::FuncType& type) {
  pass_arguments(type.params);
  restore_saved_registers();
  masm_.leave();
  note(CodePosition::Kind::frame_gone);
  // Of this instance, or the host's: a jump. Of another one: the stub knows.
  Label other, same;
  masm_.mov(Width::w64, x64::kScratch, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  masm_.alu(Width::w64, Alu::cmp, x64::kScratch, x64::kVmCtx);
  masm_.jcc(Cond::equal, same);
  masm_.test(Width::w64, x64::kScratch, x64::kScratch);
  masm_.jcc(Cond::not_equal, other);
  masm_.bind(same);
  masm_.jmp(at(Gpr::rax, offsetof(FuncObject, code)));
  masm_.bind(other);
  masm_.mov(Width::w64, x64::kScratch, at(x64::kVmCtx, offsetof(VmCtx, entries)));
  masm_.jmp(at(x64::kScratch, entry_offset(Entry::cross_tail)));
  note(CodePosition::Kind::instruction);
  free(Gpr::rax);
  go_dead();
}

// The element of a table that the topmost operand names, into rax, which is taken.
void FunctionCompiler::indirect_object(const wasm::imm::call_indirect& i) {
  Operand index = pop();
  bool is_64 = module_.tables[i.table].type.limits.address == wasm::AddressType::i64;
  Width width = is_64 ? Width::w64 : Width::w32;
  Gpr reg = gpr_of(index);
  if (reg != Gpr::rax) take(Gpr::rax);
  masm_.mov(width, Gpr::rax, reg);
  if (reg != Gpr::rax) release(index);
  table_record(x64::kScratch, i.table);
  masm_.alu(Width::w64, Alu::cmp, Gpr::rax, at(x64::kScratch, offsetof(abi::TableRecord, size)));
  trap_if(Cond::above_equal, TrapKind::undefined_element);
  clamp(Cond::above_equal, Gpr::rax);
  masm_.mov(Width::w64, x64::kScratch, at(x64::kScratch, offsetof(abi::TableRecord, elements)));
  masm_.mov(Width::w64, Gpr::rax, at(x64::kScratch, Gpr::rax, 0, 3));
  masm_.test(Width::w64, Gpr::rax, Gpr::rax);
  trap_if(Cond::equal, TrapKind::uninitialized_element);
  auto id = static_cast<uint32_t>(type_ids_[wasm::index_of(i.type)]);
  masm_.alu_imm(Width::w32, Alu::cmp, at(Gpr::rax, offsetof(FuncObject, type)),
                static_cast<int32_t>(id));
  if (module_.types[wasm::index_of(i.type)].is_final) {
    trap_if(Cond::not_equal, TrapKind::indirect_call_type_mismatch);
    return;
  }
  // A function of a declared subtype is called all the same: seldom.
  uint32_t back = new_label();
  Label& other = out_of_line([this, back, id] {
    masm_.mov_imm(Width::w32, x64::kScratch, id);
    masm_.push(x64::kScratch);  // keeps the stack's alignment unknown: the stub aligns
    masm_.mov(Width::w64, x64::kScratch, at(x64::kVmCtx, offsetof(VmCtx, entries)));
    masm_.call(at(x64::kScratch, entry_offset(Entry::check_subtype)));
    masm_.lea(Width::w64, Gpr::rsp, at(Gpr::rsp, 8));
    masm_.jcc(Cond::not_equal, labels_[back]);
    trap_now(TrapKind::indirect_call_type_mismatch);
  });
  masm_.jcc(Cond::not_equal, other);
  masm_.bind(labels_[back]);
}

// The topmost operand, a reference, into rax, which is taken.
void FunctionCompiler::reference_object() {
  Operand reference = pop();
  if (!reads(reference, Gpr::rax)) {
    take(Gpr::rax);
    load(Gpr::rax, reference);
    release(reference);
  }
  masm_.test(Width::w64, Gpr::rax, Gpr::rax);
  trap_if(Cond::equal, TrapKind::null_function_reference);
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
  settle_below(height() - operands);
  save_pins();
  gpr_moves_.clear();
  size_t first = 1 + constants.size();
  for (uint32_t i = 0; i < operands; ++i) {
    const Operand& value = top(operands - 1 - i);
    if (value.is_constant() || in_memory(value)) continue;
    Gpr from = value.kind == Kind::gpr ? value.gpr() : locals_[value.local].gpr();
    if (value.type == Type::i32) check_clean(from);  // passed as 64 bits
    gpr_moves_.push_back({x64::kGprArgs[first + i], from});
  }
  move_all(gpr_moves_);
  for (uint32_t i = 0; i < operands; ++i) {
    const Operand& value = top(operands - 1 - i);
    if (value.is_constant() || in_memory(value)) load(x64::kGprArgs[first + i], value);
  }
  cut(height() - operands);
  size_t next = 1;
  for (uint32_t value : constants) masm_.mov_imm(Width::w32, x64::kGprArgs[next++], value);
  if (extra) masm_.lea(Width::w64, x64::kGprArgs[first + operands], at(x64::kFrame, *extra));
  masm_.mov(Width::w64, x64::kGprArgs[0], x64::kVmCtx);
  masm_.mov(Width::w64, Gpr::rax, at(x64::kVmCtx, offsetof(VmCtx, builtins)));
  masm_.mov(Width::w64, Gpr::rax, at(Gpr::rax, static_cast<int32_t>(offset)));
  if (through == Entry::native_call) {
    masm_.call(at(x64::kVmCtx, offsetof(VmCtx, native_call_entry)));
  } else {
    masm_.mov(Width::w64, x64::kScratch, at(x64::kVmCtx, offsetof(VmCtx, entries)));
    masm_.call(at(x64::kScratch, entry_offset(through)));
  }
  note_call();
  restore_pins();
}

void FunctionCompiler::trap_on_result() {
  masm_.test8(Gpr::rax, Gpr::rax);
  masm_.jcc(Cond::not_equal, out_of_line([this] { trap_now(TrapKind::none); }));
}

}  // namespace nacre::baseline
