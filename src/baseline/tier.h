// Tier 1: a compiler that makes one pass over a function when it is first called.
#pragma once

#include <memory>

#include "abi/code.h"
#include "baseline/options.h"

namespace nacre::baseline {

// Errors: unsupported (another processor, or one without SSE 4.2 and POPCNT; a system that
// forbids making machine code); out_of_memory. `options.cpu` may leave out what the processor has.
// `listener` (or null) is told of all code that the tier makes.
Result<std::unique_ptr<abi::Executor>> make_tier(
    Options options, std::unique_ptr<os::CodeListener> listener = nullptr);
// For this processor.
Result<std::unique_ptr<abi::Executor>> make_tier();

}  // namespace nacre::baseline
