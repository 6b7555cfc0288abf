// What this compiler uses the registers of x86-64 for, besides what the calling contract says
// (abi/calls.h, native/x64/registers.h).
#pragma once

#include <array>

#include "native/x64/registers.h"

namespace nacre::baseline::x64 {

using namespace native::x64;

// ---- locals live in these, each in one register for the whole function
inline constexpr std::array kCallerSavedLocalGprs = {Gpr::rdi, Gpr::r8, Gpr::r9, Gpr::r10};
inline constexpr std::array kCalleeSavedLocalGprs = {Gpr::rbx, Gpr::r12, Gpr::r14};
inline constexpr std::array kLocalFprs = {Xmm::xmm6,  Xmm::xmm7,  Xmm::xmm8,  Xmm::xmm9,
                                          Xmm::xmm10, Xmm::xmm11, Xmm::xmm12, Xmm::xmm13};

// ---- operands live in these, but for those that hold a local. All are caller-saved.
inline constexpr GprSet kAllocatableGprs =
    GprSet::of(Gpr::rax, Gpr::rcx, Gpr::rdx, Gpr::rsi, Gpr::rdi, Gpr::r8, Gpr::r9, Gpr::r10);
inline constexpr XmmSet kAllocatableFprs =
    XmmSet::of(Xmm::xmm0, Xmm::xmm1, Xmm::xmm2, Xmm::xmm3, Xmm::xmm4, Xmm::xmm5, Xmm::xmm6,
               Xmm::xmm7, Xmm::xmm8, Xmm::xmm9, Xmm::xmm10, Xmm::xmm11, Xmm::xmm12, Xmm::xmm13);

// ---- calls
// A call through a function object has it here, one of the runtime the C function (native/stubs.h);
// no argument is in this register.
inline constexpr Gpr kFunctionObject = Gpr::rax;
// No result is in this one: it is free where results were just given, and until arguments are
// placed.
inline constexpr Gpr kNoResult = Gpr::rcx;
inline constexpr std::array kFprArgs = {Xmm::xmm0, Xmm::xmm1, Xmm::xmm2, Xmm::xmm3,
                                        Xmm::xmm4, Xmm::xmm5, Xmm::xmm6, Xmm::xmm7};
inline constexpr std::array kFprResults = {Xmm::xmm0, Xmm::xmm1};
static_assert(kFprArgs.size() == kXmmArgs && kFprResults.size() == kXmmResults);

}  // namespace nacre::baseline::x64
