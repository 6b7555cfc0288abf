// Blocks, branches and select.
#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::VmCtx;
using Kind = Operand::Kind;

// ---- results of blocks

// The first result register is free of other operands when this is called, or they do not matter
// any more.
void FunctionCompiler::copy_results(Control& to) {
  Types types = to.label_types();
  if (types.empty()) return;
  if (result_in_register(to)) {
    const Operand& value = top();
    if (in_fpr(value.type)) {
      load(kFprResults[0], value);
    } else {
      load(kGprResults[0], value);
    }
    return;
  }
  auto count = static_cast<uint32_t>(types.size());
  int32_t slot = slot_below(to.height);
  if (is_many(types)) return move_slots(slot - slot_size(top(count - 1).type), count);
  if (!room(32 * size_t{count})) return;
  // A slot is written only after the operands below it were read: none lies above its new place.
  for (uint32_t i = 0; i < count; ++i) {
    const Operand& value = top(count - 1 - i);
    slot -= slot_size(value.type);
    if (value.kind != Kind::slot || value.slot != slot) store(slot, value);
  }
  frame_end_ = std::min(frame_end_, slot);
}

void FunctionCompiler::push_results(const Control& from, Types types) {
  if (types.size() == 1 && from.kind != Control::Kind::loop) {
    Type type = type_of(types[0]);
    if (in_fpr(type)) {
      free_fprs_.remove(kFprResults[0]);
      push(Operand::in(type, kFprResults[0]));
    } else {
      free_gprs_.remove(kGprResults[0]);
      if (type == Type::i32) check_zero_extended(kGprResults[0]);
      push(Operand::in(type, kGprResults[0]));
    }
    return;
  }
  if (is_many(types)) return push_slots(types);
  for (wasm::ValType type : types) {
    Operand& operand = push(Operand::in_slot(type_of(type)));
    frame_end_ = std::min(frame_end_, operand.slot);
  }
}

void FunctionCompiler::jump_to(Control& to) {
  check_operands(to);
  to.is_target = true;
  masm_.jump(labels_[to.label]);
}

void FunctionCompiler::go_dead() {
  cut(controls_.back().height);
  dead_ = true;
}

// ---- blocks

void FunctionCompiler::enter(Control::Kind kind, const wasm::BlockType& type) {
  Control control;
  control.kind = kind;
  control.entered_dead = dead_;
  switch (type.kind) {
    case wasm::BlockType::Kind::empty:
      break;
    case wasm::BlockType::Kind::value:
      control.single = type.value;
      control.result_count = 1;
      break;
    case wasm::BlockType::Kind::type: {
      const wasm::FuncType& signature = type_at(wasm::index_of(type.type));
      control.params = signature.params;
      control.result_count = static_cast<uint32_t>(signature.results.size());
      control.result_list = signature.results.data();
      break;
    }
  }
  if (!dead_) {
    auto params = static_cast<uint32_t>(control.params.size());
    control.height = height() - params;
    spill_all();
    if (is_many(control.params)) {
      if (slots_fit(many_results(control.params))) spill_into_slots(control.height);
    } else if (kind != Control::Kind::block && room(32 * size_t{params})) {
      // Another way to the same place finds other values there.
      for (uint32_t i = control.height; i < height(); ++i) spill_fully(stack_[i]);
    }
    remember_operands(control);
    control.label = new_label();
    if (kind == Control::Kind::if_) control.else_label = new_label();
  } else {
    control.height = height();
  }
  controls_.push_back(control);
}

void FunctionCompiler::block(const wasm::imm::block_type& i) {
  enter(Control::Kind::block, i.type);
}

void FunctionCompiler::loop(const wasm::imm::block_type& i) {
  enter(Control::Kind::loop, i.type);
  if (dead_) return;
  if (options_.count_fuel) controls_.back().loop_begin = behind_blocks();
  masm_.bind(labels_[controls_.back().label]);
  note(CodeSite::Kind::instruction);
}

// Where the first instruction is that is no `block`, in the body.
uint32_t FunctionCompiler::behind_blocks() const {
  wasm::BodyReader reader = *reader_;
  while (*reader.pos() == wasm::op_info(wasm::Op::block).code) {
    wasm::imm::block_type type;
    reader.skip_to(reader.pos() + 1);
    reader.read(type);
  }
  return static_cast<uint32_t>(reader.pos() - body_);
}

void FunctionCompiler::if_(const wasm::imm::block_type& i) {
  if (dead_) return enter(Control::Kind::if_, i.type);
  // Spilling keeps the condition.
  Condition condition = test_condition(pop());
  enter(Control::Kind::if_, i.type);
  masm_.branch(negate(condition), labels_[controls_.back().else_label]);
}

void FunctionCompiler::else_(const wasm::imm::none&) {
  Control& control = controls_.back();
  control.kind = Control::Kind::else_;
  if (control.entered_dead) return;
  if (!dead_) {
    prepare_results(control);
    copy_results(control);
    jump_to(control);
  }
  cut(control.height);
  check_operands(control);
  masm_.bind(labels_[control.else_label]);
  dead_ = false;
  if (is_many(control.params)) return push_slots(control.params);
  for (wasm::ValType type : control.params) push(Operand::in_slot(type_of(type)));
}

// An `if` without `else` passes its parameters on when the condition is false.
void FunctionCompiler::end(const wasm::imm::none&) {
  if (controls_.back().kind == Control::Kind::function) return leave_function();
  if (controls_.back().entered_dead) {
    controls_.pop_back();
    return;
  }
  if (controls_.back().kind == Control::Kind::if_) {
    Control& control = controls_.back();
    if (control.params.empty()) {
      masm_.bind(labels_[control.else_label]);
      control.is_target = true;
    } else {
      else_({});
    }
  }
  leave_block();
}

void FunctionCompiler::leave_block() {
  Control control = controls_.back();
  if (control.kind == Control::Kind::loop) {
    // Nothing jumps to its end: the operands stay as they are.
    controls_.pop_back();
    if (dead_) cut(control.height);
    return;
  }
  if (!dead_) {
    if (!control.is_target && control.kind == Control::Kind::block) {
      controls_.pop_back();
      return;
    }
    prepare_results(control);
    copy_results(control);
  } else if (!control.is_target) {
    cut(control.height);
    controls_.pop_back();
    return;
  }
  // Many results are where they are wanted already, as operands too.
  bool stay = !dead_ && is_many(control.results());
  if (!stay) cut(control.height);
  check_operands(control);
  masm_.bind(labels_[control.label]);
  controls_.pop_back();
  dead_ = false;
  if (!stay) push_results(control, control.results());
}

void FunctionCompiler::leave_function() {
  Control control = controls_.back();
  controls_.pop_back();
  if (!dead_) {
    prepare_results(control);
    copy_results(control);
  }
  if (dead_ && !control.is_target) return;
  cut(0);
  masm_.bind(labels_[control.label]);
  if (is_many(control.results())) {
    push_slots(control.results());
    place_many_results();
  } else if (control.result_count > 1) {
    for (wasm::ValType type : control.results()) push(Operand::in_slot(type_of(type)));
    place_results();
  }
  epilogue();
}

// The results of the function, which are the topmost operands, to where the contract wants them.
void FunctionCompiler::place_results() {
  auto assigner = abi::PlaceAssigner::results();
  auto count = static_cast<uint32_t>(type_->results.size());
  bool have_area = false;
  if (!room(32 * size_t{count})) return;
  for (uint32_t pass = 0; pass < 2; ++pass) {
    assigner = abi::PlaceAssigner::results();
    for (uint32_t i = 0; i < count; ++i) {
      abi::ValuePlace place = assigner.next(type_->results[i]);
      const Operand& value = top(count - 1 - i);
      bool in_area = place.kind == abi::ValuePlace::Kind::area;
      if (in_area != (pass == 0)) continue;
      if (in_area) {
        // All operands are in slots: registers are free.
        if (!have_area) masm_.load(Width::w64, kScratch, vmctx_field(offsetof(VmCtx, area)));
        have_area = true;
        Mem to = at(kScratch, static_cast<int32_t>(place.index * sizeof(abi::Value)));
        if (in_fpr(value.type)) {
          load(kFprScratch, value);
          masm_.store(Type::v128, to, kFprScratch);
        } else {
          load(kGprResults[0], value);
          masm_.store(Width::w64, to, kGprResults[0]);
        }
        if (options_.poison_upper_bits && width_of(value.type) == Width::w32) poison_behind(to);
      } else if (in_fpr(value.type)) {
        load(kFprResults[place.index], value);
      } else {
        load(kGprResults[place.index], value);
      }
    }
  }
}

void FunctionCompiler::unreachable(const wasm::imm::none&) {
  trap_now(abi::TrapKind::unreachable);
  go_dead();
}

void FunctionCompiler::nop(const wasm::imm::none&) {}

// ---- branches

void FunctionCompiler::return_(const wasm::imm::none&) {
  Control& function = controls_.front();
  prepare_results(function);
  copy_results(function);
  if (function.result_count > 1) {
    jump_to(function);
  } else {
    epilogue();
  }
  go_dead();
}

void FunctionCompiler::br(const wasm::imm::label& i) {
  if (i.depth + 1 == controls_.size()) return return_({});
  Control& to = target(i.depth);
  prepare_results(to);
  copy_results(to);
  charge_branch(to);
  jump_to(to);
  go_dead();
}

void FunctionCompiler::branch_if(Condition condition, uint32_t depth) {
  Control& to = target(depth);
  check_operands(to);
  Types types = to.label_types();
  to.is_target = true;
  if (types.empty() && !is_charged(to)) return masm_.branch(condition, labels_[to.label]);
  if (result_in_register(to)) {
    // The result waits in its register on both ways. Moves keep the condition.
    Operand value = pop();
    if (in_fpr(value.type)) {
      if (!reads(value, kFprResults[0])) {
        take(kFprResults[0]);
        load(kFprResults[0], value);
        release(value);
      }
      push_fpr(value.type, kFprResults[0]);
    } else {
      if (!reads(value, kGprResults[0])) {
        take(kGprResults[0]);
        load(kGprResults[0], value);
        release(value);
      }
      push(Operand::in(value.type, kGprResults[0]));
    }
    return masm_.branch(condition, labels_[to.label]);
  }
  prepare_results(to);  // moves keep the condition
  Label stay;
  masm_.branch(negate(condition), stay);
  copy_results(to);
  charge_branch(to);
  masm_.jump(labels_[to.label]);
  masm_.bind(stay);
}

void FunctionCompiler::br_if(const wasm::imm::label& i) {
  branch_if(test_condition(pop()), i.depth);
}

void FunctionCompiler::br_table(const wasm::imm::br_table& i) {
  Operand index = pop();
  Gpr reg = gpr_of(index);
  auto count = static_cast<uint32_t>(i.depths.size());
  if (!room(16 + 4 * size_t{count})) return;
  std::vector<uint32_t> targets;
  targets.reserve(size_t{count} + 1);
  // Where operands have to move or fuel is taken, targets get pieces of code of their own that do.
  prepare_results(target(i.default_depth));
  bool moves = !target(i.default_depth).label_types().empty();
  std::unordered_map<uint32_t, uint32_t> edges;  // depth: label
  auto add = [&](uint32_t depth) {
    Control& to = target(depth);
    check_operands(to);
    to.is_target = true;
    if (!moves && !is_charged(to)) return targets.push_back(to.label);
    auto [edge, is_new] = edges.try_emplace(depth, 0);
    if (is_new) edge->second = new_label();
    targets.push_back(edge->second);
  };
  for (uint32_t depth : i.depths) add(depth);
  add(i.default_depth);

  if (count == 0) {
    masm_.jump(labels_[targets[0]]);
  } else {
    Gpr base = alloc_gpr();
    masm_.jump_by_table(reg, count, jump_table(std::move(targets)), base);
    free(base);
  }
  release(index);
  for (auto [depth, label] : edges) {
    Control& to = target(depth);
    masm_.bind(labels_[label]);
    copy_results(to);
    charge_branch(to);
    if (error_ != nullptr) break;
    masm_.jump(labels_[to.label]);
  }
  go_dead();
}

// ---- select

bool FunctionCompiler::is_dispatching_select() {
  const std::vector<uint32_t>& selects = use_counts_.dispatching;
  size_t& next = next_dispatching_;
  while (next < selects.size() && selects[next] < body_position_) ++next;
  return next < selects.size() && selects[next] == body_position_;
}

void FunctionCompiler::select(const wasm::imm::none&) { select_operand(is_dispatching_select()); }
void FunctionCompiler::select_t(const wasm::imm::select_types&) {
  select_operand(is_dispatching_select());
}

// ---- references

void FunctionCompiler::br_on_null(const wasm::imm::label& i) {
  Operand reference = pop();
  Gpr reg = gpr_of(reference);
  if (reg == kGprResults[0]) {  // where the label may want its result
    reg = alloc_gpr();
    masm_.move(Width::w64, reg, kGprResults[0]);
    free(kGprResults[0]);
    reference.reg = number(reg);
  }
  branch_if(masm_.is_zero(Width::w64, reg), i.depth);
  push(reference);
}

void FunctionCompiler::br_on_non_null(const wasm::imm::label& i) {
  Operand reference = pop();
  Gpr reg = gpr_of(reference);
  Condition is_null = masm_.is_zero(Width::w64, reg);
  push(reference);
  branch_if(negate(is_null), i.depth);
  release(pop());
}

}  // namespace nacre::baseline
