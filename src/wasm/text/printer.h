// A Module as text that reads back to the same module (specification 3.0, chapter 6).
//
// Flat code, indented by nesting, with the ids of the name section and the indices as comments.
// Everything that encode() writes is kept: how types and imports are grouped, the forms of
// segments, custom sections with their places. A name or branch hint section that the ids and
// annotations cannot give back byte by byte is written as (@custom ...) besides. Two things are
// lost: LEB128s that are longer than they must be, and adjacent groups of locals of one type, which
// become one.
//
// The module may be invalid; code that is not even well-formed is an error, as is text that would
// be longer than kMaxModuleBytes. May be called from any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace nacre::wasm {

Result<std::string> print_module(const Module& module, Features features);

}  // namespace nacre::wasm
