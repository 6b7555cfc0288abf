#include "native/x64/thunk.h"

#include "abi/vmctx.h"
#include "native/stubs.h"
#include "native/x64/assembler.h"

namespace nacre::native::x64 {

static_assert(kThunkBytes >= 4 * kMaxInstructionBytes);

namespace {
constexpr os::CpuFeatures kAnyCpu;  // thunks need nothing of it
}

size_t emit_lazy_thunk(uint8_t* buffer, uint32_t function) {
  Assembler masm(kAnyCpu);
  masm.start(buffer);
  masm.mov_imm(Width::w32, Gpr::rax, function);
  masm.mov(Width::w64, kScratch, at(kVmCtx, offsetof(abi::VmCtx, entries)));
  masm.jmp(at(kScratch, entry_offset(Entry::lazy)));
  return masm.offset();
}

size_t emit_object_thunk(uint8_t* buffer, uint32_t function, const void* stub) {
  Assembler masm(kAnyCpu);
  masm.start(buffer);
  masm.mov(Width::w64, Gpr::rax, at(kVmCtx, offsetof(abi::VmCtx, functions)));
  masm.mov(Width::w64, Gpr::rax, at(Gpr::rax, static_cast<int32_t>(function * sizeof(void*))));
  masm.mov_imm64(kScratch, reinterpret_cast<uintptr_t>(stub));
  masm.jmp(kScratch);
  return masm.offset();
}

size_t emit_slot_thunk(uint8_t* buffer, int32_t slot_distance) {
  constexpr int32_t kJumpBytes = 6;
  Assembler masm(kAnyCpu);
  masm.start(buffer);
  masm.jmp_rip(slot_distance - kJumpBytes);
  return masm.offset();
}

}  // namespace nacre::native::x64
