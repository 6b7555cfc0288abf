// The binary format (specification 3.0, chapter 5, with threads, custom page sizes and the compact
// import section) to a Module.
//
// Zero-copy: names, bodies, segments and custom sections of the result are views into the input.
// Function bodies are only delimited, not looked into; that their bytes are well-formed is found
// out when the validator walks them. Everything else that chapter 5 calls malformed is refused
// here. Errors hold offsets from the start of the input. May be called from any thread.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace nacre::wasm {

// Whether the bytes begin as binary wasm does, module or component.
bool looks_binary(Bytes bytes);

// Whether they begin as a module's text does: with a parenthesis or a comment, behind white space.
bool looks_text(Bytes bytes);

// `backing` owns what `bytes` views; the module keeps it. It may be null if `bytes` outlives the
// module.
Result<Module> decode(Bytes bytes, std::shared_ptr<const void> backing, Features features);

// The same for bytes that the module shall own.
Result<Module> decode(std::vector<uint8_t> bytes, Features features);

}  // namespace nacre::wasm
