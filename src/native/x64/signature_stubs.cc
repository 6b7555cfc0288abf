// Stubs of a signature: entering guest code from the host, calling the host from guest code.
#include <algorithm>
#include <array>

#include "abi/calls.h"
#include "abi/host_func.h"
#include "native/x64/stub_emitter.h"

namespace nacre::native::x64 {

using abi::ExecContext;
using abi::FuncObject;
using abi::PlaceAssigner;
using abi::ValuePlace;
using abi::VmCtx;

namespace {

constexpr Width w64 = Width::w64;
constexpr int32_t kStop = offsetof(ExecContext, running) + offsetof(os::Interruptible, stop);
constexpr int32_t kValueBytes = sizeof(abi::Value);
constexpr uint8_t kBreakpoint = 0xCC;  // int3

bool is_i32(wasm::ValType type) { return type.code() == wasm::ValType::kI32; }
Width width_of(wasm::ValType type) {
  bool is_32 = is_i32(type) || type.code() == wasm::ValType::kF32;
  return is_32 ? Width::w32 : Width::w64;
}

}  // namespace

uint32_t signature_stub_bytes(const wasm::FuncType& type) {
  return static_cast<uint32_t>(1024 + 32 * (type.params.size() + type.results.size()));
}

void StubEmitter::move(Mem to, Mem from) {
  masm_.movups(kXmmScratch, from);
  masm_.movups(to, kXmmScratch);
}

void StubEmitter::pass(wasm::ValType type, Gpr to, Mem from, Gpr scratch) {
  masm_.mov(width_of(type), to, from);
  if (!options_.poison_upper_bits || !is_i32(type)) return;
  masm_.mov_imm(w64, scratch, uint64_t{Options::kPoison} << 32);
  masm_.alu(w64, Alu::or_, to, scratch);
}

void StubEmitter::pass(wasm::ValType type, Mem to, Mem from) {
  move(to, from);
  if (!options_.poison_upper_bits || width_of(type) != Width::w32) return;
  to.disp += 4;
  masm_.mov(Width::w32, to, static_cast<int32_t>(Options::kPoison));
}

void StubEmitter::host_entry(const wasm::FuncType& type) {
  begin_stub("nacre!enter " + wasm::to_string(type));
  push_host_frame(Gpr::rdx);
  // The first words of the guest stack lead debuggers back to the native one: as if this had been
  // called from code that moves to another stack, which finds the native one below its own frame.
  Label native_part;
  masm_.mov(w64, Gpr::rsp, at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.alu_imm(w64, Alu::and_, Gpr::rsp, -16);
  masm_.lea_label(Gpr::r11, native_part);
  masm_.push(Gpr::r11);
  masm_.push(Gpr::r10);
  frame_is(Gpr::rsp, kLinkBytes);
  masm_.mov(w64, Gpr::r10, Gpr::rdx);
  masm_.mov(w64, Gpr::rax, Gpr::rsi);
  masm_.mov(w64, kVmCtx, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  masm_.mov(w64, kMemoryBase, at(kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, area)));
  auto args = PlaceAssigner::arguments();
  for (size_t i = 0; i < type.params.size(); ++i) {
    ValuePlace place = args.next(type.params[i]);
    Mem from = at(Gpr::r10, static_cast<int32_t>(i) * kValueBytes);
    if (place.kind == ValuePlace::Kind::integer) {
      pass(type.params[i], kGprArgs[place.index], from, Gpr::rbx);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(static_cast<Xmm>(place.index), from);
    } else {
      pass(type.params[i], at(Gpr::r11, static_cast<int32_t>(place.index) * kValueBytes), from);
    }
  }
  masm_.alu(Width::w32, Alu::xor_, Gpr::rbp, Gpr::rbp);
  masm_.call(at(Gpr::rax, offsetof(FuncObject, code)));

  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  frame_is(Gpr::rsp, kHostFrameBytes);
  masm_.mov(w64, Gpr::r10, at(Gpr::rsp, kSavedValues));
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, area)));
  auto results = PlaceAssigner::results();
  for (size_t i = 0; i < type.results.size(); ++i) {
    ValuePlace place = results.next(type.results[i]);
    Mem to = at(Gpr::r10, static_cast<int32_t>(i) * kValueBytes);
    Width width = width_of(type.results[i]);
    if (place.kind == ValuePlace::Kind::integer) {
      Gpr reg = kGprResults[place.index];
      if (width == Width::w32) masm_.mov(width, reg, reg);
      masm_.mov(w64, to, reg);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(to, static_cast<Xmm>(place.index));
    } else {
      move(to, at(Gpr::r11, static_cast<int32_t>(place.index) * kValueBytes));
    }
  }
  masm_.alu(Width::w32, Alu::xor_, Gpr::rax, Gpr::rax);
  jump_to(common_.exit);
  // Never runs. Who looks for a caller looks at the byte in front of where it returns to.
  begin_native_part();
  frame_is_at(Gpr::rsp, -kLinkBytes, kHostFrameBytes);
  host_registers_are_saved();
  masm_.byte(kBreakpoint);
  masm_.bind(native_part);
  masm_.byte(kBreakpoint);
}

void StubEmitter::host_function(const wasm::FuncType& type) {
  begin_stub("nacre!host function " + wasm::to_string(type));
  call_with_values(type, StubCallee::call_host);
}

void StubEmitter::elsewhere(const wasm::FuncType& type) {
  begin_stub("nacre!other tier " + wasm::to_string(type));
  call_with_values(type, StubCallee::call_elsewhere);
}

// Arguments and results as an array on the guest's stack.
void StubEmitter::call_with_values(const wasm::FuncType& type, StubCallee callee) {
  auto count = static_cast<int32_t>(std::max(type.params.size(), type.results.size()));
  enter_frame();
  masm_.push(kVmCtx);
  masm_.lea(w64, kScratch, at(Gpr::rsp, -(count * kValueBytes + 8)));
  masm_.alu(w64, Alu::cmp, kScratch, at(kVmCtx, offsetof(VmCtx, stack_limit)));
  jump_to_if(Cond::below, common_.host_overflow);
  masm_.mov(w64, Gpr::rsp, kScratch);
  masm_.mov(w64, Gpr::r10, at(kVmCtx, offsetof(VmCtx, area)));
  auto args = PlaceAssigner::arguments();
  for (size_t i = 0; i < type.params.size(); ++i) {
    ValuePlace place = args.next(type.params[i]);
    Mem to = at(Gpr::rsp, static_cast<int32_t>(i) * kValueBytes);
    if (place.kind == ValuePlace::Kind::integer) {
      Gpr reg = kGprArgs[place.index];
      if (is_i32(type.params[i])) masm_.mov(Width::w32, reg, reg);
      masm_.mov(w64, to, reg);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(to, static_cast<Xmm>(place.index));
    } else {
      move(to, at(Gpr::r10, static_cast<int32_t>(place.index) * kValueBytes));
    }
  }
  masm_.mov(w64, Gpr::rdi, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, Gpr::rsi, kVmCtx);
  masm_.mov(w64, Gpr::rdx, Gpr::rax);
  masm_.mov(w64, Gpr::rcx, Gpr::rsp);
  if (callee == StubCallee::call_elsewhere) masm_.mov(w64, Gpr::r8, kFrame);
  switch_and_call(callee);
  masm_.test(Width::w32, Gpr::rax, Gpr::rax);
  Label ended_otherwise, resume;
  masm_.jcc(Cond::not_equal, ended_otherwise);
  masm_.bind(resume);
  masm_.mov(w64, Gpr::r10, at(kVmCtx, offsetof(VmCtx, area)));
  auto results = PlaceAssigner::results();
  for (size_t i = 0; i < type.results.size(); ++i) {
    ValuePlace place = results.next(type.results[i]);
    Mem from = at(Gpr::rsp, static_cast<int32_t>(i) * kValueBytes);
    if (place.kind == ValuePlace::Kind::integer) {
      pass(type.results[i], kGprResults[place.index], from, kScratch);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(static_cast<Xmm>(place.index), from);
    } else {
      pass(type.results[i], at(Gpr::r10, static_cast<int32_t>(place.index) * kValueBytes), from);
    }
  }
  masm_.leave();
  masm_.ret();
  masm_.bind(ended_otherwise);
  masm_.lea_label(Gpr::rcx, resume);
  jump_to(common_.host_ended);
}

void StubEmitter::direct_host_function(const wasm::FuncType& type) {
  begin_stub("nacre!direct host function " + wasm::to_string(type));
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  begin_direct_call();
  // If the guest is to stop, that is what the call leaves behind, unless it traps itself.
  masm_.mov(Width::w32, Gpr::r10, at(Gpr::r11, kStop));
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, trap)), Gpr::r10);
  call_directly(type);
  masm_.mov(w64, Gpr::rcx, at(Gpr::rsp, offsetof(abi::DirectCall, trap)));
  masm_.test(w64, Gpr::rcx, Gpr::rcx);
  jump_to_if(Cond::not_equal, common_.direct_trapped);
  masm_.leave();
  masm_.ret();
}

// The guest may have been told to stop while the function waited.
void StubEmitter::direct_may_block(const wasm::FuncType& type, uint32_t host_function) {
  begin_stub("nacre!direct host function that may block " + wasm::to_string(type));
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.alu_imm(Width::w32, Alu::cmp, at(Gpr::r11, offsetof(ExecContext, suspend_depth)), 0);
  jump_to_if(Cond::not_equal, host_function);
  begin_direct_call();
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, trap)), 0);
  call_directly(type);
  masm_.mov(w64, Gpr::rcx, at(Gpr::rsp, offsetof(abi::DirectCall, trap)));
  masm_.test(w64, Gpr::rcx, Gpr::rcx);
  jump_to_if(Cond::not_equal, common_.direct_trapped);
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(Width::w32, Gpr::rcx, at(Gpr::r11, kStop));
  masm_.test(w64, Gpr::rcx, Gpr::rcx);
  jump_to_if(Cond::not_equal, common_.direct_trapped);
  masm_.leave();
  masm_.ret();
}

// With the ExecContext in r11. The frame on the guest's stack is so small that the reserve below
// the limit holds it. On the native stack is an abi::DirectCall.
void StubEmitter::begin_direct_call() {
  constexpr int32_t kCallBytes = 32;
  static_assert(sizeof(abi::DirectCall) <= kCallBytes);
  enter_frame();
  masm_.push(kVmCtx);
  begin_native_part();
  frame_is(kFrame, 16);
  unwind_.saved(kFrame, 16);
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::rsp);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kCallBytes);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, exec)), Gpr::r11);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, caller)), kVmCtx);
}

// Arguments stay in registers, the integers two places further on.
void StubEmitter::call_directly(const wasm::FuncType& type) {
  constexpr std::array kNativeArgs = {Gpr::rdx, Gpr::rcx, Gpr::r8, Gpr::r9};
  size_t integers = 0;
  for (wasm::ValType param : type.params) {
    auto args = PlaceAssigner::arguments();
    if (args.next(param).kind == ValuePlace::Kind::integer) ++integers;
  }
  for (size_t i = integers; i-- > 0;) masm_.mov(w64, kNativeArgs[i], kGprArgs[i]);
  masm_.mov(w64, Gpr::r10, at(Gpr::rax, offsetof(FuncObject, host)));
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, host)), Gpr::r10);
  masm_.mov(w64, Gpr::rdi, Gpr::rsp);
  masm_.mov(w64, Gpr::rsi, at(Gpr::r10, offsetof(abi::HostFunc, data)));
  masm_.call(at(Gpr::r10, offsetof(abi::HostFunc, direct)));
}

}  // namespace nacre::native::x64
