// Runs functions of one module in several executors: the interpreter and machine code, mixed as a
// Choice says, and differently from call to call.
//
// A call from one to another does not nest on the native stack. Code that calls a function of
// another executor suspends as if it waited (abi::Suspension, `callee`) and returns to a loop here,
// which enters the other executor and then resumes the first with the results. So guests may cross
// between executors as deeply as their stack allows, be parked below any mixture, and be resumed by
// any thread; a chain of tail calls takes no more stack however often it crosses.
#pragma once

#include <memory>
#include <vector>

#include "abi/code.h"
#include "tiering/tiered_code.h"

namespace nacre::tiering {

// The last of `executors` makes machine code and was told that others run functions beside it
// (native::Options::code_changes); the others run none of it. At most 255.
std::unique_ptr<abi::Executor> make_executor(std::vector<std::unique_ptr<abi::Executor>> executors,
                                             std::unique_ptr<Choice> choice);

// For tests: any function in any executor, and others at nearly every call that comes by.
std::unique_ptr<Choice> choose_at_random(uint64_t seed, uint32_t executors);

}  // namespace nacre::tiering
