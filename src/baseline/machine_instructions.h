// The processor's operations on values: the layer above OperandStack and below FunctionCompiler.
//
// Each takes its operands from the stack and leaves its result there. Where these may be, and when
// a constant, memory operand or condition is cheaper, differs too much between processors to be
// decided for all. A processor has
//   - for integers, floats, conversions, loads and stores the methods that numeric.cc, memory.cc
//     and atomics.cc call, each for several rows of ops.def (x64/scalar_instructions.h has them
//     all), and select_operand() for control.cc;
//   - for vectors one method for each row.
// One rule holds for all processors: an address in guest memory is made in one place, from an index
// that was checked or that a guard checks.
#pragma once

#include "baseline/x64/vector_instructions.h"

namespace nacre::baseline {

using MachineInstructions = x64::VectorInstructions;

}  // namespace nacre::baseline
