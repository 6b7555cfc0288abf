// The binary format of components (component model, "Binary") to a Component.
//
// Zero-copy: names, nested modules and custom sections are views into the input. Modules are only
// delimited; validation decodes them. What needs a gated feature of components is decoded all the
// same: which of those are on is a matter of validation. `core` is what core types may use. Errors hold offsets from the start of the input.
// May be called from any thread.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "component/component.h"

namespace nacre::component {

// Whether the bytes begin as a binary component does: magic number, any version, layer 1.
bool looks_like_component(Bytes bytes);

// `backing` owns what `bytes` views; the component keeps it. It may be null if `bytes` outlives the
// component.
Result<Component> decode(Bytes bytes, std::shared_ptr<const void> backing, wasm::Features core);

// The same for bytes that the component shall own.
Result<Component> decode(std::vector<uint8_t> bytes, wasm::Features core);

}  // namespace nacre::component
