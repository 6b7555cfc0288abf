#include "native/unwind.h"

#include <array>

namespace nacre::native {
namespace {

using x64::Gpr;

// Instructions and operations of DWARF.
enum : uint8_t {
  kAdvanceLoc4 = 0x04,
  kRegister = 0x09,
  kDefCfa = 0x0C,
  kDefCfaExpression = 0x0F,
  kOffset = 0x80,
  kOpDeref = 0x06,
  kOpPlusUconst = 0x23,
  kOpBreg0 = 0x70
};
constexpr uint8_t kReturnAddress = 16;

// DWARF numbers the first registers in another order.
uint8_t dwarf_number(Gpr reg) {
  constexpr std::array<uint8_t, 8> kFirst = {0, 2, 1, 3, 7, 6, 4, 5};
  uint8_t number = x64::number(reg);
  return number < kFirst.size() ? kFirst[number] : number;
}

}  // namespace

void UnwindProgram::leb(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<uint8_t>(value | 0x80));
  bytes_.push_back(static_cast<uint8_t>(value));
}

void UnwindProgram::advance_to(uint32_t code_offset) {
  uint32_t distance = code_offset - at_;
  if (distance == 0) return;
  at_ = code_offset;
  bytes_.push_back(kAdvanceLoc4);
  for (int shift = 0; shift < 32; shift += 8)
    bytes_.push_back(static_cast<uint8_t>(distance >> shift));
}

void UnwindProgram::cfa(Gpr base, uint32_t plus) {
  bytes_.push_back(kDefCfa);
  leb(dwarf_number(base));
  leb(plus);
}

void UnwindProgram::cfa_at(Gpr base, int32_t disp, uint32_t plus) {
  bytes_.push_back(kDefCfaExpression);
  std::vector<uint8_t> outer = std::exchange(bytes_, {});
  // One byte of signed LEB128.
  auto offset = static_cast<uint8_t>(disp & 0x7F);
  bytes_ = {static_cast<uint8_t>(kOpBreg0 + dwarf_number(base)), offset, kOpDeref, kOpPlusUconst};
  leb(plus);
  std::vector<uint8_t> expression = std::exchange(bytes_, std::move(outer));
  leb(expression.size());
  bytes_.insert(bytes_.end(), expression.begin(), expression.end());
}

void UnwindProgram::saved(Gpr reg, uint32_t below) {
  bytes_.push_back(static_cast<uint8_t>(kOffset | dwarf_number(reg)));
  leb(below / 8);
}

void UnwindProgram::return_address_in(Gpr reg) {
  bytes_.push_back(kRegister);
  leb(kReturnAddress);
  leb(dwarf_number(reg));
}

std::vector<uint8_t> unwind_frame_pointer(const FrameStates& frame) {
  UnwindProgram program;
  program.advance_to(frame.pushed);
  program.cfa(Gpr::rsp, 16);
  program.saved(Gpr::rbp, 16);
  program.advance_to(frame.linked);
  program.cfa(Gpr::rbp, 16);
  return program.take();
}

}  // namespace nacre::native
