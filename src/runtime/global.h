// Globals and tags (specification 3.0, 4.2.9 and 4.2.10). Each belongs to one store; types are
// canonical (concrete heap types are engine-wide ids).
#pragma once

#include "abi/value.h"
#include "wasm/types.h"

namespace nacre::runtime {

struct Global {
  abi::Value value;
  wasm::GlobalType type;
};

struct Tag {
  wasm::CanonTypeId type = wasm::kNoCanonType;  // a function type
};

}  // namespace nacre::runtime
