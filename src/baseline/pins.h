// Which locals of a function live in registers.
//
// A look through the body counts uses of locals, weighted by the depth of loops, and calls. The
// most used locals get a register for the whole function, so that no value of a local ever moves
// where control flow meets; the rest live in the frame.
#pragma once

#include <cstdint>
#include <vector>

#include "baseline/dispatch.h"
#include "baseline/operand.h"
#include "wasm/body_reader.h"

namespace nacre::baseline {

struct BodySurvey {
  std::vector<uint32_t> uses;  // weighted; by local, as long as the highest that is used
  uint64_t calls = 0;          // weighted
  bool has_calls = false;      // anything that leaves the function's code and comes back
  // Selects that are better branches (dispatch.h), by their place in the body, rising.
  std::vector<uint32_t> dispatching;
  DispatchFinder finder;  // its memory is used again
};

// Reads the instructions of a valid body, which begins at `body`. `survey` is overwritten; its memory is used again.
void survey_body(wasm::BodyReader reader, const uint8_t* body, BodySurvey& survey);

// Sets `pin` and `saved_in_calls` of the locals. `arguments`: the first locals are parameters.
struct PinnedRegisters {
  GprSet gprs;
  FprSet fprs;
};
PinnedRegisters pin_locals(const BodySurvey& survey, uint32_t param_count,
                           std::vector<Local>& locals);

}  // namespace nacre::baseline
