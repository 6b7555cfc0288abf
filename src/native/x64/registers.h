// Registers of x86-64, and what the calling contract uses them for.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace nacre::native::x64 {

enum class Gpr : uint8_t {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15
};
enum class Xmm : uint8_t {
  xmm0,
  xmm1,
  xmm2,
  xmm3,
  xmm4,
  xmm5,
  xmm6,
  xmm7,
  xmm8,
  xmm9,
  xmm10,
  xmm11,
  xmm12,
  xmm13,
  xmm14,
  xmm15
};

constexpr uint8_t number(Gpr reg) { return static_cast<uint8_t>(reg); }
constexpr uint8_t number(Xmm reg) { return static_cast<uint8_t>(reg); }

// Sets of registers of one kind.
template <class Reg>
class RegSet {
 public:
  constexpr RegSet() = default;
  template <class... Regs>
  static constexpr RegSet of(Regs... regs) {
    RegSet set;
    (set.add(regs), ...);
    return set;
  }
  constexpr void add(Reg reg) { bits_ |= bit(reg); }
  constexpr void remove(Reg reg) { bits_ &= ~bit(reg); }
  constexpr bool has(Reg reg) const { return (bits_ & bit(reg)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr int size() const { return std::popcount(bits_); }
  // Of a set that is not empty.
  constexpr Reg first() const { return static_cast<Reg>(std::countr_zero(bits_)); }
  friend constexpr RegSet operator|(RegSet a, RegSet b) { return RegSet(a.bits_ | b.bits_); }
  friend constexpr RegSet operator-(RegSet a, RegSet b) { return RegSet(a.bits_ & ~b.bits_); }
  friend constexpr bool operator==(RegSet, RegSet) = default;

 private:
  static constexpr uint32_t bit(Reg reg) { return 1u << number(reg); }
  explicit constexpr RegSet(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};
using GprSet = RegSet<Gpr>;
using XmmSet = RegSet<Xmm>;

// The calling contract (abi/calls.h).
inline constexpr Gpr kVmCtx = Gpr::r13;
inline constexpr Gpr kMemoryBase = Gpr::r15;
inline constexpr Gpr kFrame = Gpr::rbp;
inline constexpr std::array kGprArgs = {Gpr::rdi, Gpr::rsi, Gpr::rdx, Gpr::rcx, Gpr::r8, Gpr::r9};
inline constexpr std::array kGprResults = {Gpr::rax, Gpr::rdx};
inline constexpr size_t kXmmArgs = 8;     // xmm0 to xmm7
inline constexpr size_t kXmmResults = 2;  // xmm0, xmm1

// Never hold a value from one instruction to the next.
inline constexpr Gpr kScratch = Gpr::r11;
inline constexpr Xmm kXmmScratch = Xmm::xmm15;
inline constexpr Xmm kXmmScratch2 = Xmm::xmm14;

}  // namespace nacre::native::x64
