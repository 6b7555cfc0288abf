// The portable tier: an interpreter that executes the original bytes of a module, with the
// validator's side tables beside them (architecture.md; wasm/validate/side_table.h).
//
// Preparing a module costs one pointer a function; a function's table is made at its first call.
// Any number of threads may run code of one module, each in its own store.
#pragma once

#include <memory>

#include "abi/code.h"

namespace nacre::interp {

struct Options {
  // Fuel is counted (abi/exec_context.h); branches are then not shortened.
  bool count_fuel = false;
};

std::unique_ptr<abi::Executor> make_tier(Options options = {});

}  // namespace nacre::interp
