// The calling contract of machine code: how functions of every tier, stubs and modules call each
// other. One contract for all, so that a funcref can be called whatever tier made it.
//
//                    x86-64
//   vmctx            r13, kept by the callee      the callee's instance
//   memory base      r15, kept by the callee      VmCtx::memory0_base of the same instance
//   frame pointer    rbp, kept; a chain for backtraces, 0 below the frame that the host entered;
//                    the word below it is the frame's VmCtx
//   arguments        the first 6 integers and references in rdi, rsi, rdx, rcx, r8, r9, the first 8
//                    floats and vectors in xmm0 to xmm7, all others in the overflow argument area,
//                    VmCtx::area: argument number i of the function in area[i]
//   results          the first 2 integers and references in rax, rdx, the first 2 floats and
//                    vectors in xmm0, xmm1, all others in area: result number i in area[i]
//   function object  rax, where a call goes through FuncObject::code
//   kept by callee   rbx, rbp, r12 to r15, as in the System V ABI: host code keeps them too
//
// Upper bits that a type does not use are unspecified in registers and in the area. Nothing is
// passed on the stack, so a tail call is a jump, whatever the two functions are. The callee
// reads its arguments from the area, and the caller its results, before any other call is made.
//
// A caller of a function of another instance sets r13 and r15 for it, and its own again afterwards.
// A tail call to another instance leaves an adapter frame (a bridge) that sets them back; a chain
// of such tail calls needs only one. Host functions are entered with r13 of the caller, through a
// stub that moves to the native stack. Guest frames are on the guest stack of the store and never
// on the native stack.
#pragma once

#include <cstdint>

#include "wasm/types.h"

namespace nacre::abi {

struct ValuePlace {
  enum class Kind : uint8_t { integer, floating, area };
  Kind kind = Kind::area;
  uint32_t index = 0;  // of the register in its list, or in the area
};

// Hands out the places of arguments or results, in order.
class PlaceAssigner {
 public:
  static constexpr uint32_t kIntegerArgs = 6, kFloatingArgs = 8;
  static constexpr uint32_t kIntegerResults = 2, kFloatingResults = 2;

  static PlaceAssigner arguments() { return PlaceAssigner(kIntegerArgs, kFloatingArgs); }
  static PlaceAssigner results() { return PlaceAssigner(kIntegerResults, kFloatingResults); }

  ValuePlace next(wasm::ValType type) {
    uint32_t number = number_++;
    auto code = type.code();
    bool floating =
        code == wasm::ValType::kF32 || code == wasm::ValType::kF64 || code == wasm::ValType::kV128;
    uint32_t& used = floating ? floating_ : integers_;
    if (used == (floating ? max_floating_ : max_integers_)) return {ValuePlace::Kind::area, number};
    return {floating ? ValuePlace::Kind::floating : ValuePlace::Kind::integer, used++};
  }

 private:
  PlaceAssigner(uint32_t integers, uint32_t floating)
      : max_integers_(integers), max_floating_(floating) {}
  uint32_t max_integers_;
  uint32_t max_floating_;
  uint32_t integers_ = 0;
  uint32_t floating_ = 0;
  uint32_t number_ = 0;
};

}  // namespace nacre::abi
