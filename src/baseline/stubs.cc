#include "baseline/stubs.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "abi/calls.h"
#include "abi/host_func.h"
#include "baseline/module_code.h"
#include "baseline/operand.h"
#include "baseline/support.h"
#include "baseline/x64/assembler.h"

namespace nacre::baseline {

using abi::ExecContext;
using abi::FuncObject;
using abi::PlaceAssigner;
using abi::ValuePlace;
using abi::VmCtx;
using x64::Alu;
using x64::at;
using x64::Cond;
using x64::Gpr;
using x64::Label;
using x64::Mem;
using x64::Width;
using x64::Xmm;

namespace {

constexpr size_t kMemoryBytes = size_t{16} << 20;  // address space
constexpr Width w64 = Width::w64;

// What an entry from the host leaves on the native stack, from ExecContext::native_sp upwards.
constexpr int32_t kSavedExec = 8, kSavedFrameTop = 16, kSavedNativeSp = 24, kSavedValues = 32;
constexpr int32_t kValueBytes = sizeof(abi::Value);

}  // namespace

class Stubs::Maker {
 public:
  explicit Maker(Stubs& stubs) : stubs_(stubs), masm_(stubs.options_.cpu) {
    masm_.start(stubs.memory_.writable());
    while (masm_.offset() < stubs.used_) masm_.byte(masm_.begin()[masm_.offset()]);
  }

  void common();
  HostEntry host_entry(const wasm::FuncType& type);
  const void* host_function(const wasm::FuncType& type);
  const void* direct_host_function(const wasm::FuncType& type);
  void finish() {
    masm_.align(16);
    stubs_.used_ = masm_.offset();
  }

 private:
  const void* here() const { return stubs_.memory_.executable() + masm_.offset(); }
  void define(Entry entry) {
    masm_.align(16);
    stubs_.entries_[static_cast<uint32_t>(entry)] = here();
  }
  template <class F>
  void call_native(F* function) {
    masm_.mov_imm(w64, Gpr::rax, reinterpret_cast<uintptr_t>(function));
    masm_.call(Gpr::rax);
  }
  // On the native stack from the guest's.
  template <class F>
  void switch_and_call(F* function) {
    masm_.mov_imm(w64, Gpr::rax, reinterpret_cast<uintptr_t>(function));
    masm_.call(at(x64::kVmCtx, offsetof(VmCtx, native_call_entry)));
  }
  void to_native_stack() {
    masm_.mov(w64, Gpr::rdi, at(x64::kVmCtx, offsetof(VmCtx, exec)));
    masm_.mov(w64, Gpr::rsp, at(Gpr::rdi, offsetof(ExecContext, native_sp)));
  }
  void jump_to(uint32_t offset) {
    Label label{.bound = static_cast<int32_t>(offset)};
    masm_.jmp(label);
  }
  void exit_trapped() {
    masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
    masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
    masm_.mov_imm(Width::w32, Gpr::rax, 1);
    jump_to(stubs_.exit_offset_);
  }
  void exit();
  void trap();
  void fault();
  void native_call();
  void cross_tail();
  void check_subtype();
  void lazy(Entry entry);
  void host_trapped();
  void move(Mem to, Mem from) {
    masm_.movups(x64::kXmmScratch, from);
    masm_.movups(to, x64::kXmmScratch);
  }
  // A value that guest code gets: what its type leaves unspecified is filled in checked builds.
  void pass(wasm::ValType type, Gpr to, Mem from, Gpr scratch) {
    masm_.mov(width_of(type_of(type)), to, from);
    if (!stubs_.options_.dirty_upper_bits || type_of(type) != Type::i32) return;
    masm_.mov_imm(w64, scratch, uint64_t{Options::kDirt} << 32);
    masm_.alu(w64, Alu::or_, to, scratch);
  }
  void pass(wasm::ValType type, Mem to, Mem from) {
    move(to, from);
    if (!stubs_.options_.dirty_upper_bits || width_of(type_of(type)) != Width::w32) return;
    to.disp += 4;
    masm_.mov(Width::w32, to, static_cast<int32_t>(Options::kDirt));
  }

  Stubs& stubs_;
  x64::Assembler masm_;
};

void Stubs::Maker::common() {
  exit();
  trap();
  fault();
  native_call();
  cross_tail();
  check_subtype();
  host_trapped();
  lazy(Entry::lazy);
  lazy(Entry::lazy_object);
}

// rsp is native_sp, eax the answer.
void Stubs::Maker::exit() {
  masm_.align(16);
  stubs_.exit_offset_ = masm_.offset();
  masm_.mov(w64, Gpr::r11, at(Gpr::rsp, kSavedExec));
  masm_.mov(w64, Gpr::r10, at(Gpr::rsp, kSavedFrameTop));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::r10);
  masm_.mov(w64, Gpr::r10, at(Gpr::rsp, kSavedNativeSp));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, native_sp)), Gpr::r10);
  masm_.alu_imm(w64, Alu::add, Gpr::rsp, kSavedValues + 8);
  for (Gpr reg : {Gpr::r15, Gpr::r14, Gpr::r13, Gpr::r12, Gpr::rbx, Gpr::rbp}) masm_.pop(reg);
  masm_.ret();
}

void Stubs::Maker::trap() {
  define(Entry::trap);
  masm_.pop(Gpr::rsi);
  masm_.mov(w64, Gpr::rdx, x64::kFrame);
  masm_.movzx8(Gpr::rcx, Gpr::rax);
  to_native_stack();
  call_native(&on_trap);
  exit_trapped();
}

// rsi: the instruction, rdx: the address.
void Stubs::Maker::fault() {
  define(Entry::fault);
  masm_.mov(w64, Gpr::rcx, x64::kFrame);
  masm_.mov(w64, Gpr::r8, x64::kVmCtx);
  to_native_stack();
  call_native(&on_fault);
  exit_trapped();
}

void Stubs::Maker::native_call() {
  define(Entry::native_call);
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::rsp);
  masm_.mov(w64, Gpr::r10, Gpr::rsp);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.push(Gpr::r10);
  masm_.push(Gpr::r10);
  masm_.call(Gpr::rax);
  masm_.pop(Gpr::rsp);
  masm_.ret();
}

// The frame of the caller is gone; its registers are restored and the arguments in place. The
// bridge is a frame that gives the instance back to whom the chain of tail calls returns.
void Stubs::Maker::cross_tail() {
  define(Entry::cross_tail);
  Label bridge_return, have_bridge;
  masm_.lea_label(x64::kScratch, bridge_return);
  masm_.alu(w64, Alu::cmp, x64::kScratch, at(Gpr::rsp));
  masm_.jcc(Cond::equal, have_bridge);
  masm_.push(x64::kFrame);
  masm_.mov(w64, x64::kFrame, Gpr::rsp);
  masm_.push(x64::kVmCtx);
  masm_.push(x64::kVmCtx);
  masm_.push(x64::kScratch);
  masm_.bind(have_bridge);
  masm_.mov(w64, x64::kVmCtx, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  masm_.mov(w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.jmp(at(Gpr::rax, offsetof(FuncObject, code)));
  masm_.bind(bridge_return);
  masm_.mov(w64, x64::kVmCtx, at(x64::kFrame, -8));
  masm_.mov(w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.leave();
  masm_.ret();
}

void Stubs::Maker::check_subtype() {
  define(Entry::check_subtype);
  constexpr std::array kGprs = {Gpr::rax, Gpr::rcx, Gpr::rdx, Gpr::rsi,
                                Gpr::rdi, Gpr::r8,  Gpr::r9,  Gpr::r10};
  constexpr int32_t kXmms = 14;
  constexpr int32_t kGprBytes = 8 * static_cast<int32_t>(kGprs.size());
  masm_.push(x64::kFrame);
  masm_.mov(w64, x64::kFrame, Gpr::rsp);
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kGprBytes + 16 * kXmms);
  for (size_t i = 0; i < kGprs.size(); ++i)
    masm_.mov(w64, at(Gpr::rsp, 8 * static_cast<int32_t>(i)), kGprs[i]);
  for (int32_t i = 0; i < kXmms; ++i)
    masm_.movups(at(Gpr::rsp, kGprBytes + 16 * i), static_cast<Xmm>(i));
  masm_.mov(w64, Gpr::rdi, x64::kVmCtx);
  masm_.mov(Width::w32, Gpr::rsi, at(Gpr::rax, offsetof(FuncObject, type)));
  masm_.mov(Width::w32, Gpr::rdx, at(x64::kFrame, 16));
  masm_.mov(w64, Gpr::rax, at(x64::kVmCtx, offsetof(VmCtx, builtins)));
  masm_.mov(w64, Gpr::rax, at(Gpr::rax, offsetof(abi::Builtins, type_matches)));
  masm_.call(at(x64::kVmCtx, offsetof(VmCtx, native_call_entry)));
  masm_.movzx8(x64::kScratch, Gpr::rax);
  for (size_t i = 0; i < kGprs.size(); ++i)
    masm_.mov(w64, kGprs[i], at(Gpr::rsp, 8 * static_cast<int32_t>(i)));
  for (int32_t i = 0; i < kXmms; ++i)
    masm_.movups(static_cast<Xmm>(i), at(Gpr::rsp, kGprBytes + 16 * i));
  masm_.test(Width::w32, x64::kScratch, x64::kScratch);
  masm_.leave();
  masm_.ret();
}

// In a frame of a stub whose host function trapped: exec->trap is set, the frames are missing.
void Stubs::Maker::host_trapped() {
  masm_.align(16);
  stubs_.host_overflow_offset_ = masm_.offset();
  masm_.mov(w64, Gpr::rsi, at(x64::kFrame, 8));
  masm_.mov(w64, Gpr::rdx, at(x64::kFrame));
  to_native_stack();
  call_native(&on_host_overflow);
  exit_trapped();
  // rsi: the trap that a direct call left.
  masm_.align(16);
  stubs_.direct_trapped_offset_ = masm_.offset();
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, trap)), Gpr::rsi);
  stubs_.host_trapped_offset_ = masm_.offset();
  masm_.mov(w64, Gpr::rsi, at(x64::kFrame, 8));
  masm_.mov(w64, Gpr::rdx, at(x64::kFrame));
  to_native_stack();
  call_native(&on_host_trap);
  exit_trapped();
}

void Stubs::Maker::lazy(Entry entry) {
  define(entry);
  constexpr int32_t kGprBytes = 8 * static_cast<int32_t>(x64::kGprArgs.size());
  masm_.push(x64::kFrame);
  masm_.mov(w64, x64::kFrame, Gpr::rsp);
  masm_.push(x64::kVmCtx);
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kGprBytes + 16 * static_cast<int32_t>(x64::kXmmArgs) + 8);
  for (size_t i = 0; i < x64::kGprArgs.size(); ++i)
    masm_.mov(w64, at(Gpr::rsp, 8 * static_cast<int32_t>(i)), x64::kGprArgs[i]);
  for (size_t i = 0; i < x64::kXmmArgs; ++i)
    masm_.movups(at(Gpr::rsp, kGprBytes + 16 * static_cast<int32_t>(i)), static_cast<Xmm>(i));
  masm_.mov(w64, Gpr::rdi, x64::kVmCtx);
  masm_.mov(w64, Gpr::rsi, Gpr::rax);
  if (entry == Entry::lazy) {
    switch_and_call(&compile_function);
  } else {
    switch_and_call(&compile_object);
  }
  masm_.test(w64, Gpr::rax, Gpr::rax);
  Label failed{.bound = static_cast<int32_t>(stubs_.host_trapped_offset_)};
  masm_.jcc(Cond::equal, failed);
  for (size_t i = 0; i < x64::kGprArgs.size(); ++i)
    masm_.mov(w64, x64::kGprArgs[i], at(Gpr::rsp, 8 * static_cast<int32_t>(i)));
  for (size_t i = 0; i < x64::kXmmArgs; ++i)
    masm_.movups(static_cast<Xmm>(i), at(Gpr::rsp, kGprBytes + 16 * static_cast<int32_t>(i)));
  masm_.leave();
  masm_.jmp(Gpr::rax);
}

HostEntry Stubs::Maker::host_entry(const wasm::FuncType& type) {
  masm_.align(16);
  const void* start = here();
  for (Gpr reg : {Gpr::rbp, Gpr::rbx, Gpr::r12, Gpr::r13, Gpr::r14, Gpr::r15}) masm_.push(reg);
  masm_.push(Gpr::rdx);
  masm_.push(at(Gpr::rdi, offsetof(ExecContext, native_sp)));
  masm_.push(at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.push(Gpr::rdi);
  masm_.push(Gpr::rdi);  // 16 bytes
  masm_.mov(w64, at(Gpr::rdi, offsetof(ExecContext, native_sp)), Gpr::rsp);
  masm_.mov(w64, Gpr::rsp, at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.alu_imm(w64, Alu::and_, Gpr::rsp, -16);
  masm_.mov(w64, Gpr::r10, Gpr::rdx);
  masm_.mov(w64, Gpr::rax, Gpr::rsi);
  masm_.mov(w64, x64::kVmCtx, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  masm_.mov(w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, area)));
  auto args = PlaceAssigner::arguments();
  for (size_t i = 0; i < type.params.size(); ++i) {
    ValuePlace place = args.next(type.params[i]);
    Mem from = at(Gpr::r10, static_cast<int32_t>(i) * kValueBytes);
    if (place.kind == ValuePlace::Kind::integer) {
      pass(type.params[i], x64::kGprArgs[place.index], from, Gpr::rbx);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(static_cast<Xmm>(place.index), from);
    } else {
      pass(type.params[i], at(Gpr::r11, static_cast<int32_t>(place.index) * kValueBytes), from);
    }
  }
  masm_.alu(Width::w32, Alu::xor_, Gpr::rbp, Gpr::rbp);
  masm_.call(at(Gpr::rax, offsetof(FuncObject, code)));

  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.mov(w64, Gpr::r10, at(Gpr::rsp, kSavedValues));
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, area)));
  auto results = PlaceAssigner::results();
  for (size_t i = 0; i < type.results.size(); ++i) {
    ValuePlace place = results.next(type.results[i]);
    Mem to = at(Gpr::r10, static_cast<int32_t>(i) * kValueBytes);
    Width width = width_of(type_of(type.results[i]));
    if (place.kind == ValuePlace::Kind::integer) {
      Gpr reg = x64::kGprResults[place.index];
      if (width == Width::w32) masm_.mov(width, reg, reg);
      masm_.mov(w64, to, reg);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(to, static_cast<Xmm>(place.index));
    } else {
      move(to, at(Gpr::r11, static_cast<int32_t>(place.index) * kValueBytes));
    }
  }
  masm_.alu(Width::w32, Alu::xor_, Gpr::rax, Gpr::rax);
  jump_to(stubs_.exit_offset_);
  return reinterpret_cast<HostEntry>(const_cast<void*>(start));
}

const void* Stubs::Maker::host_function(const wasm::FuncType& type) {
  masm_.align(16);
  const void* start = here();
  auto count = static_cast<int32_t>(std::max(type.params.size(), type.results.size()));
  masm_.push(x64::kFrame);
  masm_.mov(w64, x64::kFrame, Gpr::rsp);
  masm_.push(x64::kVmCtx);
  masm_.lea(w64, x64::kScratch, at(Gpr::rsp, -(count * kValueBytes + 8)));
  masm_.alu(w64, Alu::cmp, x64::kScratch, at(x64::kVmCtx, offsetof(VmCtx, stack_limit)));
  Label overflow{.bound = static_cast<int32_t>(stubs_.host_overflow_offset_)};
  masm_.jcc(Cond::below, overflow);
  masm_.mov(w64, Gpr::rsp, x64::kScratch);
  masm_.mov(w64, Gpr::r10, at(x64::kVmCtx, offsetof(VmCtx, area)));
  auto args = PlaceAssigner::arguments();
  for (size_t i = 0; i < type.params.size(); ++i) {
    ValuePlace place = args.next(type.params[i]);
    Mem to = at(Gpr::rsp, static_cast<int32_t>(i) * kValueBytes);
    if (place.kind == ValuePlace::Kind::integer) {
      Gpr reg = x64::kGprArgs[place.index];
      if (type_of(type.params[i]) == Type::i32) masm_.mov(Width::w32, reg, reg);
      masm_.mov(w64, to, reg);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(to, static_cast<Xmm>(place.index));
    } else {
      move(to, at(Gpr::r10, static_cast<int32_t>(place.index) * kValueBytes));
    }
  }
  masm_.mov(w64, Gpr::rdi, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, Gpr::rsi, x64::kVmCtx);
  masm_.mov(w64, Gpr::rdx, Gpr::rax);
  masm_.mov(w64, Gpr::rcx, Gpr::rsp);
  switch_and_call(&call_host);
  masm_.test(Width::w32, Gpr::rax, Gpr::rax);
  Label trapped{.bound = static_cast<int32_t>(stubs_.host_trapped_offset_)};
  masm_.jcc(Cond::not_equal, trapped);
  masm_.mov(w64, Gpr::r10, at(x64::kVmCtx, offsetof(VmCtx, area)));
  auto results = PlaceAssigner::results();
  for (size_t i = 0; i < type.results.size(); ++i) {
    ValuePlace place = results.next(type.results[i]);
    Mem from = at(Gpr::rsp, static_cast<int32_t>(i) * kValueBytes);
    if (place.kind == ValuePlace::Kind::integer) {
      pass(type.results[i], x64::kGprResults[place.index], from, x64::kScratch);
    } else if (place.kind == ValuePlace::Kind::floating) {
      masm_.movups(static_cast<Xmm>(place.index), from);
    } else {
      pass(type.results[i], at(Gpr::r10, static_cast<int32_t>(place.index) * kValueBytes), from);
    }
  }
  masm_.leave();
  masm_.ret();
  return start;
}

// Arguments stay in registers, the integers two places further on; the frame on the guest's stack
// is so small that the reserve below the limit holds it. On the native stack is an abi::DirectCall.
const void* Stubs::Maker::direct_host_function(const wasm::FuncType& type) {
  constexpr std::array kNativeArgs = {Gpr::rdx, Gpr::rcx, Gpr::r8, Gpr::r9};
  constexpr int32_t kCallBytes = 32;
  static_assert(sizeof(abi::DirectCall) <= kCallBytes);
  masm_.align(16);
  const void* start = here();
  masm_.push(x64::kFrame);
  masm_.mov(w64, x64::kFrame, Gpr::rsp);
  masm_.push(x64::kVmCtx);
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::rsp);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kCallBytes);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, exec)), Gpr::r11);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, caller)), x64::kVmCtx);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, trap)), 0);
  size_t integers = 0;
  for (wasm::ValType param : type.params) {
    auto args = PlaceAssigner::arguments();
    if (args.next(param).kind == ValuePlace::Kind::integer) ++integers;
  }
  for (size_t i = integers; i-- > 0;) masm_.mov(w64, kNativeArgs[i], x64::kGprArgs[i]);
  masm_.mov(w64, Gpr::r10, at(Gpr::rax, offsetof(FuncObject, host)));
  masm_.mov(w64, Gpr::rdi, Gpr::rsp);
  masm_.mov(w64, Gpr::rsi, at(Gpr::r10, offsetof(abi::HostFunc, data)));
  masm_.call(at(Gpr::r10, offsetof(abi::HostFunc, direct)));
  masm_.mov(w64, Gpr::rsi, at(Gpr::rsp, offsetof(abi::DirectCall, trap)));
  masm_.test(w64, Gpr::rsi, Gpr::rsi);
  Label trapped{.bound = static_cast<int32_t>(stubs_.direct_trapped_offset_)};
  masm_.jcc(Cond::not_equal, trapped);
  masm_.leave();
  masm_.ret();
  return start;
}

// ---- the collection

Result<std::unique_ptr<Stubs>> Stubs::create(const Options& options) {
  std::unique_ptr<Stubs> stubs(new Stubs(options));
  stubs->memory_ = TRY(os::CodeMemory::create(kMemoryBytes));
  Maker maker(*stubs);
  maker.common();
  maker.finish();
  return stubs;
}

namespace {

// More than the stubs of one signature can take.
size_t stub_bytes(const wasm::FuncType& type) {
  return 512 + 32 * (type.params.size() + type.results.size());
}

}  // namespace

Result<HostEntry> Stubs::host_entry(wasm::CanonTypeId id, const wasm::FuncType& type) {
  std::lock_guard lock(mutex_);
  HostEntry& entry = host_entries_[static_cast<uint32_t>(id)];
  if (entry == nullptr) {
    if (memory_.size_bytes() - used_ < stub_bytes(type))
      return fail(ErrorCode::out_of_memory, "too many types of functions are called by the host");
    Maker maker(*this);
    entry = maker.host_entry(type);
    maker.finish();
  }
  return entry;
}

Result<const void*> Stubs::stub_of(Functions& known, wasm::CanonTypeId id,
                                   const wasm::FuncType& type,
                                   const void* (Maker::*make)(const wasm::FuncType&)) {
  std::lock_guard lock(mutex_);
  const void*& code = known[static_cast<uint32_t>(id)];
  if (code == nullptr) {
    if (memory_.size_bytes() - used_ < stub_bytes(type))
      return fail(ErrorCode::out_of_memory, "too many types of host functions");
    Maker maker(*this);
    code = (maker.*make)(type);
    maker.finish();
  }
  return code;
}

Result<const void*> Stubs::host_function(wasm::CanonTypeId id, const wasm::FuncType& type) {
  return stub_of(host_functions_, id, type, &Maker::host_function);
}

Result<const void*> Stubs::direct_host_function(wasm::CanonTypeId id, const wasm::FuncType& type) {
  return stub_of(direct_host_functions_, id, type, &Maker::direct_host_function);
}

}  // namespace nacre::baseline
