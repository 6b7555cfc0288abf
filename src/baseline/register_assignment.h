// Which locals of a function live in registers.
//
// The most used locals get a register for the whole function, so that no value of a local ever
// moves where control flow meets; the rest live in the frame.
#pragma once

#include <cstdint>
#include <vector>

#include "baseline/operand.h"
#include "baseline/use_counts.h"

namespace nacre::baseline {

struct AssignedRegisters {
  GprSet gprs;
  FprSet fprs;
};

// Sets `reg` and `caller_saved` of the locals, of which the first are the parameters.
AssignedRegisters assign_registers(const UseCounts& counts, uint32_t param_count,
                                   std::vector<Local>& locals);

}  // namespace nacre::baseline
