// The runtime's side of abi/builtins.def.
#pragma once

#include "abi/vmctx.h"

namespace nacre::runtime {

// Immutable, the same for all instances.
const abi::Builtins& builtins();

}  // namespace nacre::runtime
