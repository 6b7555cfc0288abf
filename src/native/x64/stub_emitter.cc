#include "native/x64/stub_emitter.h"

#include <algorithm>
#include <array>

#include "abi/host_func.h"

namespace nacre::native::x64 {

using abi::ExecContext;
using abi::FuncObject;
using abi::VmCtx;

namespace {

constexpr Width w64 = Width::w64;
constexpr int32_t kStop = offsetof(ExecContext, running) + offsetof(os::Interruptible, stop);
constexpr int32_t kSuspendedIn =
    offsetof(ExecContext, suspension) + offsetof(abi::Suspension, function);
constexpr int32_t kResumePoint =
    offsetof(ExecContext, suspension) + offsetof(abi::Suspension, resume_point);
// What a parked guest leaves on its stack, besides the frame pointer on top and the address where
// it goes on.
constexpr std::array kParkedRegisters = {Gpr::rbx, Gpr::r12, Gpr::r13, Gpr::r14, Gpr::r15};

// What a bulk operation does in a stub takes at most this.
constexpr int32_t kShortFillBytes = 32;
constexpr int32_t kShortCopyBytes = 64;

constexpr size_t kUsualPieces = 24;  // of the common stubs

}  // namespace

Result<void> StubEmitter::start(uint32_t bytes) {
  if (!image_.code.reserve(bytes)) return fail(ErrorCode::out_of_memory, "no memory for stubs");
  masm_.start(image_.code.data());
  pieces_.reserve(kUsualPieces);
  return {};
}

std::vector<StubPiece> StubEmitter::finish() {
  end_stub();
  image_.code.set_size(masm_.offset());
  return std::move(pieces_);
}

void StubEmitter::begin_stub(std::string_view name) {
  end_stub();
  piece_ = {.begin = masm_.offset(), .name = std::string(name)};
}

void StubEmitter::end_stub() {
  if (piece_.name.empty()) return;
  piece_.size = masm_.offset() - piece_.begin;
  piece_.unwind = unwind_.take();
  unwind_ = {};
  pieces_.push_back(std::move(piece_));
  piece_ = {};
}

void StubEmitter::frame_is(Gpr base, uint32_t plus) {
  unwind_.advance_to(masm_.offset() - piece_.begin);
  unwind_.cfa(base, plus);
}

void StubEmitter::frame_is_at(Gpr base, int32_t disp, uint32_t plus) {
  unwind_.advance_to(masm_.offset() - piece_.begin);
  unwind_.cfa_at(base, disp, plus);
}

void StubEmitter::enter_frame() {
  masm_.push(kFrame);
  frame_is(Gpr::rsp, 16);
  unwind_.saved(kFrame, 16);
  masm_.mov(w64, kFrame, Gpr::rsp);
  frame_is(kFrame, 16);
}

void StubEmitter::define(Entry entry) {
  masm_.align(16);
  common_.entries[static_cast<uint32_t>(entry)] = masm_.offset();
}

void StubEmitter::load_address(Gpr to, StubCallee callee) {
  masm_.mov_imm64(to, 0);
  image_.relocations.emplace_back(Relocation::Kind::stub_callee, masm_.offset() - 8,
                                  static_cast<uint32_t>(callee));
}

void StubEmitter::call_native(StubCallee callee) {
  load_address(Gpr::rax, callee);
  masm_.call(Gpr::rax);
}

void StubEmitter::switch_and_call(StubCallee callee) {
  load_address(Gpr::rax, callee);
  masm_.call(at(kVmCtx, offsetof(VmCtx, native_call_entry)));
}

void StubEmitter::to_native_stack() {
  masm_.mov(w64, Gpr::rdi, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, Gpr::rsp, at(Gpr::rdi, offsetof(ExecContext, native_sp)));
}

void StubEmitter::jump_to(uint32_t space_offset) {
  masm_.jmp_near(0);
  image_.relocations.emplace_back(Relocation::Kind::space_offset, masm_.offset() - 4, space_offset);
}

void StubEmitter::jump_to_if(Cond cond, uint32_t space_offset) {
  masm_.jcc_near(cond, 0);
  image_.relocations.emplace_back(Relocation::Kind::space_offset, masm_.offset() - 4, space_offset);
}

void StubEmitter::exit_trapped() {
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.mov_imm(Width::w32, Gpr::rax, 1);
  jump_to(common_.exit);
}

void StubEmitter::leave_by(StubCallee handler) {
  masm_.mov(w64, Gpr::rbx, Gpr::rsi);
  begin_native_part();
  frame_is(kFrame, 0);
  unwind_.return_address_in(Gpr::rbx);
  to_native_stack();
  call_native(handler);
  exit_trapped();
}

// ---- the stubs that all share

void StubEmitter::emit_common() {
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
  suspend();
  resume();
  lazy(Entry::lazy);
  lazy(Entry::lazy_object);
}

// rsp is native_sp, eax the answer.
void StubEmitter::exit() {
  masm_.align(16);
  begin_stub("nacre!leave");
  frame_is(Gpr::rsp, kHostFrameBytes);
  host_registers_are_saved();
  common_.exit = masm_.offset();
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

void StubEmitter::trap() {
  define(Entry::trap);
  begin_stub("nacre!trap");
  masm_.pop(Gpr::rsi);
  frame_is(Gpr::rsp, 0);
  unwind_.return_address_in(Gpr::rsi);
  masm_.mov(w64, Gpr::rdx, kFrame);
  masm_.movzx8(Gpr::rcx, Gpr::rax);
  leave_by(StubCallee::on_trap);
}

// rsi: the instruction, rdx: the address.
void StubEmitter::fault() {
  define(Entry::fault);
  begin_stub("nacre!fault");
  frame_is(kFrame, 0);
  unwind_.return_address_in(Gpr::rsi);
  masm_.mov(w64, Gpr::rcx, kFrame);
  masm_.mov(w64, Gpr::r8, kVmCtx);
  leave_by(StubCallee::on_fault);
}

// rsi: the instruction. Everything else is as it was there; the stack pointer tells how far the
// function had made its frame, or undone it.
void StubEmitter::interrupt() {
  define(Entry::interrupt);
  begin_stub("nacre!interrupt");
  frame_is(kFrame, 0);
  unwind_.return_address_in(Gpr::rsi);
  masm_.mov(w64, Gpr::rdx, Gpr::rsp);
  masm_.mov(w64, Gpr::rcx, kFrame);
  masm_.mov(w64, Gpr::r8, kVmCtx);
  leave_by(StubCallee::on_interrupt);
}

void StubEmitter::native_call() {
  define(Entry::native_call);
  begin_stub("nacre!host call");
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, offsetof(ExecContext, frame_top)), Gpr::rsp);
  masm_.mov(w64, Gpr::r10, Gpr::rsp);
  begin_native_part();
  frame_is(Gpr::r10, 8);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  masm_.push(Gpr::r10);
  masm_.push(Gpr::r10);
  frame_is_at(Gpr::rsp, 0, 8);
  masm_.call(Gpr::rax);
  masm_.pop(Gpr::rsp);
  frame_is(Gpr::rsp, 8);
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.alu_imm(Width::w32, Alu::cmp, at(Gpr::r11, kStop), 0);
  Label stop, ends_here;
  masm_.jcc(Cond::not_equal, stop);
  masm_.ret();
  masm_.bind(stop);
  // A guest that is about to be parked stops when it is resumed.
  masm_.alu_imm(w64, Alu::cmp, at(Gpr::r11, kSuspendedIn), 0);
  masm_.jcc(Cond::equal, ends_here);
  masm_.ret();
  masm_.bind(ends_here);
  masm_.mov(w64, Gpr::rsi, at(Gpr::rsp));
  masm_.mov(w64, Gpr::rdx, kFrame);
  leave_by(StubCallee::on_stop);
}

// Otherwise the runtime is called. The same if the guest is to stop, for it may be in here each
// time that it is interrupted.
void StubEmitter::need_short(Gpr length, int32_t most, Label& otherwise) {
  masm_.alu_imm(w64, Alu::cmp, length, most);
  masm_.jcc(Cond::above, otherwise);
  masm_.mov(w64, Gpr::r10, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.alu_imm(Width::w32, Alu::cmp, at(Gpr::r10, kStop), 0);
  masm_.jcc(Cond::not_equal, otherwise);
}

void StubEmitter::need_in_memory0(Gpr address, Gpr length, Label& otherwise) {
  // Where the processor guesses wrong, the address is 0 (Spectre).
  auto leave_if = [&](Cond cond) {
    masm_.jcc(cond, otherwise);
    masm_.cmov(w64, cond, address, at(kVmCtx, offsetof(VmCtx, zero)));
  };
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, memory0)));
  masm_.mov(w64, Gpr::r10, address);
  masm_.alu(w64, Alu::add, Gpr::r10, length);
  leave_if(Cond::below);  // carry: of 64-bit memories
  masm_.alu(w64, Alu::cmp, Gpr::r10, at(Gpr::r11, offsetof(abi::MemoryRecord, size_bytes)));
  leave_if(Cond::above);
}

void StubEmitter::return_none() {
  masm_.mov_imm(Width::w32, Gpr::rax, static_cast<uint32_t>(abi::TrapKind::none));
  masm_.ret();
}

// `ends` does so many bytes at the beginning and as many up to the end, which may overlap: the most
// that the length has. Goes on with lengths of 1 to 3.
template <class Ends>
void StubEmitter::by_size(Gpr length, Ends ends) {
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

void StubEmitter::short_fill() {
  define(Entry::short_fill);
  begin_stub("nacre!memory.fill");
  constexpr Gpr kTo = Gpr::rdx, kValue = Gpr::rcx, kLength = Gpr::r8;
  auto end = [](int32_t before) { return at(kTo, kLength, -before); };
  Label call;
  need_short(kLength, kShortFillBytes, call);
  need_in_memory0(kTo, kLength, call);
  masm_.alu(w64, Alu::add, kTo, kMemoryBase);
  masm_.movzx8(kValue, kValue);
  masm_.mov_imm(w64, Gpr::r10, 0x0101'0101'0101'0101);
  masm_.imul(w64, kValue, Gpr::r10);
  by_size(kLength, [&](int32_t bytes) {
    if (bytes == 16) {
      masm_.mov_from_gpr(w64, kXmmScratch, kValue);
      constexpr Opcode kPunpcklqdq{0x66, 1, 0x6C};
      masm_.sse(kPunpcklqdq, kXmmScratch, kXmmScratch, kXmmScratch);
      masm_.movups(at(kTo), kXmmScratch);
      masm_.movups(end(16), kXmmScratch);
    } else {
      Width width = bytes == 8 ? w64 : Width::w32;
      masm_.mov(width, at(kTo), kValue);
      masm_.mov(width, end(bytes), kValue);
    }
  });
  masm_.store8(at(kTo), kValue);
  masm_.store8(end(1), kValue);
  masm_.shift_imm(w64, Shift::shr, kLength, 1);
  masm_.store8(end(0), kValue);
  return_none();
  masm_.bind(call);
  masm_.jmp(at(kVmCtx, offsetof(VmCtx, native_call_entry)));
}

// Everything is read before anything is written.
void StubEmitter::short_copy() {
  define(Entry::short_copy);
  begin_stub("nacre!memory.copy");
  constexpr Gpr kTo = Gpr::rcx, kFrom = Gpr::r8, kLength = Gpr::r9;
  constexpr Gpr kFirst = Gpr::r10, kLast = Gpr::r11, kMiddle = Gpr::rsi;
  auto end = [](Gpr base, int32_t before) { return at(base, kLength, -before); };
  Label call;
  need_short(kLength, kShortCopyBytes, call);
  need_in_memory0(kTo, kLength, call);
  need_in_memory0(kFrom, kLength, call);
  masm_.alu(w64, Alu::add, kTo, kMemoryBase);
  masm_.alu(w64, Alu::add, kFrom, kMemoryBase);
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
  masm_.shift_imm(w64, Shift::shr, Gpr::rdx, 1);
  masm_.movzx8(kMiddle, at(kFrom, Gpr::rdx));
  masm_.store8(at(kTo), kFirst);
  masm_.store8(end(kTo, 1), kLast);
  masm_.store8(at(kTo, Gpr::rdx), kMiddle);
  return_none();
  masm_.bind(call);
  masm_.jmp(at(kVmCtx, offsetof(VmCtx, native_call_entry)));
}

// The frame of the caller is gone; its registers are restored and the arguments in place. The
// bridge is a frame that gives the instance back to whom the chain of tail calls returns.
void StubEmitter::cross_tail() {
  define(Entry::cross_tail);
  begin_stub("nacre!tail call");
  Label bridge_return, have_bridge;
  masm_.lea_label(kScratch, bridge_return);
  masm_.alu(w64, Alu::cmp, kScratch, at(Gpr::rsp));
  masm_.jcc(Cond::equal, have_bridge);
  masm_.push(kFrame);
  masm_.mov(w64, kFrame, Gpr::rsp);
  masm_.push(kVmCtx);
  masm_.push(kVmCtx);
  masm_.push(kScratch);
  masm_.bind(have_bridge);
  masm_.mov(w64, kVmCtx, at(Gpr::rax, offsetof(FuncObject, vmctx)));
  masm_.mov(w64, kMemoryBase, at(kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.jmp(at(Gpr::rax, offsetof(FuncObject, code)));
  begin_stub("nacre!tail call bridge");
  frame_is(kFrame, 16);
  unwind_.saved(kFrame, 16);
  masm_.bind(bridge_return);
  masm_.mov(w64, kVmCtx, at(kFrame, -8));
  masm_.mov(w64, kMemoryBase, at(kVmCtx, offsetof(VmCtx, memory0_base)));
  masm_.leave();
  masm_.ret();
}

void StubEmitter::check_subtype() {
  define(Entry::check_subtype);
  begin_stub("nacre!check subtype");
  constexpr std::array kGprs = {Gpr::rax, Gpr::rcx, Gpr::rdx, Gpr::rsi,
                                Gpr::rdi, Gpr::r8,  Gpr::r9,  Gpr::r10};
  constexpr int32_t kXmms = 14;
  constexpr int32_t kGprBytes = 8 * static_cast<int32_t>(kGprs.size());
  enter_frame();
  masm_.push(kVmCtx);
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kGprBytes + 16 * kXmms);
  for (size_t i = 0; i < kGprs.size(); ++i)
    masm_.mov(w64, at(Gpr::rsp, 8 * static_cast<int32_t>(i)), kGprs[i]);
  for (int32_t i = 0; i < kXmms; ++i)
    masm_.movups(at(Gpr::rsp, kGprBytes + 16 * i), static_cast<Xmm>(i));
  masm_.mov(w64, Gpr::rdi, kVmCtx);
  masm_.mov(Width::w32, Gpr::rsi, at(Gpr::rax, offsetof(FuncObject, type)));
  masm_.mov(Width::w32, Gpr::rdx, at(kFrame, 16));
  masm_.mov(w64, Gpr::rax, at(kVmCtx, offsetof(VmCtx, builtins)));
  masm_.mov(w64, Gpr::rax, at(Gpr::rax, offsetof(abi::Builtins, type_matches)));
  masm_.call(at(kVmCtx, offsetof(VmCtx, native_call_entry)));
  masm_.movzx8(kScratch, Gpr::rax);
  for (size_t i = 0; i < kGprs.size(); ++i)
    masm_.mov(w64, kGprs[i], at(Gpr::rsp, 8 * static_cast<int32_t>(i)));
  for (int32_t i = 0; i < kXmms; ++i)
    masm_.movups(static_cast<Xmm>(i), at(Gpr::rsp, kGprBytes + 16 * i));
  masm_.test(Width::w32, kScratch, kScratch);
  masm_.leave();
  masm_.ret();
}

// In a frame of a stub whose host function trapped: exec->trap is set, the frames are missing.
void StubEmitter::host_trapped() {
  common_.host_overflow = trapped_in_stub(StubCallee::on_host_overflow);
  common_.host_trapped = trapped_in_stub(StubCallee::on_host_trap);
  // rcx: the trap that a direct call left.
  common_.direct_trapped = trapped_in_stub(StubCallee::on_direct_trap);
}

uint32_t StubEmitter::trapped_in_stub(StubCallee callee) {
  masm_.align(16);
  begin_native_part();
  frame_is(kFrame, 16);
  unwind_.saved(kFrame, 16);
  uint32_t offset = masm_.offset();
  masm_.mov(w64, Gpr::rsi, at(kFrame, 8));
  masm_.mov(w64, Gpr::rdx, at(kFrame));
  to_native_stack();
  call_native(callee);
  exit_trapped();
  return offset;
}

// In the frame of a stub whose callee is suspended (eax is 2), or trapped: the guest leaves its
// stack, and resume() goes on at rcx, with the stack pointer and what functions keep as they
// are here.
void StubEmitter::suspend() {
  masm_.align(16);
  begin_stub("nacre!suspend");
  frame_is(kFrame, 16);
  unwind_.saved(kFrame, 16);
  common_.host_ended = masm_.offset();
  masm_.alu_imm(Width::w32, Alu::cmp, Gpr::rax, 2);
  jump_to_if(Cond::not_equal, common_.host_trapped);
  masm_.push(Gpr::rcx);
  for (Gpr reg : kParkedRegisters) masm_.push(reg);
  masm_.push(kFrame);
  masm_.mov(w64, Gpr::r11, at(kVmCtx, offsetof(VmCtx, exec)));
  masm_.mov(w64, at(Gpr::r11, kResumePoint), Gpr::rsp);
  masm_.mov(w64, Gpr::rsp, at(Gpr::r11, offsetof(ExecContext, native_sp)));
  jump_to(common_.exit);
}

// A ResumeEntry.
void StubEmitter::resume() {
  masm_.align(16);
  common_.resume = masm_.offset();
  begin_stub("nacre!resume");
  push_host_frame(Gpr::rsi);
  masm_.mov(w64, Gpr::r11, at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.alu_imm(w64, Alu::and_, Gpr::r11, -16);
  masm_.mov(w64, at(Gpr::r11, -kLinkBytes), Gpr::r10);
  masm_.mov(w64, Gpr::rsp, Gpr::rdx);
  masm_.pop(kFrame);
  for (size_t i = kParkedRegisters.size(); i-- > 0;) masm_.pop(kParkedRegisters[i]);
  masm_.ret();
}

void StubEmitter::host_registers_are_saved() {
  for (uint32_t i = 0; i < kHostRegisters.size(); ++i)
    unwind_.saved(kHostRegisters[i], 8 * (i + 2));
}

void StubEmitter::push_host_frame(Gpr values) {
  for (uint32_t i = 0; i < kHostRegisters.size(); ++i) {
    masm_.push(kHostRegisters[i]);
    frame_is(Gpr::rsp, 8 * (i + 2));
    unwind_.saved(kHostRegisters[i], 8 * (i + 2));
  }
  masm_.push(values);
  masm_.push(at(Gpr::rdi, offsetof(ExecContext, native_sp)));
  masm_.push(at(Gpr::rdi, offsetof(ExecContext, frame_top)));
  masm_.push(Gpr::rdi);
  masm_.push(Gpr::rdi);  // 16 bytes
  masm_.mov(w64, at(Gpr::rdi, offsetof(ExecContext, native_sp)), Gpr::rsp);
  masm_.mov(w64, Gpr::r10, Gpr::rsp);
  frame_is(Gpr::r10, kHostFrameBytes);
}

void StubEmitter::lazy(Entry entry) {
  define(entry);
  begin_stub("nacre!compile");
  constexpr int32_t kGprBytes = 8 * static_cast<int32_t>(kGprArgs.size());
  enter_frame();
  masm_.push(kVmCtx);
  masm_.alu_imm(w64, Alu::sub, Gpr::rsp, kGprBytes + 16 * static_cast<int32_t>(kXmmArgs) + 8);
  for (size_t i = 0; i < kGprArgs.size(); ++i)
    masm_.mov(w64, at(Gpr::rsp, 8 * static_cast<int32_t>(i)), kGprArgs[i]);
  for (size_t i = 0; i < kXmmArgs; ++i)
    masm_.movups(at(Gpr::rsp, kGprBytes + 16 * static_cast<int32_t>(i)), static_cast<Xmm>(i));
  masm_.mov(w64, Gpr::rdi, kVmCtx);
  masm_.mov(w64, Gpr::rsi, Gpr::rax);
  if (entry == Entry::lazy) {
    switch_and_call(StubCallee::compile_function);
  } else {
    switch_and_call(StubCallee::compile_object);
  }
  masm_.test(w64, Gpr::rax, Gpr::rax);
  jump_to_if(Cond::equal, common_.host_trapped);
  for (size_t i = 0; i < kGprArgs.size(); ++i)
    masm_.mov(w64, kGprArgs[i], at(Gpr::rsp, 8 * static_cast<int32_t>(i)));
  for (size_t i = 0; i < kXmmArgs; ++i)
    masm_.movups(static_cast<Xmm>(i), at(Gpr::rsp, kGprBytes + 16 * static_cast<int32_t>(i)));
  masm_.leave();
  masm_.jmp(Gpr::rax);
}

}  // namespace nacre::native::x64
