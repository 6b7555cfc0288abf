// All bodies of a module, on as many threads as they are worth.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "wasm/validate/module_context.h"

namespace nacre::wasm {

// `threads`: at most so many, 0 for one a core. The error of the lowest faulty function.
Result<void> check_bodies(const ModuleContext& context, uint32_t threads);

}  // namespace nacre::wasm
