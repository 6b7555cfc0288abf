#include "baseline/stubs.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "abi/calls.h"
#include "abi/host_func.h"
#include "baseline/module_code.h"
#include "baseline/operand.h"
#include "baseline/support.h"
#include "native/unwind.h"
#include "native/x64/assembler.h"

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
constexpr uint32_t kPageBytes = 4096;
constexpr Width w64 = Width::w64;
constexpr int32_t kStop = offsetof(ExecContext, running) + offsetof(os::Interruptible, stop);

// What an entry from the host leaves on the native stack, from ExecContext::native_sp upwards.
constexpr int32_t kSavedExec = 8, kSavedFrameTop = 16, kSavedNativeSp = 24, kSavedValues = 32;
// Above it the registers that C functions keep, in the order in which they are pushed.
constexpr std::array kHostRegisters = {Gpr::rbp, Gpr::rbx, Gpr::r12, Gpr::r13, Gpr::r14, Gpr::r15};
constexpr uint32_t kSavedBytes = kSavedValues + 8;
constexpr uint32_t kHostFrameBytes = kSavedBytes + 8 * (kHostRegisters.size() + 1);
constexpr int32_t kValueBytes = sizeof(abi::Value);

// What a bulk operation does in a stub takes at most this.
constexpr int32_t kShortFillBytes = 32;
constexpr int32_t kShortCopyBytes = 64;

}  // namespace

class Stubs::Maker {
 public:
  explicit Maker(Stubs& stubs) : stubs_(stubs), masm_(stubs.options_.cpu) {
    masm_.start(stubs.memory_.writable(), static_cast<uint32_t>(stubs.used_));
  }

  void common();
  HostEntry host_entry(const wasm::FuncType& type);
  const void* host_function(const wasm::FuncType& type);
  const void* direct_host_function(const wasm::FuncType& type);
  void finish() {
    end_stub();
    // Where there may be breakpoints, pages that were begun are left alone (os/code_memory.h).
    masm_.align(stubs_.options_.debug ? kPageBytes : 16);
    stubs_.used_ = masm_.offset();
    if (stubs_.options_.listener != nullptr) stubs_.options_.listener->code_made(made_);
  }

 private:
  // What follows is called `name` until the next stub begins.
  void begin_stub(std::string_view name) {
    end_stub();
    stub_begin_ = masm_.offset();
    stub_name_ = name;
  }
  void end_stub() {
    if (stub_name_.empty()) return;
    uint32_t size = masm_.offset() - stub_begin_;
    const uint8_t* begin = stubs_.memory_.executable() + stub_begin_;
    std::vector<uint8_t> unwind = unwind_.take();
    unwind_ = {};
    if (stubs_.options_.listener != nullptr)
      made_.push_back({begin, size, std::move(stub_name_), std::move(unwind)});
    stub_name_.clear();
  }
  // The rest of the stub runs on the native stack. What is there already knows nothing of the stack
  // it came from, so the way back is here.
  void begin_native_part() { begin_stub(os::kStackSwitchName); }
  // From here on the frame is as the arguments of UnwindProgram::cfa say.
  void frame_is(Gpr base, uint32_t plus) {
    unwind_.advance_to(masm_.offset() - stub_begin_);
    unwind_.cfa(base, plus);
  }
  void frame_is_at(Gpr base, uint32_t plus) {
    unwind_.advance_to(masm_.offset() - stub_begin_);
    unwind_.cfa_at(base, plus);
  }
  void enter_frame() {
    masm_.push(x64::kFrame);
    frame_is(Gpr::rsp, 16);
    unwind_.saved(x64::kFrame, 16);
    masm_.mov(w64, x64::kFrame, Gpr::rsp);
    frame_is(x64::kFrame, 16);
  }
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
  // The end of a stub that a function trapped into: what `handler` makes of it is why the guest's
  // call ends. The function's frame is whole; rsi says where, and rbx, for debuggers, afterwards.
  template <class F>
  void leave_by(F* handler) {
    masm_.mov(w64, Gpr::rbx, Gpr::rsi);
    begin_native_part();
    frame_is(x64::kFrame, 0);
    unwind_.return_address_in(Gpr::rbx);
    to_native_stack();
    call_native(handler);
    exit_trapped();
  }
  void exit();
  void trap();
  void fault();
  void interrupt();
  void native_call();
  void short_fill();
  void short_copy();
  void need_short(Gpr length, int32_t most, Label& otherwise);
  void need_in_memory0(Gpr address, Gpr length, Label& otherwise);
  void return_none();
  template <class Ends>
  void by_size(Gpr length, Ends ends);
  void cross_tail();
  void check_subtype();
  void lazy(Entry entry);
  void host_trapped();
  template <class F>
  uint32_t trapped_in_stub(F* function);
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
  std::vector<os::NewCode> made_;
  std::string stub_name_;  // of the stub that is being made; empty: none
  uint32_t stub_begin_ = 0;
  native::UnwindProgram unwind_;
};

void Stubs::Maker::common() {
  exit();
  trap();
  fault();
  interrupt();
  native_call();
  short_fill();
  short_copy();
  cross_tail();
  check_subtype();
  host_trapped();
  lazy(Entry::lazy);
  lazy(Entry::lazy_object);
}

// rsp is native_sp, eax the answer.
void Stubs::Maker::exit() {
  masm_.align(16);
  begin_stub("nacre!leave");
  frame_is(Gpr::rsp, kHostFrameBytes);
  for (uint32_t i = 0; i < kHostRegisters.size(); ++i)
    unwind_.saved(kHostRegisters[i], 8 * (i + 2));
  stubs_.exit_offset_ = masm_.offset();
  masm_.mov(w64, Gpr::r11, at(Gpr::rsp, kSavedExec));
  masm_.mov(w64, Gpr::r10, at(Gpr::rsp, kSavedFrameTop));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::r10);
  masm_.mov(w64, Gpr::r10, at(Gpr::rsp, kSavedNativeSp));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, native_sp)), Gpr::r10);
  masm_.alu_imm(w64, Alu::add, Gpr::rsp, kSavedBytes);
  for (uint32_t i = kHostRegisters.size(); i > 0; --i) {
    frame_is(Gpr::rsp, 8 * (i + 1));
    masm_.pop(kHostRegisters[i - 1]);
  }
  frame_is(Gpr::rsp, 8);
  masm_.ret();
}

void Stubs::Maker::trap() {
  define(Entry::trap);
  begin_stub("nacre!trap");
  masm_.pop(Gpr::rsi);
  frame_is(Gpr::rsp, 0);
  unwind_.return_address_in(Gpr::rsi);
  masm_.mov(w64, Gpr::rdx, x64::kFrame);
  masm_.movzx8(Gpr::rcx, Gpr::rax);
  leave_by(&on_trap);
}

// rsi: the instruction, rdx: the address.
void Stubs::Maker::fault() {
  define(Entry::fault);
  begin_stub("nacre!fault");
  frame_is(x64::kFrame, 0);
  unwind_.return_address_in(Gpr::rsi);
  masm_.mov(w64, Gpr::rcx, x64::kFrame);
  masm_.mov(w64, Gpr::r8, x64::kVmCtx);
  leave_by(&on_fault);
}

// rsi: the instruction. Everything else is as it was there; the stack pointer tells how far the
// function had made its frame, or undone it.
void Stubs::Maker::interrupt() {
  define(Entry::interrupt);
  begin_stub("nacre!interrupt");
  frame_is(x64::kFrame, 0);
  unwind_.return_address_in(Gpr::rsi);
  masm_.mov(w64, Gpr::rdx, Gpr::rsp);
  masm_.mov(w64, Gpr::rcx, x64::kFrame);
  masm_.mov(w64, Gpr::r8, x64::kVmCtx);
  leave_by(&on_interrupt);
}

void Stubs::Maker::native_call() {
  define(Entry::native_call);
  begin_stub("nacre!host call");
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::rsp);
  masm_.mov(w64, Gpr::r10, Gpr::rsp);
  begin_native_part();
  frame_is(Gpr::r10, 8);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.push(Gpr::r10);
  masm_.push(Gpr::r10);
  frame_is_at(Gpr::rsp, 8);
  masm_.call(Gpr::rax);
  masm_.pop(Gpr::rsp);
  frame_is(Gpr::rsp, 8);
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.alu_imm(Width::w32, Alu::cmp, at(Gpr::r11, kStop), 0);
  Label stop;
  masm_.jcc(Cond::not_equal, stop);
  masm_.ret();
  masm_.bind(stop);
  masm_.mov(w64, Gpr::rsi, at(Gpr::rsp));
  masm_.mov(w64, Gpr::rdx, x64::kFrame);
  leave_by(&on_stop);
}

// Otherwise the runtime is called. The same if the guest is to stop, for it may be in here each
// time that it is interrupted.
void Stubs::Maker::need_short(Gpr length, int32_t most, Label& otherwise) {
  masm_.alu_imm(w64, Alu::cmp, length, most);
  masm_.jcc(Cond::above, otherwise);
  masm_.mov(w64, Gpr::r10, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.alu_imm(Width::w32, Alu::cmp, at(Gpr::r10, kStop), 0);
  masm_.jcc(Cond::not_equal, otherwise);
}

void Stubs::Maker::need_in_memory0(Gpr address, Gpr length, Label& otherwise) {
  // Where the processor guesses wrong, the address is 0 (Spectre).
  auto leave_if = [&](Cond cond) {
    masm_.jcc(cond, otherwise);
    masm_.cmov(w64, cond, address, at(x64::kVmCtx, offsetof(VmCtx, zero)));
  };
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, memory0)));
  masm_.mov(w64, Gpr::r10, address);
  masm_.alu(w64, Alu::add, Gpr::r10, length);
  leave_if(Cond::below);  // carry: of 64-bit memories
  masm_.alu(w64, Alu::cmp, Gpr::r10, at(Gpr::r11, offsetof(abi::MemoryRecord, size_bytes)));
  leave_if(Cond::above);
}

void Stubs::Maker::return_none() {
  masm_.mov_imm(Width::w32, Gpr::rax, static_cast<uint32_t>(abi::TrapKind::none));
  masm_.ret();
}

// `ends` does so many bytes at the beginning and as many up to the end, which may overlap: the most
// that the length has. Goes on with lengths of 1 to 3.
template <class Ends>
void Stubs::Maker::by_size(Gpr length, Ends ends) {
  for (int32_t bytes : {16, 8, 4}) {
    Label shorter;
    masm_.alu_imm(w64, Alu::cmp, length, bytes);
    masm_.jcc(Cond::below, shorter);
    ends(bytes);
    return_none();
    masm_.bind(shorter);
  }
  Label some;
  masm_.test(w64, length, length);
  masm_.jcc(Cond::not_equal, some);
  return_none();
  masm_.bind(some);
}

void Stubs::Maker::short_fill() {
  define(Entry::short_fill);
  begin_stub("nacre!memory.fill");
  constexpr Gpr kTo = Gpr::rdx, kValue = Gpr::rcx, kLength = Gpr::r8;
  auto end = [](int32_t before) { return at(kTo, kLength, -before); };
  Label call;
  need_short(kLength, kShortFillBytes, call);
  need_in_memory0(kTo, kLength, call);
  masm_.alu(w64, Alu::add, kTo, x64::kMemoryBase);
  masm_.movzx8(kValue, kValue);
  masm_.mov_imm(w64, Gpr::r10, 0x0101'0101'0101'0101);
  masm_.imul(w64, kValue, Gpr::r10);
  by_size(kLength, [&](int32_t bytes) {
    if (bytes == 16) {
      masm_.mov_from_gpr(w64, x64::kXmmScratch, kValue);
      constexpr x64::Opcode kPunpcklqdq{0x66, 1, 0x6C};
      masm_.sse(kPunpcklqdq, x64::kXmmScratch, x64::kXmmScratch, x64::kXmmScratch);
      masm_.movups(at(kTo), x64::kXmmScratch);
      masm_.movups(end(16), x64::kXmmScratch);
    } else {
      Width width = bytes == 8 ? w64 : Width::w32;
      masm_.mov(width, at(kTo), kValue);
      masm_.mov(width, end(bytes), kValue);
    }
  });
  masm_.store8(at(kTo), kValue);
  masm_.store8(end(1), kValue);
  masm_.shift_imm(w64, x64::Shift::shr, kLength, 1);
  masm_.store8(end(0), kValue);
  return_none();
  masm_.bind(call);
  masm_.jmp(at(x64::kVmCtx, offsetof(VmCtx, native_call_entry)));
}

// Everything is read before anything is written.
void Stubs::Maker::short_copy() {
  define(Entry::short_copy);
  begin_stub("nacre!memory.copy");
  constexpr Gpr kTo = Gpr::rcx, kFrom = Gpr::r8, kLength = Gpr::r9;
  constexpr Gpr kFirst = Gpr::r10, kLast = Gpr::r11, kMiddle = Gpr::rsi;
  auto end = [](Gpr base, int32_t before) { return at(base, kLength, -before); };
  Label call;
  need_short(kLength, kShortCopyBytes, call);
  need_in_memory0(kTo, kLength, call);
  need_in_memory0(kFrom, kLength, call);
  masm_.alu(w64, Alu::add, kTo, x64::kMemoryBase);
  masm_.alu(w64, Alu::add, kFrom, x64::kMemoryBase);
  by_size(kLength, [&](int32_t bytes) {
    if (bytes == 16) {
      Label to_32;
      masm_.movups(Xmm::xmm0, at(kFrom));
      masm_.movups(Xmm::xmm1, end(kFrom, 16));
      masm_.alu_imm(w64, Alu::cmp, kLength, 32);
      masm_.jcc(Cond::below_equal, to_32);
      masm_.movups(Xmm::xmm2, at(kFrom, 16));
      masm_.movups(Xmm::xmm3, end(kFrom, 32));
      masm_.movups(at(kTo, 16), Xmm::xmm2);
      masm_.movups(end(kTo, 32), Xmm::xmm3);
      masm_.bind(to_32);
      masm_.movups(at(kTo), Xmm::xmm0);
      masm_.movups(end(kTo, 16), Xmm::xmm1);
    } else {
      Width width = bytes == 8 ? w64 : Width::w32;
      masm_.mov(width, kFirst, at(kFrom));
      masm_.mov(width, kLast, end(kFrom, bytes));
      masm_.mov(width, at(kTo), kFirst);
      masm_.mov(width, end(kTo, bytes), kLast);
    }
  });
  masm_.movzx8(kFirst, at(kFrom));
  masm_.movzx8(kLast, end(kFrom, 1));
  masm_.mov(w64, Gpr::rdx, kLength);
  masm_.shift_imm(w64, x64::Shift::shr, Gpr::rdx, 1);
  masm_.movzx8(kMiddle, at(kFrom, Gpr::rdx));
  masm_.store8(at(kTo), kFirst);
  masm_.store8(end(kTo, 1), kLast);
  masm_.store8(at(kTo, Gpr::rdx), kMiddle);
  return_none();
  masm_.bind(call);
  masm_.jmp(at(x64::kVmCtx, offsetof(VmCtx, native_call_entry)));
}

// The frame of the caller is gone; its registers are restored and the arguments in place. The
// bridge is a frame that gives the instance back to whom the chain of tail calls returns.
void Stubs::Maker::cross_tail() {
  define(Entry::cross_tail);
  begin_stub("nacre!tail call");
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
  begin_stub("nacre!tail call bridge");
  frame_is(x64::kFrame, 16);
  unwind_.saved(x64::kFrame, 16);
  masm_.bind(bridge_return);
  masm_.mov(w64, x64::kVmCtx, at(x64::kFrame, -8));
  masm_.mov(w64, x64::kMemoryBase, at(x64::kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.leave();
  masm_.ret();
}

void Stubs::Maker::check_subtype() {
  define(Entry::check_subtype);
  begin_stub("nacre!check subtype");
  constexpr std::array kGprs = {Gpr::rax, Gpr::rcx, Gpr::rdx, Gpr::rsi,
                                Gpr::rdi, Gpr::r8,  Gpr::r9,  Gpr::r10};
  constexpr int32_t kXmms = 14;
  constexpr int32_t kGprBytes = 8 * static_cast<int32_t>(kGprs.size());
  enter_frame();
  masm_.push(x64::kVmCtx);
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
  stubs_.host_overflow_offset_ = trapped_in_stub(&on_host_overflow);
  stubs_.host_trapped_offset_ = trapped_in_stub(&on_host_trap);
  // rcx: the trap that a direct call left.
  stubs_.direct_trapped_offset_ = trapped_in_stub(&on_direct_trap);
}

template <class F>
uint32_t Stubs::Maker::trapped_in_stub(F* function) {
  masm_.align(16);
  begin_native_part();
  frame_is(x64::kFrame, 16);
  unwind_.saved(x64::kFrame, 16);
  uint32_t offset = masm_.offset();
  masm_.mov(w64, Gpr::rsi, at(x64::kFrame, 8));
  masm_.mov(w64, Gpr::rdx, at(x64::kFrame));
  to_native_stack();
  call_native(function);
  exit_trapped();
  return offset;
}

void Stubs::Maker::lazy(Entry entry) {
  define(entry);
  begin_stub("nacre!compile");
  constexpr int32_t kGprBytes = 8 * static_cast<int32_t>(x64::kGprArgs.size());
  enter_frame();
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
  begin_stub("nacre!enter " + wasm::to_string(type));
  for (uint32_t i = 0; i < kHostRegisters.size(); ++i) {
    masm_.push(kHostRegisters[i]);
    frame_is(Gpr::rsp, 8 * (i + 2));
    unwind_.saved(kHostRegisters[i], 8 * (i + 2));
  }
  masm_.push(Gpr::rdx);
  masm_.push(at(Gpr::rdi, offsetof(ExecContext, native_sp)));
  masm_.push(at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.push(Gpr::rdi);
  masm_.push(Gpr::rdi);  // 16 bytes
  masm_.mov(w64, at(Gpr::rdi, offsetof(ExecContext, native_sp)), Gpr::rsp);
  // The first words of the guest stack lead debuggers back to the native one.
  masm_.mov(w64, Gpr::r10, Gpr::rsp);
  frame_is(Gpr::r10, kHostFrameBytes);
  masm_.mov(w64, Gpr::rsp, at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.alu_imm(w64, Alu::and_, Gpr::rsp, -16);
  masm_.push(Gpr::r10);
  masm_.push(Gpr::r10);
  frame_is_at(Gpr::rsp, kHostFrameBytes);
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
  frame_is(Gpr::rsp, kHostFrameBytes);
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
  begin_stub("nacre!host function " + wasm::to_string(type));
  enter_frame();
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
  begin_stub("nacre!direct host function " + wasm::to_string(type));
  enter_frame();
  masm_.push(x64::kVmCtx);
  masm_.mov(w64, Gpr::r11, at(x64::kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::rsp);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kCallBytes);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, exec)), Gpr::r11);
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, caller)), x64::kVmCtx);
  // If the guest is to stop, that is what the call leaves behind, unless it traps itself.
  masm_.mov(Width::w32, Gpr::r10, at(Gpr::r11, kStop));
  masm_.mov(w64, at(Gpr::rsp, offsetof(abi::DirectCall, trap)), Gpr::r10);
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
  masm_.mov(w64, Gpr::rcx, at(Gpr::rsp, offsetof(abi::DirectCall, trap)));
  masm_.test(w64, Gpr::rcx, Gpr::rcx);
  Label trapped{.bound = static_cast<int32_t>(stubs_.direct_trapped_offset_)};
  masm_.jcc(Cond::not_equal, trapped);
  masm_.leave();
  masm_.ret();
  return start;
}

// ---- the collection

Result<std::unique_ptr<Stubs>> Stubs::create(const Options& options) {
  std::unique_ptr<Stubs> stubs(new Stubs(options));
  stubs->memory_ = TRY(os::CodeMemory::create(kMemoryBytes, options.debug));
  Maker maker(*stubs);
  maker.common();
  maker.finish();
  return stubs;
}

Stubs::~Stubs() {
  const uint8_t* begin = memory_.executable();
  if (options_.listener != nullptr && begin != nullptr)
    options_.listener->code_freed(begin, begin + memory_.size_bytes());
}

namespace {

// More than the stubs of one signature can take.
size_t stub_bytes(const wasm::FuncType& type) {
  return 512 + kPageBytes + 32 * (type.params.size() + type.results.size());
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
