// Recognizes files that are not modules, to tell the user what they are.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace nacre::wasm {

// "this is compressed by gzip, not WebAssembly: unpack it first (gunzip)"; nothing for bytes that
// begin as a module in either format, and for unknown ones. Only the first bytes are
// looked at.
std::string describe_foreign(Bytes bytes);
// The same as an error.
Result<void> refuse_foreign(Bytes bytes);

}  // namespace nacre::wasm
