// The words for x86-64 in listings, and the features that this compiler's code needs.
#pragma once

#include <array>
#include <string>

#include "native/x64/registers.h"
#include "os/cpu.h"

namespace nacre::baseline::x64 {

inline constexpr const char kProcessor[] = "x86-64";

constexpr bool is_enough(const os::CpuFeatures& cpu) {
  return cpu.sse41 && cpu.sse42 && cpu.popcnt;
}
inline constexpr const char kNotEnough[] =
    "the tier \"baseline\" needs a processor with SSE 4.2 and POPCNT";

// ---- in listings
inline std::string register_name(native::x64::Gpr reg) {
  constexpr std::array kNames = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                 "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  return kNames[number(reg)];
}
inline std::string register_name(native::x64::Xmm reg) {
  return "xmm" + std::to_string(number(reg));
}
// By its distance from the frame pointer.
inline std::string frame_place_name(int32_t offset) {
  return "[rbp-" + std::to_string(-offset) + "]";
}

}  // namespace nacre::baseline::x64
