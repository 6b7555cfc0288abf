#include "interp/run.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "abi/host_func.h"
#include "interp/control.h"
#include "wasm/limits.h"

namespace nacre::interp {

using abi::TrapKind;

// ---- ends of an activation

namespace {

template <class S>
NACRE_INLINE void stop(const S& s) {
  NACRE_MACHINE(s);
#if !NACRE_INTERP_THREADED
  machine.next = nullptr;
#endif
}

}  // namespace

template <TrapKind kind>
void trap_exit(NACRE_PARAMS) {
  auto s = State<Narrow<0>>::enter(NACRE_ARGS);
  reg_activation->trap = kind;
  reg_activation->trap_pc = s.pc;
  reg_activation->trap_frame = reg_frame;
  return stop(s);
}
#define TRAP(name, text) template void trap_exit<TrapKind::name>(NACRE_PARAMS);
#include "abi/traps.def"
#undef TRAP

void trap_dynamic(NACRE_PARAMS) {
  auto s = State<Narrow<0>>::enter(NACRE_ARGS);
  reg_activation->trap = static_cast<TrapKind>(s.tos);
  reg_activation->trap_pc = s.pc;
  reg_activation->trap_frame = reg_frame;
  return stop(s);
}

template <class P>
void exit_to_host(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS).flush();
  reg_activation->exit_sp = s.sp;
  reg_activation->exit_wide = P::kWide;
  return stop(s);
}
template void exit_to_host<Narrow<0>>(NACRE_PARAMS);
template void exit_to_host<Narrow<1>>(NACRE_PARAMS);
template void exit_to_host<Narrow<2>>(NACRE_PARAMS);
template void exit_to_host<Wide>(NACRE_PARAMS);

template <class P>
void bridge_return(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS).flush();
  const Bridge bridge = *static_cast<const Bridge*>(reg_frame);  // results may go over it
  uint32_t count = bridge.result_count;
  copy_slots(s.sp - count * P::kSlot, P::kWide, bridge.results, bridge.wide, count);
  switch_instance(s, bridge.vmctx, *bridge.prev->code);
  reg_frame = bridge.prev;
  s.pc = bridge.return_pc;
  s.cursor = bridge.return_cursor;
  s.sp = bridge.results + count * (bridge.wide ? Wide::kSlot : Narrow<0>::kSlot);
  s.fp = bridge.caller_fp;
  return s.dispatch();  // an empty cache is the first part of every table
}
template void bridge_return<Narrow<0>>(NACRE_PARAMS);
template void bridge_return<Narrow<1>>(NACRE_PARAMS);
template void bridge_return<Narrow<2>>(NACRE_PARAMS);
template void bridge_return<Wide>(NACRE_PARAMS);

// ---- entering

namespace {

// Runs from what `start` makes of the machine's registers until handlers stop. Inlined, as what is
// around it knows which registers handlers do not keep.
template <class Start>
NACRE_INLINE void run_machine(Activation& activation, Start start) {
#if NACRE_INTERP_THREADED
  // An outer activation may be using them.
  Activation* outer_activation = reg_activation;
  const Handler* outer_table = reg_table;
  uint8_t* outer_memory = reg_memory;
  Frame* outer_frame = reg_frame;
  uintptr_t outer_steps = reg_steps;
  State<Narrow<0>> s{};
#else
  Machine machine{};
  State<Narrow<0>> s{nullptr, nullptr, 0, 0, nullptr, nullptr, machine};
#endif
  reg_activation = &activation;
  start(s);
#if NACRE_INTERP_THREADED
#if defined(__x86_64__)
  asm volatile("" ::: "rbx");  // handlers do not keep them (flags.cmake)
#endif
  reg_activation = outer_activation;
  reg_table = outer_table;
  reg_memory = outer_memory;
  reg_frame = outer_frame;
  reg_steps = outer_steps;
#else
  while (machine.next != nullptr) machine.next(machine);
#endif
}

}  // namespace

void run(Activation& activation, Bridge* base, abi::VmCtx* vmctx, const FunctionCode& code) {
  run_machine(activation, [&](State<Narrow<0>>& s) NACRE_INLINE_LAMBDA {
    NACRE_MACHINE(s);
    reg_frame = base;
    switch_instance(s, vmctx, code);
    s.pc = code.start;
    const uint8_t* return_pc = code.module->exit_pc();
    enter_function<false>(s, code, reinterpret_cast<uint8_t*>(base + 1), return_pc, nullptr, base,
                          nullptr);
  });
}

void go_on(Activation& activation, const abi::Value* results) {
  const SuspendedCall call = std::exchange(activation.suspended, {});
  activation.left_by_tail_call = false;
  const std::vector<wasm::ValType>& types = call.type->results;
  values_to_slots(results, types, call.results, call.wide);
  run_machine(activation, [&](State<Narrow<0>>& s) NACRE_INLINE_LAMBDA {
    NACRE_MACHINE(s);
    reg_frame = activation.trap_frame;
    switch_instance(s, activation.vmctx, *activation.trap_frame->code);
    s.pc = activation.trap_pc + 1;  // behind the call
    s.cursor = call.cursor;
    s.fp = call.fp;
    s.sp = call.results + types.size() * (call.wide ? Wide::kSlot : Narrow<0>::kSlot);
    if (!call.tail) return s.dispatch();  // an empty cache is the first part of every table
    s.jump(call.wide ? &return_many<Wide> : &return_many<Narrow<0>>);
  });
}

template <class P>
void suspend_exit(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  Activation& activation = *reg_activation;
  activation.trap_pc = s.pc;
  activation.trap_frame = reg_frame;
  activation.suspended.cursor = s.cursor;
  activation.suspended.fp = s.fp;
  activation.suspended.wide = P::kWide;
  return stop(s);
}
template void suspend_exit<Narrow<0>>(NACRE_PARAMS);
template void suspend_exit<Wide>(NACRE_PARAMS);

TrapKind poll_interrupts(Activation& activation, uint64_t fuel) {
  abi::ExecContext& exec = *activation.exec;
  if (!abi::take_fuel(exec, fuel)) return TrapKind::fuel_limit;
  TrapKind stop = abi::stop_reason(exec);
  if (stop != TrapKind::none || exec.counts_fuel) return stop;
  activation.notice.interrupt_pending.store(0, std::memory_order_relaxed);
  activation.notice.fast_call_guard.store(activation.vmctx, std::memory_order_relaxed);
  return TrapKind::none;
}

// ---- across borders

void copy_slots(const uint8_t* from, bool from_wide, uint8_t* to, bool to_wide, uint32_t count) {
  size_t from_slot_bytes = from_wide ? Wide::kSlot : Narrow<0>::kSlot;
  size_t to_slot_bytes = to_wide ? Wide::kSlot : Narrow<0>::kSlot;
  if (from_wide == to_wide) {
    std::memmove(to, from, count * from_slot_bytes);
    return;
  }
  // A v128 crosses only between wide functions, so half a wide slot is all.
  std::array<uint64_t, std::max(wasm::kMaxParams, wasm::kMaxResults)> values;
  for (uint32_t i = 0; i < count; ++i) values[i] = load<uint64_t>(from + i * from_slot_bytes);
  for (uint32_t i = 0; i < count; ++i) store(to + i * to_slot_bytes, values[i]);
}

namespace {

// Slots of 8 bytes: there are no vectors among them.
NACRE_INLINE void narrow_slots_to_values(const uint8_t* slots, size_t count, abi::Value* values) {
  for (size_t i = 0; i < count; ++i) values[i].i64 = load<uint64_t>(slots + i * Narrow<0>::kSlot);
}

NACRE_INLINE void values_to_narrow_slots(const abi::Value* values,
                                         const std::vector<wasm::ValType>& types, uint8_t* slots) {
  for (size_t i = 0; i < types.size(); ++i) {
    auto code = types[i].code();
    bool is_32 = code == wasm::ValType::kI32 || code == wasm::ValType::kF32;
    // The slot may overlap the value.
    store(slots + i * Narrow<0>::kSlot, is_32 ? uint64_t{values[i].i32} : values[i].i64);
  }
}

void wide_slots_to_values(const uint8_t* slots, const std::vector<wasm::ValType>& types,
                          abi::Value* values) {
  for (size_t i = 0; i < types.size(); ++i, slots += Wide::kSlot) {
    if (types[i].is_vector()) {
      values[i].v128 = load<std::array<uint8_t, 16>>(slots);
    } else {
      values[i].i64 = load<uint64_t>(slots);
    }
  }
}

void values_to_wide_slots(const abi::Value* values, const std::vector<wasm::ValType>& types,
                          uint8_t* slots) {
  for (size_t i = 0; i < types.size(); ++i, slots += Wide::kSlot) {
    abi::Value value = values[i];  // the slot may overlap it
    switch (types[i].code()) {
      case wasm::ValType::kV128:
        store(slots, value.v128);
        break;
      case wasm::ValType::kI32:
      case wasm::ValType::kF32:
        store(slots, uint64_t{value.i32});
        break;
      default:
        store(slots, value.i64);
    }
  }
}

NACRE_INLINE void copy_to_values(const uint8_t* slots, bool wide,
                                 const std::vector<wasm::ValType>& types, abi::Value* values) {
  if (!wide) return narrow_slots_to_values(slots, types.size(), values);
  wide_slots_to_values(slots, types, values);
}

NACRE_INLINE void copy_to_slots(const abi::Value* values, const std::vector<wasm::ValType>& types,
                                uint8_t* slots, bool wide) {
  if (!wide) return values_to_narrow_slots(values, types, slots);
  values_to_wide_slots(values, types, slots);
}

}  // namespace

void slots_to_values(const uint8_t* slots, bool wide, const std::vector<wasm::ValType>& types,
                     abi::Value* values) {
  copy_to_values(slots, wide, types, values);
}

void values_to_slots(const abi::Value* values, const std::vector<wasm::ValType>& types,
                     uint8_t* slots, bool wide) {
  copy_to_slots(values, types, slots, wide);
}

namespace {

uint8_t* align_16(uint8_t* address) {
  return reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(address) + 15) & ~uintptr_t{15});
}

}  // namespace

namespace {

// The arguments below `sp` as an array above it, with room for the results; null: there is no room,
// and a trap in the activation.
NACRE_INLINE abi::Value* lay_out_values(Activation& activation, const wasm::FuncType& type,
                                        const uint8_t* args, uint8_t* sp, bool wide) {
  uint8_t* area = align_16(sp);
  size_t area_bytes = std::max(type.params.size(), type.results.size()) * sizeof(abi::Value);
  if (area > activation.limit || static_cast<size_t>(activation.limit - area) < area_bytes) {
    activation.host_trap = abi::make_trap(TrapKind::call_stack_exhausted);
    return nullptr;
  }
  auto* values = reinterpret_cast<abi::Value*>(area);
  copy_to_values(args, wide, type.params, values);
  activation.exec->stack_top = area + area_bytes;
  return values;
}

}  // namespace

uint8_t* call_host(Activation& activation, const abi::FuncObject& function, uint8_t* sp,
                   bool wide) {
  const abi::HostFunc& host = *function.host;
  const auto& results = host.type.results;
  size_t slot_bytes = wide ? Wide::kSlot : Narrow<0>::kSlot;
  uint8_t* args = sp - host.type.params.size() * slot_bytes;
  abi::Value* values = lay_out_values(activation, host.type, args, sp, wide);
  if (values == nullptr) return nullptr;
  abi::HostCall call{*activation.exec, activation.vmctx};
  abi::Outcome outcome = abi::call_host_func(host, call, values);
  if (!outcome.is_returned()) [[unlikely]] {
    if (outcome.is_suspended()) {
      activation.suspended.type = &host.type;
      activation.suspended.results = args;
    } else {
      activation.host_trap = std::move(outcome).take_trap();
    }
    return nullptr;
  }
  // Slots are no larger than values and begin no later: none is overwritten before it is read.
  copy_to_slots(values, results, args, wide);
  return args + results.size() * slot_bytes;
}

bool begin_call_elsewhere(Activation& activation, abi::FuncObject& function, uint8_t* sp,
                          bool wide) {
  const wasm::Module& module = *function.vmctx->module;
  const wasm::FuncType& type = module.types[wasm::index_of(module.functions[function.index])].func;
  size_t slot_bytes = wide ? Wide::kSlot : Narrow<0>::kSlot;
  uint8_t* args = sp - type.params.size() * slot_bytes;
  abi::Value* values = lay_out_values(activation, type, args, sp, wide);
  if (values == nullptr) return false;
  activation.suspended.type = &type;
  activation.suspended.results = args;
  activation.exec->suspension = {.callee = &function, .values = values};
  return true;
}

const FunctionCode* resolve(Activation& activation, abi::FuncObject& function) {
  Result<const FunctionCode*> code = code_of(function, *activation.executor);
  if (code) return *code;
  activation.host_trap = abi::make_code_trap(*activation.exec, code.error());
  return nullptr;
}

namespace {

// A function of megabytes may have all frames: it is walked through once.
void find_all(std::vector<InterpCode::Place>& places, std::span<abi::Frame> frames) {
  std::vector<InterpCode::Place*> sorted;
  sorted.reserve(places.size());
  for (InterpCode::Place& place : places) sorted.push_back(&place);
  std::ranges::sort(sorted, [](const auto* a, const auto* b) {
    return std::tie(a->code, a->pc) < std::tie(b->code, b->pc);
  });
  for (auto first = sorted.begin(); first != sorted.end();) {
    auto last = std::find_if(first, sorted.end(),
                             [&](const auto* place) { return place->code != (*first)->code; });
    (*first)->code->module->find_instructions({first, last});
    first = last;
  }
  for (size_t i = 0; i < frames.size(); ++i) frames[i].offset = places[i].offset;
}

}  // namespace

void add_frames(const Activation& activation, abi::Trap& trap) {
  const abi::VmCtx* vmctx = activation.vmctx;
  const Frame* frame = activation.trap_frame;
  const uint8_t* pc = activation.trap_pc;
  size_t before = trap.frames.size();
  std::vector<InterpCode::Place> places;
  while (true) {
    if (trap.frames.size() >= abi::Trap::kMaxFrames) {
      trap.frames_cut = true;
      break;
    }
    const InterpCode& module = *frame->code->module;
    if (frame != activation.trap_frame || !activation.left_by_tail_call) {
      trap.frames.push_back({.vmctx = vmctx, .function = frame->code->index});
      places.push_back({.code = frame->code, .pc = pc});
    }
    if (frame->return_pc == module.exit_pc()) break;
    if (frame->return_pc == module.bridge_pc()) {
      const Bridge* bridge = static_cast<const Bridge*>(frame->prev);
      vmctx = bridge->vmctx;
      frame = bridge;
    }
    pc = frame->return_pc - 1;  // the last byte of the call
    frame = frame->prev;
  }
  find_all(places, std::span(trap.frames).subspan(before));
}

}  // namespace nacre::interp
