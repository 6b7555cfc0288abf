// Constant expressions (specification 3.4.4): the function validator, restricted to the rows of
// ops.def with flag C and to immutable globals that are known already.
#pragma once

#include "base/result.h"
#include "wasm/validate/function_validator.h"
#include "wasm/validate/module_context.h"

namespace nacre::wasm {

struct ConstExprRule {
  ValType result;        // local canonical
  uint32_t globals = 0;  // how many of the context's globals may be named
};

// `validator` lends its memory. Functions named by ref.func are marked in
// context.declared_functions.
Result<void> check_const_expr(ModuleContext& context, FunctionValidator& validator,
                              const ConstExpr& expr, ConstExprRule rule);

}  // namespace nacre::wasm
