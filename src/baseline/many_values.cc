// Lists of many values: parameters and results of functions and blocks, which may have a thousand.
//
// An instruction of two bytes can take and give them all, so neither its machine code nor the time
// to make it may grow with their number. Values of such a list are all in their slots, one behind
// the other and of one size, and move from there by a loop.
#include <algorithm>
#include <cstddef>

#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::VmCtx;

namespace {

constexpr int32_t kAreaBytes = sizeof(abi::Value);

// As which a slot of so many bytes travels.
constexpr Type slot_type(int32_t bytes) {
  return bytes == slot_bytes(Type::v128) ? Type::v128 : Type::f64;
}

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
  return from >= slots_begin_ && to <= std::min(slots_end_, first_unspilled_);
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

// Only operands of the innermost block may be below `from` and not spilled yet.
void FunctionCompiler::spill_into_slots(uint32_t from) {
  spill_below(from);
  uint32_t known = std::min(slots_end_, first_unspilled_);
  uint32_t i = from >= slots_begin_ && from < known ? known : from;
  spend(height() - i);
  for (; i < height() && room(0); ++i) spill_fully(stack_[i]);
  slots_end_ = std::min(slots_end_, first_unspilled_);
  first_unspilled_ = height();
  note_slots(from, height());
}

void FunctionCompiler::push_slots(Types types) {
  auto count = static_cast<uint32_t>(types.size());
  spend(count);
  uint32_t from = height();
  spill_below(from);
  int32_t slot = slot_below(from);
  stack_.resize(from + count);
  for (uint32_t i = 0; i < count; ++i) {
    Type type = type_of(types[i]);
    slot -= slot_size(type);
    stack_[from + i] = Operand::in_slot(type, slot);
  }
  frame_end_ = std::min(frame_end_, slot);
  first_unspilled_ = height();
  note_slots(from, height());
}

void FunctionCompiler::prepare_many_results(const Control& to) {
  Types types = to.label_types();
  if (slots_fit(many_results(types)))
    spill_into_slots(height() - static_cast<uint32_t>(types.size()));
}

// The topmost operands, which are in slots, to those from `to_slot` on, which are above them.
void FunctionCompiler::move_slots(int32_t to_slot, uint32_t count) {
  int32_t from_slot = top(count - 1).slot;
  if (from_slot == to_slot || !room(0)) return;
  int32_t step = narrow_slot_;
  Gpr index = kGprResults[0];  // the values are in slots
  Mem from = at(kFrame, index, from_slot), to = at(kFrame, index, to_slot);
  masm_.load_zero(index);
  Label next;
  masm_.bind(next);
  if (step == slot_bytes(Type::v128)) {
    masm_.load(Type::v128, kFprScratch, from);
    masm_.store(Type::v128, to, kFprScratch);
  } else {
    masm_.load(Width::w64, kScratch, from);
    masm_.store(Width::w64, to, kScratch);
  }
  next_slot(index, step, count, next);
}

void FunctionCompiler::next_slot(Gpr index, int32_t step, uint32_t count, Label& next) {
  masm_.subtract_constant(index, step);
  masm_.branch_if(Condition::not_equal, Width::w64, index, -step * static_cast<int32_t>(count),
                  next);
}

// Values that belong in registers are copied with the others; who reads the area does not look at
// them, and who reads the slots writes them afterwards.
void FunctionCompiler::slots_to_area(int32_t slot, uint32_t count, Gpr area, Gpr index) {
  int32_t step = narrow_slot_;
  Mem from = at(kFrame, index, slot);
  masm_.load(Width::w64, area, vmctx_field(offsetof(VmCtx, area)));
  masm_.load_zero(index);
  Label next;
  masm_.bind(next);
  masm_.load(slot_type(step), kFprScratch, from);
  masm_.store(Type::v128, at(area), kFprScratch);
  masm_.add_constant(area, kAreaBytes);
  next_slot(index, step, count, next);
}

void FunctionCompiler::area_to_slots(int32_t slot, uint32_t count, Gpr area, Gpr index) {
  int32_t step = narrow_slot_;
  Mem to = at(kFrame, index, slot);
  masm_.load(Width::w64, area, vmctx_field(offsetof(VmCtx, area)));
  masm_.load_zero(index);
  Label next;
  masm_.bind(next);
  masm_.load(Type::v128, kFprScratch, at(area));
  masm_.store(slot_type(step), to, kFprScratch);
  masm_.add_constant(area, kAreaBytes);
  next_slot(index, step, count, next);
}

// ---- functions

void FunctionCompiler::pass_many_arguments(Types params) {
  auto count = static_cast<uint32_t>(params.size());
  const ManyValues& many = many_arguments(params);
  if (!slots_fit(many) || !room(0)) return;
  uint32_t first = height() - count;
  spill_into_slots(first);
  // The function object is in its register. The memory's base is not needed until the call.
  slots_to_area(stack_[first].slot, count, kMemoryBase, kNoResult);
  masm_.load(Width::w64, kMemoryBase, vmctx_field(offsetof(VmCtx, memory0_base)));
  for (auto [i, place] : many.in_registers) {
    if (place.kind == abi::ValuePlace::Kind::integer) {
      load(kGprArgs[place.index], stack_[first + i]);
    } else {
      load(kFprArgs[place.index], stack_[first + i]);
    }
  }
  poison(params, abi::PlaceAssigner::arguments(), kGprArgs.data(), kFprArgs.data());
  cut(first);
}

void FunctionCompiler::push_many_call_results(Types results) {
  const ManyValues& many = many_results(results);
  if (!slots_fit(many) || !room(0)) return;
  uint32_t first = height();
  push_slots(results);
  area_to_slots(stack_[first].slot, static_cast<uint32_t>(results.size()), kScratch, kNoResult);
  for (auto [i, place] : many.in_registers) {
    const Operand& to = stack_[first + i];
    if (place.kind == abi::ValuePlace::Kind::integer) {
      store(to.slot, Operand::in(to.type, kGprResults[place.index]));
    } else {
      store(to.slot, Operand::in(to.type, kFprResults[place.index]));
    }
  }
}

// All of them have slots (lay_out_frame).
void FunctionCompiler::move_many_arguments() {
  Types params = type_->params;
  const ManyValues& many = many_arguments(params);
  if (!room(0)) return;
  area_to_slots(locals_[0].slot, static_cast<uint32_t>(params.size()), kFunctionObject, kScratch);
  for (auto [i, place] : many.in_registers) {
    const Local& local = locals_[i];
    if (place.kind == abi::ValuePlace::Kind::integer) {
      store(local.slot, Operand::in(local.type, kGprArgs[place.index]));
    } else {
      store(local.slot, Operand::in(local.type, kFprArgs[place.index]));
    }
  }
  spend(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    const Local& local = locals_[i];
    if (!local.in_register()) continue;
    Operand slot = Operand::in_slot(local.type, local.slot);
    if (in_fpr(local.type)) {
      load(local.fpr(), slot);
    } else {
      load(local.gpr(), slot);
    }
  }
}

// All operands are in slots: registers are free.
void FunctionCompiler::place_many_results() {
  Types results = type_->results;
  const ManyValues& many = many_results(results);
  if (!slots_fit(many) || !room(0)) return;
  slots_to_area(stack_[0].slot, static_cast<uint32_t>(results.size()), kScratch, kFunctionObject);
  for (auto [i, place] : many.in_registers) {
    if (place.kind == abi::ValuePlace::Kind::integer) {
      load(kGprResults[place.index], stack_[i]);
    } else {
      load(kFprResults[place.index], stack_[i]);
    }
  }
}

}  // namespace nacre::baseline
