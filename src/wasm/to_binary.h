// A module that may be given as text, in the binary format.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wasm/features.h"

namespace nacre::wasm {

// Text as the bytes of a well-formed module, so that both formats have the same checks and offsets
// from here on; nothing if `given` begins as a binary module, which is not looked at further.
// Errors: malformed, for nothing at all, text that is against the grammar and what is not a module
// (wasm/foreign.h); limit.
Result<std::optional<std::vector<uint8_t>>> to_binary(Bytes given, Features features);

}  // namespace nacre::wasm
