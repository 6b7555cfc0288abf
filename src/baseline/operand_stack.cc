#include "baseline/operand_stack.h"

#include <algorithm>

namespace nacre::baseline {
namespace {

using Kind = Operand::Kind;

// At most so many operands are not spilled: what looks for one of them looks at few.
constexpr uint32_t kMaxUnspilled = 64;

}  // namespace

void OperandStack::begin_operands() {
  stack_.clear();
  first_unspilled_ = slots_begin_ = slots_end_ = 0;
  free_gprs_ = kAllocatableGprs - assigned_.gprs;
  free_fprs_ = kAllocatableFprs - assigned_.fprs;
}

// ---- the stack

int32_t OperandStack::slot_below(uint32_t height) const {
  return height == 0 ? local_slots_end_ : stack_[height - 1].slot;
}

Operand& OperandStack::push(Operand operand) {
  int32_t slot = slot_below(height()) - slot_size(operand.type);
  operand.head = (operand.head & 0xFFFFFFFF) | static_cast<uint64_t>(uint32_t(slot)) << 32;
  if (stack_.size() == stack_.capacity()) [[unlikely]]
    stack_.reserve(2 * stack_.size() + 64);
  stack_.push_back(operand);
  if (height() - first_unspilled_ > kMaxUnspilled) [[unlikely]] {
    slots_end_ = std::min(slots_end_, first_unspilled_);
    spill(stack_[first_unspilled_++]);
  }
  return stack_.back();
}

void OperandStack::push_gpr(Type type, Gpr reg) {
  if (type == Type::i32) check_zero_extended(reg);
  push(Operand::in(type, reg));
}

void OperandStack::push_fpr(Type type, Fpr reg) { push(Operand::in(type, reg)); }

void OperandStack::push_constant(Type type, uint64_t bits) {
  if (type == Type::i32) bits = static_cast<uint32_t>(bits);
  push(Operand::constant(type, bits));
}

void OperandStack::push_condition(Condition condition) { push(Operand::of_condition(condition)); }

Operand OperandStack::pop() {
  Operand operand = stack_.back();
  stack_.pop_back();
  first_unspilled_ = std::min(first_unspilled_, height());
  return operand;
}

void OperandStack::release(const Operand& operand) {
  switch (operand.kind) {
    case Kind::gpr:
      free(operand.gpr());
      break;
    case Kind::fpr:
      free(operand.fpr());
      break;
    case Kind::local:
      --locals_[operand.local].aliases;
      break;
    case Kind::access:
      release(pending_access_);
      break;
    default:
      break;
  }
}

void OperandStack::cut(uint32_t to_height) {
  while (height() > std::max(to_height, first_unspilled_)) release(pop());
  stack_.resize(to_height);
  first_unspilled_ = std::min(first_unspilled_, to_height);
}

void OperandStack::spill(Operand& operand) {
  if (!operand.is_spilled()) spill_fully(operand);
}

void OperandStack::spill_fully(Operand& operand) {
  if (operand.kind == Kind::slot) return;
  store(operand.slot, operand);
  release(operand);
  operand.kind = Kind::slot;
  frame_end_ = std::min(frame_end_, operand.slot);
}

void OperandStack::spill_below(uint32_t to_height) {
  if (to_height <= first_unspilled_) return;
  slots_end_ = std::min(slots_end_, first_unspilled_);
  for (uint32_t i = first_unspilled_; i < to_height; ++i) spill(stack_[i]);
  first_unspilled_ = to_height;
}

void OperandStack::spill_aliases(uint32_t local) {
  if (locals_[local].aliases == 0) return;
  for (uint32_t i = first_unspilled_; i < height(); ++i) {
    Operand& operand = stack_[i];
    if (operand.kind == Kind::local && operand.local == local) spill(operand);
  }
}

void OperandStack::materialize_condition() {
  Operand operand = pop();
  Gpr reg = alloc_gpr();
  load(reg, operand);
  push_gpr(Type::i32, reg);
}

// ---- registers

Gpr OperandStack::alloc_gpr() {
  for (uint32_t i = first_unspilled_; free_gprs_.empty(); ++i) {
    assert(i < height());
    if (stack_[i].kind == Kind::gpr) spill(stack_[i]);
  }
  Gpr reg = free_gprs_.first();
  free_gprs_.remove(reg);
  return reg;
}

Fpr OperandStack::alloc_fpr() {
  for (uint32_t i = first_unspilled_; free_fprs_.empty(); ++i) {
    assert(i < height());
    if (stack_[i].kind == Kind::fpr) spill(stack_[i]);
  }
  Fpr reg = free_fprs_.first();
  free_fprs_.remove(reg);
  return reg;
}

void OperandStack::free(Gpr reg) {
  if (!assigned_.gprs.has(reg)) free_gprs_.add(reg);
}

void OperandStack::free(Fpr reg) {
  if (!assigned_.fprs.has(reg)) free_fprs_.add(reg);
}

void OperandStack::take(Gpr reg) {
  if (!free_gprs_.has(reg)) {
    uint32_t i = first_unspilled_;
    while (stack_[i].kind != Kind::gpr || stack_[i].gpr() != reg) {
      ++i;
      assert(i < height());
    }
    if (free_gprs_.empty()) {
      spill(stack_[i]);
    } else {
      Gpr other = alloc_gpr();
      masm_.move(Width::w64, other, reg);
      stack_[i].reg = number(other);
      return;
    }
  }
  free_gprs_.remove(reg);
}

void OperandStack::take(Fpr reg) {
  if (!free_fprs_.has(reg)) {
    uint32_t i = first_unspilled_;
    while (stack_[i].kind != Kind::fpr || stack_[i].fpr() != reg) {
      ++i;
      assert(i < height());
    }
    if (free_fprs_.empty()) {
      spill(stack_[i]);
    } else {
      Fpr other = alloc_fpr();
      masm_.move(other, reg);
      stack_[i].reg = number(other);
      return;
    }
  }
  free_fprs_.remove(reg);
}

std::optional<uint32_t> OperandStack::local_set_next(bool fpr) {
  const uint8_t* p = reader_->pos();
  wasm::Op next = wasm::find_one_byte_op(*p);
  if (next != wasm::Op::local_set && next != wasm::Op::local_tee) return std::nullopt;
  uint32_t index = p[1];
  if (index >= 0x80) {
    if (p[2] >= 0x80) return std::nullopt;
    index = (index & 0x7F) | uint32_t{p[2]} << 7;
  }
  if (!locals_[index].in_register() || in_fpr(locals_[index].type) != fpr) return std::nullopt;
  return index;
}

Gpr OperandStack::result_gpr(std::initializer_list<const Operand*> sources) {
  std::optional<uint32_t> local = local_set_next(false);
  if (!local) return alloc_gpr();
  Gpr reg = locals_[*local].gpr();
  for (const Operand* source : sources) {
    if (reads(*source, reg)) return alloc_gpr();
  }
  spill_aliases(*local);
  return reg;
}

Fpr OperandStack::result_fpr(std::initializer_list<const Operand*> sources) {
  std::optional<uint32_t> local = local_set_next(true);
  if (!local) return alloc_fpr();
  Fpr reg = locals_[*local].fpr();
  for (const Operand* source : sources) {
    if (reads(*source, reg)) return alloc_fpr();
  }
  spill_aliases(*local);
  return reg;
}

bool OperandStack::reads(const Operand& operand, Gpr reg) const {
  if (operand.kind == Kind::gpr) return operand.gpr() == reg;
  if (operand.kind == Kind::access) return pending_access_.mem.index == reg;
  if (operand.kind != Kind::local || in_fpr(operand.type)) return false;
  const Local& local = locals_[operand.local];
  return local.in_register() && local.gpr() == reg;
}

bool OperandStack::reads(const Operand& operand, Fpr reg) const {
  if (operand.kind == Kind::fpr) return operand.fpr() == reg;
  if (operand.kind != Kind::local || !in_fpr(operand.type)) return false;
  const Local& local = locals_[operand.local];
  return local.in_register() && local.fpr() == reg;
}

bool OperandStack::in_memory(const Operand& operand) const {
  if (operand.kind == Kind::slot) return true;
  return operand.kind == Kind::local && !locals_[operand.local].in_register();
}

Mem OperandStack::frame_of(const Operand& operand) const {
  return frame_slot(operand.kind == Kind::slot ? operand.slot : locals_[operand.local].slot);
}

Gpr OperandStack::gpr_of(Operand& operand) {
  if (operand.kind == Kind::gpr) return operand.gpr();
  if (operand.kind == Kind::local && locals_[operand.local].in_register())
    return locals_[operand.local].gpr();
  Gpr reg = own_gpr(operand);
  operand.kind = Kind::gpr;
  operand.reg = number(reg);
  return reg;
}

Fpr OperandStack::fpr_of(Operand& operand) {
  if (operand.kind == Kind::fpr) return operand.fpr();
  if (operand.kind == Kind::local && locals_[operand.local].in_register())
    return locals_[operand.local].fpr();
  Fpr reg = own_fpr(operand);
  operand.kind = Kind::fpr;
  operand.reg = number(reg);
  return reg;
}

Gpr OperandStack::own_gpr(Operand& operand) {
  if (operand.kind == Kind::gpr && !assigned_.gprs.has(operand.gpr())) return operand.gpr();
  Gpr reg = alloc_gpr();
  load(reg, operand);
  release(operand);
  return reg;
}

Fpr OperandStack::own_fpr(Operand& operand) {
  if (operand.kind == Kind::fpr && !assigned_.fprs.has(operand.fpr())) return operand.fpr();
  Fpr reg = alloc_fpr();
  load(reg, operand);
  release(operand);
  return reg;
}

// ---- moves

void OperandStack::load(Gpr to, const Operand& operand) {
  Width width = width_of(operand.type);
  switch (operand.kind) {
    case Kind::constant:
      masm_.load_constant(width, to, operand.bits);
      break;
    case Kind::gpr:
      if (to != operand.gpr()) masm_.move(width, to, operand.gpr());
      break;
    case Kind::condition:
      masm_.load_condition(operand.condition, to);
      break;
    case Kind::access:
      masm_.load(width, to, pending_access());
      break;
    default: {
      if (in_memory(operand)) {
        masm_.load(width, to, frame_of(operand));
      } else if (to != locals_[operand.local].gpr()) {
        masm_.move(width, to, locals_[operand.local].gpr());
      }
    }
  }
}

void OperandStack::load(Fpr to, const Operand& operand) {
  if (operand.kind == Kind::constant) {
    if (operand.bits == 0) {
      masm_.load_zero(to);
    } else {
      masm_.load_constant(operand.type, to, constant(operand.bits, 0, value_bytes(operand.type)));
    }
  } else if (in_memory(operand) || operand.kind == Kind::access) {
    masm_.load(operand.type, to,
               operand.kind == Kind::access ? pending_access() : frame_of(operand));
  } else {
    masm_.move(to, operand.kind == Kind::fpr ? operand.fpr() : locals_[operand.local].fpr());
  }
}

void OperandStack::store(int32_t slot, const Operand& operand) {
  store_to(frame_slot(slot), operand);
  if (options_.poison_upper_bits && width_of(operand.type) == Width::w32)
    poison_behind(frame_slot(slot));
}

void OperandStack::store_to(Mem to, const Operand& operand) {
  Width width = width_of(operand.type);
  bool in_local = operand.kind == Kind::local && locals_[operand.local].in_register();
  if (operand.kind == Kind::constant) {
    masm_.store_constant(width, to, operand.bits);
  } else if (operand.kind == Kind::condition) {
    masm_.store_condition(operand.condition, to);
  } else if (in_fpr(operand.type)) {
    Fpr reg = kFprScratch;
    if (operand.kind == Kind::fpr) {
      reg = operand.fpr();
    } else if (in_local) {
      reg = locals_[operand.local].fpr();
    } else {
      load(reg, operand);
    }
    masm_.store(operand.type, to, reg);
  } else {
    Gpr reg = kScratch;
    if (operand.kind == Kind::gpr) {
      reg = operand.gpr();
    } else if (in_local) {
      reg = locals_[operand.local].gpr();
    } else {
      load(reg, operand);
    }
    masm_.store(width, to, reg);
  }
}

Condition OperandStack::test_condition(Operand operand) {
  if (operand.kind == Kind::condition) return operand.condition;
  Condition is_zero = Condition::equal;
  with_gpr_or_mem(operand, [&](auto place) { is_zero = masm_.is_zero(Width::w32, place); });
  release(operand);
  return negate(is_zero);
}

// ---- places in guest memory

void OperandStack::push_access(Type type, const Access& access) {
  pending_access_ = access;
  pending_position_ = body_position_;
  push(Operand::make(Kind::access, type));
}

Mem OperandStack::pending_access() {
  note(CodeSite::Kind::access, pending_position_);
  return pending_access_.mem;
}

}  // namespace nacre::baseline
