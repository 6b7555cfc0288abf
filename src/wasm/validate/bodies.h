// All bodies of a module, on as many threads as they are worth.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "wasm/validate/module_context.h"

namespace nacre::wasm {

// `threads`: how many at most, 0 for one per core. The error of the lowest faulty function; the
// first instruction that no tier runs.
Result<std::optional<NotRun>> check_bodies(const ModuleContext& context, uint32_t threads);

}  // namespace nacre::wasm
