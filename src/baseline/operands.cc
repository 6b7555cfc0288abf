// Where values are, and how they get elsewhere.
#include <algorithm>

#include "baseline/function_compiler.h"

namespace nacre::baseline {
namespace {

using Kind = Operand::Kind;

// At most so many operands are not settled: what looks for one of them looks at few.
constexpr uint32_t kMaxLoose = 64;

}  // namespace

// ---- the stack

int32_t FunctionCompiler::slot_below(uint32_t height) const {
  return height == 0 ? homes_end_ : stack_[height - 1].slot;
}

Operand& FunctionCompiler::push(Operand operand) {
  int32_t slot = slot_below(height()) - slot_size(operand.type);
  operand.head = (operand.head & 0xFFFFFFFF) | static_cast<uint64_t>(uint32_t(slot)) << 32;
  if (stack_.size() == stack_.capacity()) [[unlikely]]
    stack_.reserve(2 * stack_.size() + 64);
  stack_.push_back(operand);
  if (height() - first_loose_ > kMaxLoose) [[unlikely]] {
    slots_end_ = std::min(slots_end_, first_loose_);
    settle(stack_[first_loose_++]);
  }
  return stack_.back();
}

void FunctionCompiler::push_gpr(Type type, Gpr reg) {
  if (type == Type::i32) check_clean(reg);
  push(Operand::in(type, reg));
}

void FunctionCompiler::push_xmm(Type type, Xmm reg) { push(Operand::in(type, reg)); }

void FunctionCompiler::push_constant(Type type, uint64_t bits) {
  if (type == Type::i32) bits = static_cast<uint32_t>(bits);
  push(Operand::constant(type, bits));
}

void FunctionCompiler::push_flags(Cond cond) { push(Operand::flags(cond)); }

Operand FunctionCompiler::pop() {
  Operand operand = stack_.back();
  stack_.pop_back();
  first_loose_ = std::min(first_loose_, height());
  return operand;
}

void FunctionCompiler::release(const Operand& operand) {
  switch (operand.kind) {
    case Kind::gpr:
      free(operand.gpr());
      break;
    case Kind::xmm:
      free(operand.xmm());
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

void FunctionCompiler::cut(uint32_t to_height) {
  while (height() > std::max(to_height, first_loose_)) release(pop());
  stack_.resize(to_height);
  first_loose_ = std::min(first_loose_, to_height);
}

void FunctionCompiler::settle(Operand& operand) {
  if (!operand.is_settled()) settle_fully(operand);
}

void FunctionCompiler::settle_fully(Operand& operand) {
  if (operand.kind == Kind::slot) return;
  store(operand.slot, operand);
  release(operand);
  operand.kind = Kind::slot;
  frame_end_ = std::min(frame_end_, operand.slot);
}

void FunctionCompiler::settle_below(uint32_t to_height) {
  if (to_height <= first_loose_) return;
  slots_end_ = std::min(slots_end_, first_loose_);
  for (uint32_t i = first_loose_; i < to_height; ++i) settle(stack_[i]);
  first_loose_ = to_height;
}

void FunctionCompiler::settle_aliases(uint32_t local) {
  if (locals_[local].aliases == 0) return;
  for (uint32_t i = first_loose_; i < height(); ++i) {
    Operand& operand = stack_[i];
    if (operand.kind == Kind::local && operand.local == local) settle(operand);
  }
}

void FunctionCompiler::materialize_flags() {
  Operand operand = pop();
  Gpr reg = alloc_gpr();
  load(reg, operand);
  push_gpr(Type::i32, reg);
}

// ---- registers

Gpr FunctionCompiler::alloc_gpr() {
  for (uint32_t i = first_loose_; free_gprs_.empty(); ++i) {
    assert(i < height());
    if (stack_[i].kind == Kind::gpr) settle(stack_[i]);
  }
  Gpr reg = free_gprs_.first();
  free_gprs_.remove(reg);
  return reg;
}

Xmm FunctionCompiler::alloc_xmm() {
  for (uint32_t i = first_loose_; free_xmms_.empty(); ++i) {
    assert(i < height());
    if (stack_[i].kind == Kind::xmm) settle(stack_[i]);
  }
  Xmm reg = free_xmms_.first();
  free_xmms_.remove(reg);
  return reg;
}

void FunctionCompiler::free(Gpr reg) {
  if (!pins_.gprs.has(reg)) free_gprs_.add(reg);
}

void FunctionCompiler::free(Xmm reg) {
  if (!pins_.xmms.has(reg)) free_xmms_.add(reg);
}

void FunctionCompiler::take(Gpr reg) {
  if (!free_gprs_.has(reg)) {
    uint32_t i = first_loose_;
    while (stack_[i].kind != Kind::gpr || stack_[i].gpr() != reg) {
      ++i;
      assert(i < height());
    }
    if (free_gprs_.empty()) {
      settle(stack_[i]);
    } else {
      Gpr other = alloc_gpr();
      masm_.mov(Width::w64, other, reg);
      stack_[i].reg = number(other);
      return;
    }
  }
  free_gprs_.remove(reg);
}

void FunctionCompiler::take(Xmm reg) {
  if (!free_xmms_.has(reg)) {
    uint32_t i = first_loose_;
    while (stack_[i].kind != Kind::xmm || stack_[i].xmm() != reg) {
      ++i;
      assert(i < height());
    }
    if (free_xmms_.empty()) {
      settle(stack_[i]);
    } else {
      Xmm other = alloc_xmm();
      masm_.sse_mov(other, reg);
      stack_[i].reg = number(other);
      return;
    }
  }
  free_xmms_.remove(reg);
}

std::optional<uint32_t> FunctionCompiler::local_set_next(bool xmm) {
  const uint8_t* p = reader_->pos();
  wasm::Op next = wasm::find_one_byte_op(*p);
  if (next != wasm::Op::local_set && next != wasm::Op::local_tee) return std::nullopt;
  uint32_t index = p[1];
  if (index >= 0x80) {
    if (p[2] >= 0x80) return std::nullopt;
    index = (index & 0x7F) | uint32_t{p[2]} << 7;
  }
  if (!locals_[index].pinned() || in_xmm(locals_[index].type) != xmm) return std::nullopt;
  return index;
}

Gpr FunctionCompiler::result_gpr(std::initializer_list<const Operand*> sources) {
  std::optional<uint32_t> local = local_set_next(false);
  if (!local) return alloc_gpr();
  Gpr reg = locals_[*local].gpr();
  for (const Operand* source : sources) {
    if (reads(*source, reg)) return alloc_gpr();
  }
  settle_aliases(*local);
  return reg;
}

Xmm FunctionCompiler::result_xmm(std::initializer_list<const Operand*> sources) {
  std::optional<uint32_t> local = local_set_next(true);
  if (!local) return alloc_xmm();
  Xmm reg = locals_[*local].xmm();
  for (const Operand* source : sources) {
    if (reads(*source, reg)) return alloc_xmm();
  }
  settle_aliases(*local);
  return reg;
}

bool FunctionCompiler::reads(const Operand& operand, Gpr reg) const {
  if (operand.kind == Kind::gpr) return operand.gpr() == reg;
  if (operand.kind == Kind::access) return pending_access_.mem.index == reg;
  if (operand.kind != Kind::local || in_xmm(operand.type)) return false;
  const Local& local = locals_[operand.local];
  return local.pinned() && local.gpr() == reg;
}

bool FunctionCompiler::reads(const Operand& operand, Xmm reg) const {
  if (operand.kind == Kind::xmm) return operand.xmm() == reg;
  if (operand.kind != Kind::local || !in_xmm(operand.type)) return false;
  const Local& local = locals_[operand.local];
  return local.pinned() && local.xmm() == reg;
}

bool FunctionCompiler::in_memory(const Operand& operand) const {
  if (operand.kind == Kind::slot) return true;
  return operand.kind == Kind::local && !locals_[operand.local].pinned();
}

Mem FunctionCompiler::frame_of(const Operand& operand) const {
  return at(x64::kFrame, operand.kind == Kind::slot ? operand.slot : locals_[operand.local].home);
}

Gpr FunctionCompiler::gpr_of(Operand& operand) {
  if (operand.kind == Kind::gpr) return operand.gpr();
  if (operand.kind == Kind::local && locals_[operand.local].pinned())
    return locals_[operand.local].gpr();
  Gpr reg = own_gpr(operand);
  operand.kind = Kind::gpr;
  operand.reg = number(reg);
  return reg;
}

Xmm FunctionCompiler::xmm_of(Operand& operand) {
  if (operand.kind == Kind::xmm) return operand.xmm();
  if (operand.kind == Kind::local && locals_[operand.local].pinned())
    return locals_[operand.local].xmm();
  Xmm reg = own_xmm(operand);
  operand.kind = Kind::xmm;
  operand.reg = number(reg);
  return reg;
}

Gpr FunctionCompiler::own_gpr(Operand& operand) {
  if (operand.kind == Kind::gpr && !pins_.gprs.has(operand.gpr())) return operand.gpr();
  Gpr reg = alloc_gpr();
  load(reg, operand);
  release(operand);
  return reg;
}

Xmm FunctionCompiler::own_xmm(Operand& operand) {
  if (operand.kind == Kind::xmm && !pins_.xmms.has(operand.xmm())) return operand.xmm();
  Xmm reg = alloc_xmm();
  load(reg, operand);
  release(operand);
  return reg;
}

// ---- moves

void FunctionCompiler::load(Gpr to, const Operand& operand) {
  Width width = width_of(operand.type);
  switch (operand.kind) {
    case Kind::constant:
      masm_.mov_imm(width, to, operand.bits);
      break;
    case Kind::gpr:
      if (to != operand.gpr()) masm_.mov(width, to, operand.gpr());
      break;
    case Kind::flags:
      if (operand.cond == Cond::fp_equal || operand.cond == Cond::fp_not_equal) {
        bool equal = operand.cond == Cond::fp_equal;
        masm_.mov_imm(Width::w32, to, equal ? 0 : 1);
        masm_.mov_imm(Width::w32, x64::kScratch, equal ? 0 : 1);
        masm_.setcc(equal ? Cond::equal : Cond::not_equal, to);
        masm_.cmov(Width::w32, Cond::parity, to, x64::kScratch);
      } else {
        masm_.setcc(operand.cond, to);
        masm_.movzx8(to, to);
      }
      break;
    case Kind::access:
      masm_.mov(width, to, pending_access());
      break;
    default: {
      if (in_memory(operand)) {
        masm_.mov(width, to, frame_of(operand));
      } else if (to != locals_[operand.local].gpr()) {
        masm_.mov(width, to, locals_[operand.local].gpr());
      }
    }
  }
}

void FunctionCompiler::load(Xmm to, const Operand& operand) {
  if (operand.kind == Kind::constant) {
    if (operand.bits == 0) {
      masm_.sse({0, 1, 0x57}, to, to, to);  // xorps
    } else if (operand.type == Type::f32) {
      masm_.sse_label({0xF3, 1, 0x10}, to, constant(operand.bits, 0, 4));
    } else {
      masm_.sse_label({0xF2, 1, 0x10}, to, constant(operand.bits, 0, 8));
    }
  } else if (in_memory(operand) || operand.kind == Kind::access) {
    Mem from = operand.kind == Kind::access ? pending_access() : frame_of(operand);
    if (operand.type == Type::v128) {
      masm_.movups(to, from);
    } else if (operand.type == Type::f64) {
      masm_.movsd(to, from);
    } else {
      masm_.movss(to, from);
    }
  } else {
    masm_.sse_mov(to, operand.kind == Kind::xmm ? operand.xmm() : locals_[operand.local].xmm());
  }
}

void FunctionCompiler::store(int32_t slot, const Operand& operand) {
  store_to(at(x64::kFrame, slot), operand);
  if (options_.dirty_upper_bits && width_of(operand.type) == Width::w32)
    make_dirty_behind(at(x64::kFrame, slot));
}

void FunctionCompiler::store_to(Mem to, const Operand& operand) {
  Width width = width_of(operand.type);
  if (operand.kind == Kind::constant) {
    auto low = static_cast<int32_t>(operand.bits);
    if (width == Width::w32 || static_cast<int64_t>(operand.bits) == low) {
      masm_.mov(width, to, low);
    } else {
      masm_.mov(Width::w32, to, low);
      to.disp += 4;
      masm_.mov(Width::w32, to, static_cast<int32_t>(operand.bits >> 32));
    }
    return;
  }
  if (in_xmm(operand.type)) {
    Xmm reg = x64::kXmmScratch;
    if (operand.kind == Kind::xmm) {
      reg = operand.xmm();
    } else if (operand.kind == Kind::local && locals_[operand.local].pinned()) {
      reg = locals_[operand.local].xmm();
    } else {
      load(reg, operand);
    }
    if (operand.type == Type::v128) {
      masm_.movups(to, reg);
    } else if (operand.type == Type::f64) {
      masm_.movsd(to, reg);
    } else {
      masm_.movss(to, reg);
    }
    return;
  }
  Gpr reg = x64::kScratch;
  if (operand.kind == Kind::gpr) {
    reg = operand.gpr();
  } else if (operand.kind == Kind::local && locals_[operand.local].pinned()) {
    reg = locals_[operand.local].gpr();
  } else if (operand.kind == Kind::flags &&
             (operand.cond == Cond::fp_equal || operand.cond == Cond::fp_not_equal)) {
    // Two registers are needed, and there is one: the frame is the other.
    bool equal = operand.cond == Cond::fp_equal;
    masm_.mov(Width::w32, to, equal ? 0 : 1);
    masm_.setcc(equal ? Cond::equal : Cond::not_equal, reg);
    masm_.movzx8(reg, reg);
    masm_.cmov(Width::w32, Cond::parity, reg, to);
  } else {
    load(reg, operand);
  }
  masm_.mov(width, to, reg);
}

}  // namespace nacre::baseline
