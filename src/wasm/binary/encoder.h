// A Module back to the binary format (specification 3.0, chapter 5).
//
// Canonical: sections in the specified order, empty ones left out, all LEB128s of the shortest form
// outside function bodies, which are copied. Forms that the module records (element and data
// segment flags, import groups, explicit rec groups) are kept, so decoding a canonically encoded
// module and encoding it again gives the same bytes. May be called from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/module.h"

namespace nacre::wasm {

std::vector<uint8_t> encode(const Module& module);

}  // namespace nacre::wasm
