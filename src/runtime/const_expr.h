// The value of a constant expression (specification 3.0, 3.5.14 and 4.7.2).
#pragma once

#include "abi/value.h"
#include "abi/vmctx.h"
#include "runtime/failure.h"
#include "wasm/module.h"

namespace nacre::runtime {

// `instance` is under construction: its functions exist, and the globals that the expression, which
// is valid, may name. Objects of the garbage-collected heap are a trap of kind not_built.
Run<abi::Value> evaluate(const wasm::ConstExpr& expr, const abi::VmCtx& instance);

}  // namespace nacre::runtime
