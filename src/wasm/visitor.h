// The interface of a consumer of instructions: one method for each row of ops.def.
//
// A class that lacks one does not satisfy OpVisitor, so a new row is a compile error in every tier
// that has not learned it, not a hole at run time.
#pragma once

#include <concepts>

#include "wasm/imm.h"

namespace nacre::wasm {

template <class V>
concept OpVisitor = true
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  &&requires(V& v, const imm::imm_& i) {                        \
    { v.name(i) };                                              \
  }
#include "wasm/ops.def"
#undef OP
    ;

// Does nothing. Derive from it to listen to some instructions only.
struct NullVisitor {
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  void name(const imm::imm_&) {}
#include "wasm/ops.def"
#undef OP
};

}  // namespace nacre::wasm
