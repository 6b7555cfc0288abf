#include "native/x64/thunk.h"

#include "abi/vmctx.h"
#include "native/stubs.h"
#include "native/x64/assembler.h"

namespace nacre::native::x64 {

size_t emit_lazy_thunk(uint8_t* buffer, uint32_t function) {
  static_assert(kThunkBytes >= 3 * kMaxInstructionBytes - 16);
  os::CpuFeatures cpu;  // none of which it needs
  Assembler masm(cpu);
  masm.start(buffer);
  masm.mov_imm(Width::w32, Gpr::rax, function);
  masm.mov(Width::w64, kScratch, at(kVmCtx, offsetof(abi::VmCtx, entries)));
  masm.jmp(at(kScratch, entry_offset(Entry::lazy)));
  return masm.offset();
}

}  // namespace nacre::native::x64
