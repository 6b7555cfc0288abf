// The handler template of all forms whose op only computes, for the files that instantiate it.
#pragma once

#include "interp/numeric_handler.h"

namespace nacre::interp {

// The function of a row.
template <wasm::Op op>
inline constexpr auto kSemantics = nullptr;
#define SEMANTICS(name) \
  template <>           \
  inline constexpr auto kSemantics<wasm::Op::name> = &sem::name;
#define ROW_none_mvp SEMANTICS
#define ROW_none_sign_extension SEMANTICS
#define ROW_none_saturating_float_to_int(name)
#define ROW_none_wide_arithmetic(name)
#define ROW_none_simd(name)
#define ROW_none_relaxed_simd(name)
#include "interp/numeric_rows.def"
#undef SEMANTICS

template <wasm::Op op, Operands operands, Use use, class P, class Mode>
void Fused<op, operands, use, P, Mode>::handler(NACRE_PARAMS) {
  return compute<operands, use>(State<P>::enter(NACRE_ARGS), kSemantics<op>);
}

}  // namespace nacre::interp
