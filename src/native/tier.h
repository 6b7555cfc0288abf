// Runs machine code, whichever compiler made it.
#pragma once

#include <memory>

#include "abi/code.h"
#include "native/compiler.h"
#include "native/options.h"

namespace nacre::native {

// `listener` (or null) hears of all code and is what `options` names. Errors: those of
// os::CodeMemory.
Result<std::unique_ptr<abi::Executor>> make_tier(const Options& options,
                                                 std::unique_ptr<os::CodeListener> listener,
                                                 std::unique_ptr<Compiler> compiler);

}  // namespace nacre::native
