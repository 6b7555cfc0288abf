// What the compiler needs of a processor: registers, memory operands, conditions, and the
// operations of a MacroAssembler. Everything in this folder outside x64/ is written against these
// names alone; x64/ is the only processor so far.
//
// A port brings a folder like x64/ with
//   processor.h        what it is called and must have
//   registers.h        which registers are for what
//   macro_assembler.h  the class that IsMacroAssembler below describes
//   instructions       one method for each operation on values (machine_instructions.h)
// and is chosen here and in machine_instructions.h.
//
// Rules that operations keep, so that they can be had on any processor:
//   - Arithmetic on values, whose operands differ between processors, is not here but in
//     machine_instructions.h.
//   - There are no flags. A Condition is the outcome of the last comparison. It survives moves,
//     loads and stores, but nothing that is said to change it, and is then branched on, selected by,
//     or loaded as 0 or 1. What compares and branches at once is one operation. A processor without
//     flags keeps the outcome in a register that nothing else uses.
//   - w32 writes clear the upper half of the register.
//   - kScratch and kFprScratch may be overwritten by any operation that does not name them as an
//     operand, and hold nothing from one instruction of WebAssembly to the next.
//   - An operation is at most a few instructions; FunctionCode::room() sees to it that they fit.
#pragma once

#include <concepts>
#include <cstdint>

#include "baseline/x64/macro_assembler.h"
#include "baseline/x64/processor.h"

namespace nacre::baseline {

// ---- the processor: whether its features are enough, and how listings call it and what it has
using x64::frame_place_name;
using x64::is_enough;
using x64::kNotEnough;
using x64::kProcessor;
using x64::register_name;

// ---- registers. Sets are RegSet, lists std::array.
using Gpr = x64::Gpr;  // integers and references
using Fpr = x64::Xmm;  // floats and vectors
using GprSet = x64::GprSet;
using FprSet = x64::XmmSet;
using x64::number;

// With a meaning of their own in the calling contract (abi/calls.h).
using x64::kFrame;       // the frame pointer
using x64::kMemoryBase;  // of memory 0
using x64::kVmCtx;
// Where values are passed, in order.
using x64::kFprArgs;
using x64::kFprResults;
using x64::kGprArgs;
using x64::kGprResults;
// Where a call through a function object has it, and one of the runtime the C function.
using x64::kFunctionObject;
// Caller-saved, and no result: free until arguments are placed, and where results were just given.
using x64::kNoResult;
// Free within an instruction of WebAssembly.
inline constexpr Fpr kFprScratch = x64::kXmmScratch;
using x64::kScratch;
// What the compiler may assign to locals and to operands.
using x64::kAllocatableFprs;
using x64::kAllocatableGprs;
using x64::kCalleeSavedLocalGprs;
using x64::kCallerSavedLocalGprs;
using x64::kLocalFprs;

// ---- places and sizes
using Mem = x64::Mem;  // base, or base + (index << scale) + displacement of 32 bits
using x64::at;
using Label = x64::Label;  // `bound`: its offset, once bind() was called
using Width = x64::Width;  // w32 or w64
constexpr Width width_of(Type type) {
  return type == Type::i32 || type == Type::f32 ? Width::w32 : Width::w64;
}

// ---- conditions
// An enum of one byte with at least equal, not_equal; of signed numbers less, less_equal, greater,
// greater_equal; of unsigned ones below, below_equal, above, above_equal.
using Condition = x64::Cond;

// ---- operations
template <class M>
concept IsMacroAssembler = requires(M masm, Width w, Type type, Gpr gpr, Fpr fpr, Mem mem,
                                    Label& label, Condition c, uint32_t u32, int32_t i32,
                                    uint64_t u64, native::CodeImage& image) {
  // Emits into an image that is empty and has some room; move_to() its buffer when that grew.
  masm.start(image);
  masm.move_to(image.code.data());
  // Where it stands, in bytes from start() and as an address; and data among the code.
  { masm.offset() } -> std::same_as<uint32_t>;
  { masm.pos() } -> std::same_as<uint8_t*>;
  masm.align(u32);
  masm.byte(uint8_t{});
  masm.dword(u32);
  masm.qword(u64);

  // Moves. They keep the condition, but for load_zero(Gpr).
  masm.move(w, gpr, gpr);
  masm.move(fpr, fpr);
  masm.load_constant(w, gpr, u64);
  masm.load_constant(type, fpr, label);  // from FunctionCode::constant(); f32 or f64
  masm.load_zero(gpr);
  masm.load_zero(fpr);
  masm.load_address(gpr, mem);
  masm.load(w, gpr, mem);
  masm.load(type, fpr, mem);
  masm.store(w, mem, gpr);
  masm.store(type, mem, fpr);
  masm.store_constant(w, mem, u64);
  masm.store_byte(mem, uint8_t{});

  // Arithmetic of 64 bits on addresses and counters. No condition survives.
  masm.add_constant(gpr, i32);
  masm.subtract_constant(gpr, i32);
  masm.shift_right(gpr, uint8_t{});  // unsigned
  masm.add_constant64(gpr, u64);
  masm.add_saturating(gpr, u64, u64);  // a sum that wraps becomes the last number

  // Conditions. is_zero() compares; a condition is made 0 or 1 as an i32.
  { masm.is_zero(w, gpr) } -> std::same_as<Condition>;
  { masm.is_zero(w, mem) } -> std::same_as<Condition>;
  masm.load_condition(c, gpr);
  masm.store_condition(c, mem);

  // Branches. Those that compare leave no condition.
  masm.bind(label);
  masm.jump(label);
  masm.branch(c, label);
  masm.branch_if(c, w, gpr, gpr, label);
  masm.branch_if(c, w, gpr, mem, label);
  masm.branch_if(c, w, gpr, i32, label);
  masm.branch_if(c, w, mem, i32, label);
  masm.branch_if_zero(w, gpr, label);
  masm.branch_if_not_zero(w, gpr, label);
  masm.branch_if_true(gpr, label);        // a bool of C: its lowest byte is looked at
  masm.branch_if_upper_half(gpr, label);  // if there are bits above the lower 32
  // Subtracts from a 64-bit number in memory; branches if it is negative then.
  masm.take_or_branch(mem, i32, label);
  // Branches unless index < the 64-bit number in memory. The index is 0 where a processor runs
  // ahead of the branch all the same, from the last place (invariants.md: speculation).
  masm.check_index(gpr, mem, label, mem);
  // To entry min(index, count) of a FunctionCode::jump_table(). The last register is overwritten.
  masm.jump_by_table(gpr, u32, label, gpr);
  masm.move_if_not_zero(gpr, gpr);  // to = from, unless from is 0

  // Frames and calls. No condition survives, but leave_frame() keeps all.
  // Enters a frame whose size is not known yet, without a look at the stack's end if there is no
  // label: saves the frame pointer and behind it the VmCtx. The answer is for set_frame_size().
  { masm.enter_frame(mem, &label) } -> std::same_as<uint32_t>;
  masm.set_frame_size(u32, i32);  // bytes below the frame pointer
  masm.leave_frame();
  masm.return_to_caller();
  masm.clear_frame(i32, i32, gpr);  // zeroes [begin, end) of the frame; a register to overwrite
  masm.call(mem);                   // of a place that holds an address
  masm.jump(mem);
  // From that offset to here, the code runs without its frame and leaves the function. What returns
  // and jump_slot() emit is noted already.
  masm.frame_was_undone(u32);
  masm.call_slot(u32);  // of a function that the module defines
  masm.jump_slot(u32);  // behind leave_frame()
  // Unless the id in memory is that of a type of the module.
  masm.branch_unless_type(mem, u32, label);
  // Calls the stub of that offset (native/stubs.h, check_subtype); the place holds the stubs.
  // The condition says that the function object has that type of the module, or one below it.
  { masm.call_subtype_check(u32, mem, i32) } -> std::same_as<Condition>;

  // For checked builds (checks.cc): bits that a type leaves unspecified. Not with a condition.
  masm.poison_upper_half(gpr, u32);
  masm.poison_upper_lanes(type, fpr, u32);
};

using MacroAssembler = x64::MacroAssembler;
static_assert(IsMacroAssembler<MacroAssembler>);

}  // namespace nacre::baseline
