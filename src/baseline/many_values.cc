// Lists of many values: parameters and results of functions and blocks, which may have a thousand.
//
// An instruction of two bytes can take and give them all, so neither its machine code nor the time
// to make it may grow with their number. Values of such a list are all in their slots, one behind
// the other and of one size, and move from there by a loop.
#include <algorithm>

#include "baseline/function_compiler.h"

namespace nacre::baseline {
namespace {

constexpr int32_t kAreaBytes = sizeof(abi::Value);

}  // namespace

const FunctionCompiler::ManyValues& FunctionCompiler::many_values(Types types,
                                                                  abi::PlaceAssigner places,
                                                                  ManyValuesByList& known) {
  auto [entry, is_new] = known.try_emplace(types.data());
  ManyValues& many = entry->second;
  if (!is_new) return many;
  spend(types.size());
  for (uint32_t i = 0; i < types.size(); ++i) {
    abi::ValuePlace place = places.next(types[i]);
    many.has_v128 |= types[i].is_vector();
    if (place.kind != abi::ValuePlace::Kind::area) many.in_registers.push_back({i, place});
  }
  return many;
}

const FunctionCompiler::ManyValues& FunctionCompiler::many_arguments(Types types) {
  return many_values(types, abi::PlaceAssigner::arguments(), many_arguments_);
}

const FunctionCompiler::ManyValues& FunctionCompiler::many_results(Types types) {
  return many_values(types, abi::PlaceAssigner::results(), many_results_);
}

bool FunctionCompiler::in_slots(uint32_t from, uint32_t to) const {
  return from >= slots_begin_ && to <= std::min(slots_end_, first_loose_);
}

void FunctionCompiler::note_slots(uint32_t from, uint32_t to) {
  if (from > slots_end_ || to < slots_begin_) {
    slots_begin_ = from;
    slots_end_ = to;
  } else {
    slots_begin_ = std::min(slots_begin_, from);
    slots_end_ = std::max(slots_end_, to);
  }
}

bool FunctionCompiler::slots_fit(const ManyValues& many) {
  if (!many.has_v128 || narrow_slot_ == slot_bytes(Type::v128)) return true;
  stop(kNeedsWideSlots);
  return false;
}

// Only operands of the innermost block may be below `from` and not settled yet.
void FunctionCompiler::settle_into_slots(uint32_t from) {
  settle_below(from);
  uint32_t known = std::min(slots_end_, first_loose_);
  uint32_t i = from >= slots_begin_ && from < known ? known : from;
  spend(height() - i);
  for (; i < height() && room(0); ++i) settle_fully(stack_[i]);
  slots_end_ = std::min(slots_end_, first_loose_);
  first_loose_ = height();
  note_slots(from, height());
}

void FunctionCompiler::push_slots(Types types) {
  auto count = static_cast<uint32_t>(types.size());
  spend(count);
  uint32_t from = height();
  settle_below(from);
  int32_t slot = slot_below(from);
  stack_.resize(from + count);
  for (uint32_t i = 0; i < count; ++i) {
    Type type = type_of(types[i]);
    slot -= slot_size(type);
    stack_[from + i] = Operand::in_slot(type, slot);
  }
  frame_end_ = std::min(frame_end_, slot);
  first_loose_ = height();
  note_slots(from, height());
}

void FunctionCompiler::prepare_many_results(const Control& to) {
  Types types = to.label_types();
  if (slots_fit(many_results(types)))
    settle_into_slots(height() - static_cast<uint32_t>(types.size()));
}

// The topmost operands, which are in slots, to those from `to_slot` on, which are above them.
void FunctionCompiler::move_slots(int32_t to_slot, uint32_t count) {
  int32_t from_slot = top(count - 1).slot;
  if (from_slot == to_slot || !room(0)) return;
  int32_t step = narrow_slot_;
  Gpr index = Gpr::rax;
  Mem from = at(x64::kFrame, index, from_slot), to = at(x64::kFrame, index, to_slot);
  masm_.alu(Width::w32, Alu::xor_, index, index);
  Label next;
  masm_.bind(next);
  if (step == slot_bytes(Type::v128)) {
    masm_.movups(x64::kXmmScratch, from);
    masm_.movups(to, x64::kXmmScratch);
  } else {
    masm_.mov(Width::w64, x64::kScratch, from);
    masm_.mov(Width::w64, to, x64::kScratch);
  }
  next_slot(index, step, count, next);
}

void FunctionCompiler::next_slot(Gpr index, int32_t step, uint32_t count, Label& next) {
  masm_.alu_imm(Width::w64, Alu::sub, index, step);
  masm_.alu_imm(Width::w64, Alu::cmp, index, -step * static_cast<int32_t>(count));
  masm_.jcc(Cond::not_equal, next);
}

// Values that belong in registers are copied with the others; who reads the area does not look at
// them, and who reads the slots writes them afterwards.
void FunctionCompiler::slots_to_area(int32_t slot, uint32_t count, Gpr area, Gpr index) {
  int32_t step = narrow_slot_;
  Mem from = at(x64::kFrame, index, slot);
  masm_.mov(Width::w64, area, at(x64::kVmCtx, offsetof(abi::VmCtx, area)));
  masm_.alu(Width::w32, Alu::xor_, index, index);
  Label next;
  masm_.bind(next);
  if (step == slot_bytes(Type::v128)) {
    masm_.movups(x64::kXmmScratch, from);
  } else {
    masm_.movsd(x64::kXmmScratch, from);
  }
  masm_.movups(at(area), x64::kXmmScratch);
  masm_.alu_imm(Width::w64, Alu::add, area, kAreaBytes);
  next_slot(index, step, count, next);
}

void FunctionCompiler::area_to_slots(int32_t slot, uint32_t count, Gpr area, Gpr index) {
  int32_t step = narrow_slot_;
  Mem to = at(x64::kFrame, index, slot);
  masm_.mov(Width::w64, area, at(x64::kVmCtx, offsetof(abi::VmCtx, area)));
  masm_.alu(Width::w32, Alu::xor_, index, index);
  Label next;
  masm_.bind(next);
  masm_.movups(x64::kXmmScratch, at(area));
  if (step == slot_bytes(Type::v128)) {
    masm_.movups(to, x64::kXmmScratch);
  } else {
    masm_.movsd(to, x64::kXmmScratch);
  }
  masm_.alu_imm(Width::w64, Alu::add, area, kAreaBytes);
  next_slot(index, step, count, next);
}

// ---- functions

void FunctionCompiler::pass_many_arguments(Types params) {
  auto count = static_cast<uint32_t>(params.size());
  const ManyValues& many = many_arguments(params);
  if (!slots_fit(many) || !room(0)) return;
  uint32_t first = height() - count;
  settle_into_slots(first);
  // rax may hold the function. The memory's base is not needed until the call.
  slots_to_area(stack_[first].slot, count, x64::kMemoryBase, Gpr::rcx);
  masm_.mov(Width::w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(abi::VmCtx, memory0_base)));
  for (auto [i, place] : many.in_registers) {
    if (place.kind == abi::ValuePlace::Kind::integer) {
      load(x64::kGprArgs[place.index], stack_[first + i]);
    } else {
      load(static_cast<Xmm>(place.index), stack_[first + i]);
    }
  }
  make_dirty(params, abi::PlaceAssigner::arguments(), x64::kGprArgs.data());
  cut(first);
}

void FunctionCompiler::push_many_call_results(Types results) {
  const ManyValues& many = many_results(results);
  if (!slots_fit(many) || !room(0)) return;
  uint32_t first = height();
  push_slots(results);
  // rcx cannot hold a result, nor anything else yet.
  area_to_slots(stack_[first].slot, static_cast<uint32_t>(results.size()), x64::kScratch, Gpr::rcx);
  for (auto [i, place] : many.in_registers) {
    const Operand& to = stack_[first + i];
    if (place.kind == abi::ValuePlace::Kind::integer) {
      store(to.slot, Operand::in(to.type, x64::kGprResults[place.index]));
    } else {
      store(to.slot, Operand::in(to.type, static_cast<Xmm>(place.index)));
    }
  }
}

// All of them have homes (lay_out_frame).
void FunctionCompiler::move_many_arguments() {
  Types params = type_->params;
  const ManyValues& many = many_arguments(params);
  if (!room(0)) return;
  area_to_slots(locals_[0].home, static_cast<uint32_t>(params.size()), Gpr::rax, x64::kScratch);
  for (auto [i, place] : many.in_registers) {
    const Local& local = locals_[i];
    if (place.kind == abi::ValuePlace::Kind::integer) {
      store(local.home, Operand::in(local.type, x64::kGprArgs[place.index]));
    } else {
      store(local.home, Operand::in(local.type, static_cast<Xmm>(place.index)));
    }
  }
  spend(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    const Local& local = locals_[i];
    if (!local.pinned()) continue;
    Operand home = Operand::in_slot(local.type, local.home);
    if (in_xmm(local.type)) {
      load(local.xmm(), home);
    } else {
      load(local.gpr(), home);
    }
  }
}

// All operands are in slots: rax is free.
void FunctionCompiler::place_many_results() {
  Types results = type_->results;
  const ManyValues& many = many_results(results);
  if (!slots_fit(many) || !room(0)) return;
  slots_to_area(stack_[0].slot, static_cast<uint32_t>(results.size()), x64::kScratch, Gpr::rax);
  for (auto [i, place] : many.in_registers) {
    if (place.kind == abi::ValuePlace::Kind::integer) {
      load(x64::kGprResults[place.index], stack_[i]);
    } else {
      load(static_cast<Xmm>(place.index), stack_[i]);
    }
  }
}

}  // namespace nacre::baseline
