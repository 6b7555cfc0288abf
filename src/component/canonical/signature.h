// The core function that a function of a component is lifted from, and the one that it is lowered
// to (component model, "Canonical ABI": Flattening).
#pragma once

#include "component/canonical/footprint.h"
#include "wasm/types.h"

namespace nacre::component {

wasm::ValType core_type(FlatType type);

struct CoreSignature {
  wasm::FuncType type;
  // Passed through memory, for there are too many of them. The address is the only parameter...
  bool spills_params = false;
  // ...and for results what is returned (lift), or the last parameter (lower).
  bool spills_result = false;
};

// The parameters' types one behind the other; a function without result has an empty `result`.
CoreSignature lift_signature(const FlatTypes& params, const FlatTypes& result, bool is_async,
                             bool has_callback, AddressWidth width);
CoreSignature lower_signature(const FlatTypes& params, const FlatTypes& result, bool is_async,
                              AddressWidth width);

}  // namespace nacre::component
