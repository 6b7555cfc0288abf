// Where instructions of a module come from in its sources, by the debug information that compilers
// leave in custom sections (DWARF 2 to 5).
//
// It is not trusted: it may be cut short, lie, or be made to keep its reader busy. So every
// question has a bounded number of steps and of bytes, and whatever cannot be read is just not known.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wasm/module.h"

namespace nacre::dwarf {

struct Position {
  std::string function;  // "outer::Box<int>::fail"; empty: not known
  std::string file;      // "src/a.cc", of the compiler's directory, or absolute; empty: not known
  uint64_t line = 0;     // 0: not known, or of several lines
};

// For each instruction, given by its offset from the start of the module's bytes: the function that
// was inlined there, the one into which it was, and so on; the last one is the function of the
// module. Empty: nothing is known. All texts are printable. Of more than 64 different offsets, some get
// nothing.
std::vector<std::vector<Position>> locate(const wasm::Module& module,
                                          std::span<const uint64_t> offsets);

}  // namespace nacre::dwarf
