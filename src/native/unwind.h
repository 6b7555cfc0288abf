// How a debugger finds the caller of a frame of machine code: programs of DWARF call frame
// instructions (DWARF 5, section 6.4), as os/code_listener.h wants them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "native/code_image.h"
#include "native/x64/registers.h"

namespace nacre::native {

class UnwindProgram {
 public:
  UnwindProgram() { bytes_.reserve(kUsualBytes); }
  // What is said next holds from there on. Offsets rise.
  void advance_to(uint32_t code_offset);
  // The canonical frame address (rsp before the call) is base + plus.
  void cfa(x64::Gpr base, uint32_t plus);
  // It is what stands in memory at [base + disp], + plus. -64 <= disp < 64.
  void cfa_at(x64::Gpr base, int32_t disp, uint32_t plus);
  // The caller's register stands at the canonical frame address minus `below`, a multiple of 8.
  void saved(x64::Gpr reg, uint32_t below);
  // The return address is in this register.
  void return_address_in(x64::Gpr reg);

  std::vector<uint8_t> take() { return std::exchange(bytes_, {}); }

 private:
  // Of a stub; a start of the engine writes some twenty.
  static constexpr size_t kUsualBytes = 64;

  void leb(uint64_t value);

  std::vector<uint8_t> bytes_;
  uint32_t at_ = 0;
};

// Of a function of which `frame` says how it makes its frame. (Where the frame is undone, in front
// of the `ret`, the debugger misses the caller.)
std::vector<uint8_t> unwind_frame_pointer(const FrameStates& frame);

}  // namespace nacre::native
