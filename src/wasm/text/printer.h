// A Module as text that reads back to the same module (specification 3.0, chapter 6).
//
// Flat code, indented by nesting, with the ids of the name section and the indices as comments.
// Everything that encode() writes is kept: how types and imports are grouped, the forms of
// segments, custom sections with their places. A name or branch hint section that the ids and
// annotations cannot give back byte by byte is written as (@custom ...) besides. Two things are
// lost: LEB128s that are longer than they must be, and adjacent groups of locals of one type, which
// become one.
//
// Uses of a type spell its signature out only where that is short or has names, and where long
// names are used so often that they would make most of the text, numbers stand for them.
//
// The module may be invalid; code that is not even well-formed is an error, as is text that would
// be out of proportion to the module (kMaxTextPerByte). May be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace nacre::wasm {

Result<std::string> print_module(const Module& module, Features features);

// The pieces of one function's text, for those who show something beside them.
struct FunctionText {
  struct Instruction {
    uint32_t body_offset = 0;  // of its first byte, counted from the first byte of the body
    std::string text;          // indented by nesting, two spaces a level
  };
  std::string head;    // "(func $add (;2;) (type 0) (param i32 i32) (result i32)"
  std::string locals;  // "(local i32 i64)", or empty
  std::vector<Instruction> instructions;  // the last one is the `end` of the function
};

// Of a defined function.
Result<FunctionText> print_function(const Module& module, Features features, uint32_t function);

}  // namespace nacre::wasm
