// The operand stack of the function that is compiled, its locals, and which register holds what.
//
// The stack is a list of descriptions (operand.h): constants, registers and names of locals cost
// nothing until an instruction uses them. Locals stay where register_assignment.h put them.
//
// A layer of FunctionCompiler, above the code (function_code.h): instructions pop operands, ask for
// registers, and push what they made.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "baseline/function_code.h"
#include "baseline/operand.h"
#include "baseline/register_assignment.h"

namespace nacre::baseline {

inline Mem frame_slot(int32_t slot) { return at(kFrame, slot); }

class OperandStack : protected FunctionCode {
 protected:
  using FunctionCode::FunctionCode;

  // The stack becomes empty, no local has an alias, and registers that hold no local are free.
  void begin_operands();

  // ---- the stack
  Operand& push(Operand operand);
  void push_gpr(Type type, Gpr reg);
  void push_fpr(Type type, Fpr reg);
  void push_constant(Type type, uint64_t bits);
  void push_condition(Condition condition);
  Operand pop();
  Operand& top(uint32_t depth = 0) { return stack_[stack_.size() - 1 - depth]; }
  uint32_t height() const { return static_cast<uint32_t>(stack_.size()); }
  void release(const Operand& operand);
  void cut(uint32_t height);  // drops what is above
  // Into its slot, unless it is a constant.
  void spill(Operand& operand);
  void spill_fully(Operand& operand);  // constants too
  void spill_below(uint32_t height);   // all operands below `height`
  void spill_all() { spill_below(height()); }
  void spill_aliases(uint32_t local);         // before the local changes
  void materialize_condition();               // of the topmost operand
  int32_t slot_below(uint32_t height) const;  // kFrame + this: the end of the slots below `height`
  int32_t slot_size(Type type) const {
    return type == Type::v128 ? slot_bytes(Type::v128) : narrow_slot_;
  }

  // ---- registers. One that was allocated belongs to the caller until it is pushed or freed.
  Gpr alloc_gpr();
  Fpr alloc_fpr();
  void free(Gpr reg);
  void free(Fpr reg);
  void take(Gpr reg);  // makes this one free, and allocates it
  void take(Fpr reg);
  // A register for the result of this instruction: that of the local which the next instruction
  // sets, if there is one; it may be written only once nothing else can read the local's old value,
  // so it is not given if one of `sources` is that register.
  Gpr result_gpr(std::initializer_list<const Operand*> sources = {});
  Fpr result_fpr(std::initializer_list<const Operand*> sources = {});
  std::optional<uint32_t> local_set_next(bool fpr);

  // ---- operands that were popped
  // In a register: its own, that of its local (not to be written), or a new one, which it then has.
  Gpr gpr_of(Operand& operand);
  Fpr fpr_of(Operand& operand);
  // The same, but the register may be written and becomes the caller's.
  Gpr own_gpr(Operand& operand);
  Fpr own_fpr(Operand& operand);
  // Copies into a register that the caller owns; a condition stays as it is.
  void load(Gpr to, const Operand& operand);
  void load(Fpr to, const Operand& operand);
  void store(int32_t slot, const Operand& operand);  // to kFrame + slot; uses the scratch registers
  void store_to(Mem to, const Operand& operand);
  bool reads(const Operand& operand, Gpr reg) const;
  bool reads(const Operand& operand, Fpr reg) const;
  bool in_memory(const Operand& operand) const;  // a slot, or a local in the frame
  Mem frame_of(const Operand& operand) const;    // of one in memory
  // Whether an i32 that was popped is not 0.
  Condition test_condition(Operand operand);
  // Calls f with the operand as a register or a place in memory.
  template <class F>
  void with_gpr_or_mem(Operand& operand, F f) {
    if (operand.kind == Operand::Kind::access) {
      f(pending_access());
    } else if (in_memory(operand)) {
      f(frame_of(operand));
    } else {
      f(gpr_of(operand));
    }
  }
  template <class F>
  void with_fpr_or_mem(Operand& operand, F f) {
    if (operand.kind == Operand::Kind::access) {
      f(pending_access());
    } else if (in_memory(operand)) {
      f(frame_of(operand));
    } else {
      f(fpr_of(operand));
    }
  }

  // ---- places in guest memory
  // One that was checked, or that the guard around the memory checks. Holds registers until
  // release().
  struct Access {
    Mem mem;
    Operand index;
  };
  void release(const Access& access) { release(access.index); }
  // An operand that is still there; pending_access() is for the next instruction that is emitted.
  void push_access(Type type, const Access& access);
  Mem pending_access();
  const Operand& pending_index() const { return pending_access_.index; }

  // ---- checks.cc: nothing unless the options ask for it
  void poison_behind(Mem four_bytes);
  void check_zero_extended(Gpr reg) {
    if (options_.poison_upper_bits) [[unlikely]]
      emit_check_zero_extended(reg);
  }
  void emit_check_zero_extended(Gpr reg);
  void check_registers();

  std::vector<Operand> stack_;
  std::vector<Local> locals_;
  AssignedRegisters assigned_;
  uint32_t first_unspilled_ = 0;  // operands below are spilled
  // Operands that are known to be in slots, if they are below first_unspilled_: [begin, end).
  uint32_t slots_begin_ = 0;
  uint32_t slots_end_ = 0;
  GprSet free_gprs_;
  FprSet free_fprs_;

  // The frame: kFrame - 8 holds the VmCtx; then come saved registers, slots of locals, of operands.
  int32_t narrow_slot_ = slot_bytes(Type::i64);  // of all types but v128
  int32_t local_slots_end_ = 0;                  // kFrame + this: the end of the slots of locals
  int32_t frame_end_ = 0;                        // the lowest slot in use

 private:
  Access pending_access_{};
  uint32_t pending_position_ = 0;
};

}  // namespace nacre::baseline
