// The rarely executed parts of an activation: entering it, calls to and from the host, and its end.
#pragma once

#include "interp/module_code.h"
#include "interp/state.h"

namespace nacre::interp {

// Copies `count` values between slots of different or equal width. The ranges may overlap.
void copy_slots(const uint8_t* from, bool from_wide, uint8_t* to, bool to_wide, uint32_t count);

// Between slots and the values of the host; v128 only in wide slots.
void slots_to_values(const uint8_t* slots, bool wide, const std::vector<wasm::ValType>& types,
                     abi::Value* values);
void values_to_slots(const abi::Value* values, const std::vector<wasm::ValType>& types,
                     uint8_t* slots, bool wide);

// Calls a host function with the arguments below `sp`; returns where the stack ends with the
// results in their place, or null with the trap or the suspended call in the activation.
uint8_t* call_host(Activation& activation, const abi::FuncObject& function, uint8_t* sp, bool wide);

// The same for a function that another executor runs: prepares leaving the activation for it.
// False: there is a trap in the activation.
bool begin_call_elsewhere(Activation& activation, abi::FuncObject& function, uint8_t* sp,
                          bool wide);

// The code of a function, or null with the trap in the activation.
const FunctionCode* resolve(Activation& activation, abi::FuncObject& function);

// Polls for interrupts, and takes fuel where it is counted. A result other than none ends the
// activation.
abi::TrapKind poll_interrupts(Activation& activation, uint64_t fuel);

// Sets what depends on the instance and the function that run from here on.
template <class S>
NACRE_INLINE void switch_instance(const S& s, abi::VmCtx* vmctx, const FunctionCode& code) {
  NACRE_MACHINE(s);
  Activation& activation = *reg_activation;
  abi::MemoryRecord* memory = vmctx->memory0;
  activation.vmctx = vmctx;
  bool none_pending = activation.notice.interrupt_pending.load(std::memory_order_relaxed) == 0;
  activation.notice.fast_call_guard.store(none_pending ? vmctx : nullptr,
                                          std::memory_order_relaxed);
  activation.memory0 = memory;
  activation.index_mask = memory != nullptr && memory->is_64 ? ~uint64_t{0} : 0xFFFFFFFF;
  reg_memory = vmctx->memory0_base;
  reg_table = handler_table(code.wide, memory != nullptr && memory->guarded);
  reg_steps = code.module->steps();
}

// Enters a function whose arguments are at `locals`. A trap is reported at the state's pc. If the
// function's slots may be of another width than the state's, only its handlers may look at them.
template <bool same_width, class P>
NACRE_INLINE void enter_function(const State<P>& at, const FunctionCode& code, uint8_t* locals,
                                 const uint8_t* return_pc, const Branch* return_cursor, Frame* prev,
                                 uint8_t* caller_fp) {
  NACRE_MACHINE(at);
  if (static_cast<size_t>(reg_activation->limit - locals) < code.frame_bytes) [[unlikely]]
    return at.template trap<abi::TrapKind::call_stack_exhausted>();
  uint8_t* end = locals + code.local_bytes;
  for (uint8_t* p = locals + code.param_bytes; p < end; p += 16) {
    asm("" : "+r"(p));  // else it becomes a call of memset
    store(p, V128{});
  }
  Frame* frame = reinterpret_cast<Frame*>(end);
  frame->return_pc = return_pc;
  frame->return_cursor = return_cursor;
  frame->prev = prev;
  frame->caller_fp = caller_fp;
  frame->code = &code;
  reg_frame = frame;
  State<P> s = at;
  s.pc = code.start;
  s.cursor = code.branches;
  s.fp = locals;
  s.sp = end + sizeof(Frame);
  return s.dispatch();
}

// Runs a function for the host; its arguments are at `base`. How it ended, or where it is
// suspended, is in the activation.
void run(Activation& activation, Bridge* base, abi::VmCtx* vmctx, const FunctionCode& code);
// Resumes an activation whose suspended call has these results.
void go_on(Activation& activation, const abi::Value* results);

// Adds the frames of an activation that trapped, or is suspended.
void add_frames(const Activation& activation, abi::Trap& trap);

// Leaves an activation in which a call is suspended.
template <class P>
[[gnu::cold, gnu::noinline]] void suspend_exit(NACRE_PARAMS);

// Handlers of the two codes that functions return to.
template <class P>
void bridge_return(NACRE_PARAMS);
template <class P>
void exit_to_host(NACRE_PARAMS);

}  // namespace nacre::interp
