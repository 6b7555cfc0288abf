// How often a function's body uses each local.
//
// One pass over the body counts uses of locals, weighted by loop depth, and calls; it also finds
// selects that are better compiled as branches (dispatch.h). It decodes less than the pass that
// compiles, and is several times faster.
#pragma once

#include <cstdint>
#include <vector>

#include "baseline/dispatch.h"
#include "wasm/body_reader.h"

namespace nacre::baseline {

struct UseCounts {
  std::vector<uint32_t> locals;  // weighted; as long as the highest that is used
  uint64_t calls = 0;            // weighted
  bool has_calls = false;        // anything that leaves the function's code and comes back
  // Selects that are better branches (dispatch.h), by their place in the body, rising.
  std::vector<uint32_t> dispatching;
  DispatchFinder finder;  // its memory is used again
};

// Reads the instructions of a valid body, which begins at `body`. `counts` is overwritten; its
// memory is used again.
void count_uses(wasm::BodyReader reader, const uint8_t* body, UseCounts& counts);

}  // namespace nacre::baseline
