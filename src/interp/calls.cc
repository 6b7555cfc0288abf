// Calls and tail calls (specification 3.0, 4.6.10).
//
// The fast path serves functions of the same instance with slots of the same width that ran before;
// everything else goes through invoke_slow, which may put a bridge in between.
#include "interp/control.h"
#include "interp/fused.h"
#include "interp/immediates.h"
#include "interp/run.h"

namespace nacre::interp {
namespace {

using abi::FuncObject;
using abi::TrapKind;

// Ends with the trap that a helper left in the activation.
template <class S>
NACRE_INLINE void trap_from_host(const S& s) {
  return s.template trap<TrapKind::host_error>();
}

// A host function did not return. pc: inside the call.
template <class S>
NACRE_INLINE void leave_host_call(const S& s) {
  NACRE_MACHINE(s);
  if (reg_activation->suspended.type != nullptr) return s.jump(&suspend_exit<typename S::Policy>);
  return trap_from_host(s);
}

NACRE_INLINE const FunctionCode* fast_code(const Activation& activation, const FuncObject& function,
                                           bool wide) {
  auto* code = static_cast<const FunctionCode*>(function.interpreted);
  // The running instance, unless an interrupt is pending.
  const void* guard = activation.notice.fast_call_guard.load(std::memory_order_relaxed);
  if (code == nullptr || function.vmctx != guard ||
      code->fast_width.load(std::memory_order_relaxed) != static_cast<uint8_t>(wide)) [[unlikely]]
    return nullptr;
  return code;
}

// tos: the function; pc: behind the call.
template <class P>
[[gnu::noinline]] void invoke_slow(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  Activation& activation = *reg_activation;
  auto& function = *reinterpret_cast<FuncObject*>(s.tos);
  const uint8_t* return_pc = s.pc;
  s.pc -= 1;  // inside the call, should it trap
  if (function.host != nullptr) {
    s.sp = call_host(activation, function, s.sp, P::kWide);
    if (s.sp == nullptr) return leave_host_call(s);
    if (TrapKind stop = abi::stop_reason(*activation.exec); stop != TrapKind::none)
      return s.trap(stop);
    s.pc = return_pc;
    return s.dispatch();
  }
  if (!runs_here(function, *activation.executor)) {
    if (!begin_call_elsewhere(activation, function, s.sp, P::kWide)) return trap_from_host(s);
    return s.jump(&suspend_exit<P>);
  }
  const FunctionCode* code = resolve(activation, function);
  if (code == nullptr) return trap_from_host(s);
  if (TrapKind stop = poll_interrupts(activation, code->body_bytes); stop != TrapKind::none)
    return s.trap(stop);
  uint8_t* args = s.sp - code->param_count * P::kSlot;
  if (function.vmctx == activation.vmctx && code->wide == P::kWide) {
    return enter_function<true>(s, *code, args, return_pc, s.cursor, reg_frame, s.fp);
  }
  if (static_cast<size_t>(activation.limit - s.sp) < sizeof(Bridge) + code->frame_bytes) {
    return s.template trap<TrapKind::call_stack_exhausted>();
  }
  auto* bridge = reinterpret_cast<Bridge*>(s.sp);
  *bridge = Bridge{{return_pc, s.cursor, reg_frame, s.fp, nullptr},
                   args,
                   activation.vmctx,
                   code->result_count,
                   P::kWide};
  auto* locals = reinterpret_cast<uint8_t*>(bridge + 1);
  copy_slots(args, P::kWide, locals, code->wide, code->param_count);
  switch_instance(s, function.vmctx, *code);
  const uint8_t* bridge_pc = code->module->bridge_pc();
  return enter_function<false>(s, *code, locals, bridge_pc, nullptr, bridge, nullptr);
}

template <class S>
NACRE_INLINE void invoke(const S& at, FuncObject* function, size_t length) {
  NACRE_MACHINE(at);
  using Flat = typename S::Policy::Flat;
  auto s = at.flush();
  const FunctionCode* code = fast_code(*reg_activation, *function, Flat::kWide);
  if (code == nullptr) [[unlikely]] {
    s.pc += length;
    return s.jump_with(&invoke_slow<Flat>, reinterpret_cast<uint64_t>(function));
  }
  return enter_function<true>(s, *code, s.sp - code->param_bytes, s.pc + length, s.cursor,
                              reg_frame, s.fp);
}

// Nothing is left of the running function: its caller gets the results.
template <class P>
NACRE_INLINE void tail_call_elsewhere(State<P> s, FuncObject& function) {
  NACRE_MACHINE(s);
  Activation& activation = *reg_activation;
  if (!begin_call_elsewhere(activation, function, s.sp, P::kWide)) return trap_from_host(s);
  const Frame caller = *reg_frame;
  const InterpCode& here = *caller.code->module;
  if (caller.return_pc == here.exit_pc()) {
    activation.exec->suspension.tail = true;
    return s.jump(&suspend_exit<P>);
  }
  auto leave_to = [&](const Frame& frame, uint8_t* results) NACRE_INLINE_LAMBDA {
    activation.suspended.results = results;
    reg_frame = frame.prev;
    s.pc = frame.return_pc - 1;
    s.cursor = frame.return_cursor;
    s.fp = frame.caller_fp;
  };
  if (caller.return_pc != here.bridge_pc()) {
    leave_to(caller, s.fp);
    return s.jump(&suspend_exit<P>);
  }
  const Bridge bridge = *static_cast<const Bridge*>(caller.prev);
  leave_to(bridge, bridge.results);
  activation.vmctx = bridge.vmctx;
  return s.jump(bridge.wide ? &suspend_exit<Wide> : &suspend_exit<Narrow<0>>);
}

// tos: the function; pc: inside the call.
template <class P>
[[gnu::noinline]] void tail_invoke_slow(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  Activation& activation = *reg_activation;
  auto& function = *reinterpret_cast<FuncObject*>(s.tos);
  if (function.host != nullptr) {
    s.sp = call_host(activation, function, s.sp, P::kWide);
    if (s.sp == nullptr) {
      activation.left_by_tail_call = activation.suspended.tail = true;
      return leave_host_call(s);
    }
    if (TrapKind stop = abi::stop_reason(*activation.exec); stop != TrapKind::none)
      return s.trap(stop);
    return s.jump(&return_many<P>);
  }
  if (!runs_here(function, *activation.executor)) return tail_call_elsewhere(s, function);
  const FunctionCode* code = resolve(activation, function);
  if (code == nullptr) return trap_from_host(s);
  if (TrapKind stop = poll_interrupts(activation, code->body_bytes); stop != TrapKind::none)
    return s.trap(stop);
  const Frame caller = *reg_frame;
  bool same = function.vmctx == activation.vmctx && code->wide == P::kWide;
  const InterpCode& here = *caller.code->module;
  const InterpCode& there = *code->module;
  const uint8_t* return_pc = caller.return_pc;
  bool bridged = true;
  if (return_pc == here.bridge_pc()) {
    return_pc = there.bridge_pc();
  } else if (return_pc == here.exit_pc()) {
    return_pc = there.exit_pc();
  } else {
    bridged = same;
  }
  uint8_t* locals = s.fp + (bridged ? 0 : sizeof(Bridge));
  // The arguments go over what may be their own place: by way of the free part of the stack.
  size_t arg_bytes = code->param_count * (code->wide ? Wide::kSlot : Narrow<0>::kSlot);
  if (static_cast<size_t>(activation.limit - s.sp) < arg_bytes ||
      static_cast<size_t>(activation.limit - locals) < code->frame_bytes) {
    return s.template trap<TrapKind::call_stack_exhausted>();
  }
  uint8_t* args = s.sp - code->param_count * P::kSlot;
  copy_slots(args, P::kWide, s.sp, code->wide, code->param_count);
  std::memmove(locals, s.sp, arg_bytes);
  const Branch* return_cursor = caller.return_cursor;
  Frame* prev = caller.prev;
  if (!bridged) {
    // The caller expects results in slots like ours, in our instance.
    auto* bridge = reinterpret_cast<Bridge*>(s.fp);
    *bridge = Bridge{{return_pc, return_cursor, prev, caller.caller_fp, nullptr},
                     s.fp,
                     activation.vmctx,
                     code->result_count,
                     P::kWide};
    return_pc = there.bridge_pc();
    return_cursor = nullptr;
    prev = bridge;
  }
  switch_instance(s, function.vmctx, *code);
  return enter_function<false>(s, *code, locals, return_pc, return_cursor, prev, caller.caller_fp);
}

template <class S>
NACRE_INLINE void tail_invoke(const S& at, FuncObject* function) {
  NACRE_MACHINE(at);
  using Flat = typename S::Policy::Flat;
  auto s = at.flush();
  const FunctionCode* code = fast_code(*reg_activation, *function, Flat::kWide);
  if (code == nullptr) [[unlikely]]
    return s.jump_with(&tail_invoke_slow<Flat>, reinterpret_cast<uint64_t>(function));
  // Checked here, as afterwards the running frame is overwritten.
  if (static_cast<size_t>(reg_activation->limit - s.fp) < code->frame_bytes) [[unlikely]]
    return s.template trap<TrapKind::call_stack_exhausted>();
  const Frame* frame = reg_frame;
  const uint8_t* return_pc = frame->return_pc;
  const Branch* return_cursor = frame->return_cursor;
  Frame* prev = frame->prev;
  uint8_t* caller_fp = frame->caller_fp;
  const uint8_t* from = s.sp - code->param_bytes;
  uint8_t* to = s.fp;
  for (uint8_t* end = to + code->param_bytes; to < end; to += 8, from += 8) {
    asm("" : "+r"(to));
    store(to, load<uint64_t>(from));
  }
  return enter_function<true>(s, *code, s.fp, return_pc, return_cursor, prev, caller_fp);
}

// ---- the instructions

template <bool tail, class S>
NACRE_INLINE void transfer(const S& s, FuncObject* function, size_t length) {
  if constexpr (tail) {
    return tail_invoke(s, function);
  } else {
    return invoke(s, function, length);
  }
}

template <bool tail>
struct Call {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t index, size_t length) {
    NACRE_MACHINE(s);
    return transfer<tail>(s, reg_activation->vmctx->functions[index], length);
  }
};

// A funcref on top of the stack; the type index was checked by validation.
template <bool tail>
struct CallRef {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t, size_t length) {
    uint64_t ref;
    auto s = at.pop(ref);
    if (ref == abi::kNullRef) [[unlikely]]
      return at.template trap<TrapKind::null_function_reference>();
    return transfer<tail>(s, reinterpret_cast<FuncObject*>(ref), length);
  }
};

// A function of a declared subtype is called all the same: seldom.
template <bool tail, class P>
[[gnu::noinline]] void call_subtype(NACRE_PARAMS) {
  auto at = State<P>::enter(NACRE_ARGS);
  abi::VmCtx* vmctx = reg_activation->vmctx;
  const uint8_t* p = at.pc + 1;
  wasm::CanonTypeId expected = vmctx->types[read_leb<uint32_t>(p)];
  const abi::TableRecord& table = *vmctx->tables[read_leb<uint32_t>(p)];
  uint64_t operand;
  auto s = at.pop(operand);
  uint64_t element = table.is_64 ? operand : static_cast<uint32_t>(operand);
  auto* function = reinterpret_cast<FuncObject*>(table.elements[element]);
  if (!vmctx->builtins->type_matches(vmctx, function->type, expected)) {
    return at.template trap<TrapKind::indirect_call_type_mismatch>();
  }
  return transfer<tail>(s, function, static_cast<size_t>(p - at.pc));
}

template <bool tail, class P>
struct CallIndirect {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    if (((at.pc[1] | at.pc[2]) & 0x80) != 0) [[unlikely]]
      return at.jump(&long_form);
    return call(at, at.pc[1], at.pc[2], 3);
  }
  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    const uint8_t* p = at.pc + 1;
    uint32_t type = read_leb<uint32_t>(p);
    uint32_t table = read_leb<uint32_t>(p);
    return call(at, type, table, static_cast<size_t>(p - at.pc));
  }

 private:
  NACRE_INLINE static void call(const State<P>& at, uint32_t type, uint32_t table_index,
                                size_t length) {
    NACRE_MACHINE(at);
    const abi::VmCtx* vmctx = reg_activation->vmctx;
    const abi::TableRecord& table = *vmctx->tables[table_index];
    uint64_t operand;
    auto s = at.pop(operand);
    uint64_t element = table.is_64 ? operand : static_cast<uint32_t>(operand);
    if (element >= table.size) [[unlikely]]
      return at.template trap<TrapKind::undefined_element>();
    abi::Ref ref = table.elements[element];
    if (ref == abi::kNullRef) [[unlikely]]
      return at.template trap<TrapKind::uninitialized_element>();
    auto* function = reinterpret_cast<FuncObject*>(ref);
    if (function->type != vmctx->types[type]) [[unlikely]]
      return at.jump(&call_subtype<tail, P>);
    return transfer<tail>(s, function, length);
  }
};

}  // namespace

template <wasm::Op op, bool three_bytes, class P, class Mode>
void Long<op, three_bytes, P, Mode>::handler(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  return Call<false>::run(s, s.noted(), long_length<three_bytes>(s));
}
#define LONG_CONTROL NACRE_INSTANTIATE_LONG
#include "interp/long.def"

NACRE_FORM(call, WithIndex<Call<false>, P>)
NACRE_FORM(return_call, WithIndex<Call<true>, P>)
NACRE_FORM(call_ref, WithIndex<CallRef<false>, P>)
NACRE_FORM(return_call_ref, WithIndex<CallRef<true>, P>)
NACRE_FORM(call_indirect, CallIndirect<false, P>)
NACRE_FORM(return_call_indirect, CallIndirect<true, P>)

NACRE_INSTANTIATE(call)
NACRE_INSTANTIATE(return_call)
NACRE_INSTANTIATE(call_ref)
NACRE_INSTANTIATE(return_call_ref)
NACRE_INSTANTIATE(call_indirect)
NACRE_INSTANTIATE(return_call_indirect)

}  // namespace nacre::interp
