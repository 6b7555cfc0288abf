// Which functions of a source an instruction belongs to: those that were inlined, and the one into
// which they were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "dwarf/addresses.h"
#include "dwarf/unit.h"

namespace nacre::dwarf {

struct Inlined {
  uint64_t entry = 0;
  uint32_t depth = 0;  // of the entry
  uint64_t call_file = 0;
  uint64_t call_line = 0;
};

struct FunctionPlace {
  uint64_t function = 0;  // its entry; 0: not known
  uint32_t depth = 0;     // of the entry
  std::optional<Unit::Extent> extent;
  std::vector<Inlined> inlined;  // the outermost first; each in the one before

  // More than a reader needs.
  static constexpr size_t kMaxInlined = 64;
};

// For each address, by its number; only those in `wanted` are looked for. The unit is open.
std::array<FunctionPlace, Addresses::kMax> find_functions(const Unit& unit,
                                                          const Addresses& addresses,
                                                          AddressSet wanted);

}  // namespace nacre::dwarf
