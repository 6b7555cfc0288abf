// Emits stubs (native/stubs.h) for x86-64: those that every engine has once (stub_emitter.cc) and
// those of a signature (signature_stubs.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "abi/code.h"
#include "abi/vmctx.h"
#include "native/code_image.h"
#include "native/options.h"
#include "native/stubs.h"
#include "native/support.h"
#include "native/unwind.h"
#include "native/x64/assembler.h"
#include "os/code_listener.h"
#include "wasm/types.h"

namespace nacre::native::x64 {

// What an entry from the host leaves on the native stack, from ExecContext::native_sp upwards.
inline constexpr int32_t kSavedExec = 8, kSavedFrameTop = 16, kSavedNativeSp = 24;
inline constexpr int32_t kSavedValues = 32;
// Above it the registers that C functions keep, in the order in which they are pushed.
inline constexpr std::array kHostRegisters = {Gpr::rbp, Gpr::rbx, Gpr::r12,
                                              Gpr::r13, Gpr::r14, Gpr::r15};
inline constexpr uint32_t kSavedBytes = kSavedValues + 8;
// On the guest's stack in front of the first frame: the lower word is the native_sp.
inline constexpr int32_t kLinkBytes = 16;
inline constexpr uint32_t kHostFrameBytes = kSavedBytes + 8 * (kHostRegisters.size() + 1);

// More than the stubs of one signature can take.
uint32_t signature_stub_bytes(const wasm::FuncType& type);

// One object emits one image, on one thread.
class StubEmitter {
 public:
  StubEmitter(const Options& options, CommonStubs& common, CodeImage& image)
      : options_(options), common_(common), image_(image), masm_(options_.cpu) {}

  // With room for so many bytes. Errors: out_of_memory.
  Result<void> start(uint32_t bytes);
  // All of `common`, which is to be the first image of the space.
  void emit_common();
  // These begin at the image's first byte.
  void host_entry(const wasm::FuncType& type);
  void host_function(const wasm::FuncType& type);
  void direct_host_function(const wasm::FuncType& type);
  void elsewhere(const wasm::FuncType& type);
  // The same for functions that may block. Where the guest can be parked, the stub of
  // host_function() does it, which is at this byte of the space.
  void direct_may_block(const wasm::FuncType& type, uint32_t host_function);
  // The image is complete. What is in it.
  std::vector<StubPiece> finish();

 private:
  // ---- what a stub is called, and how its frames unwind
  // What follows is called `name` until the next stub begins.
  void begin_stub(std::string_view name);
  void end_stub();
  // The rest of the stub runs on the native stack. What is there already knows nothing of the stack
  // it came from, so the way back is here.
  void begin_native_part() { begin_stub(os::kStackSwitchName); }
  // From here on the frame is as the arguments of UnwindProgram::cfa say.
  void frame_is(Gpr base, uint32_t plus);
  void frame_is_at(Gpr base, int32_t disp, uint32_t plus);
  void enter_frame();
  void define(Entry entry);

  // ---- between the stacks
  void call_native(StubCallee callee);
  // On the native stack from the guest's.
  void switch_and_call(StubCallee callee);
  void load_address(Gpr to, StubCallee callee);
  void to_native_stack();
  // Of an entry from the host, whose ExecContext is in rdi: keeps what C functions keep, and where
  // the results go, on the native stack, and makes that the native_sp. The unwinding goes by r10
  // then, until the guest stack leads back.
  void push_host_frame(Gpr values);
  // All of it is there, for those who unwind.
  void host_registers_are_saved();
  // To a byte of the space of the stubs.
  void jump_to(uint32_t space_offset);
  void jump_to_if(Cond cond, uint32_t space_offset);
  void exit_trapped();
  // The end of a stub that a function trapped into: what `handler` makes of it is why the guest's
  // call ends. The function's frame is whole; rsi says where, and rbx, for debuggers, afterwards.
  void leave_by(StubCallee handler);

  // ---- stubs
  void exit();
  void trap();
  void fault();
  void interrupt();
  void native_call();
  void suspend();
  void resume();
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
  uint32_t trapped_in_stub(StubCallee callee);
  void call_with_values(const wasm::FuncType& type, StubCallee callee);
  void begin_direct_call();
  void call_directly(const wasm::FuncType& type);
  void move(Mem to, Mem from);
  // A value that guest code gets: what its type leaves unspecified is filled in checked builds.
  void pass(wasm::ValType type, Gpr to, Mem from, Gpr scratch);
  void pass(wasm::ValType type, Mem to, Mem from);

  const Options& options_;
  CommonStubs& common_;
  CodeImage& image_;
  Assembler masm_;
  std::vector<StubPiece> pieces_;
  StubPiece piece_;  // that is being made; without a name: none
  UnwindProgram unwind_;
};

}  // namespace nacre::native::x64
