// Runs one module and writes down everything that can be observed, in a form that another engine's
// run can be compared with (second_opinion.mjs writes the same).
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/engine.h"

namespace nacre::fuzz {

// One line for each exported function called without arguments ("f0 returns", "f0 traps"), then the
// exported memory's size and hash, then the exported numeric globals' bits ("nan" for any NaN).
// Errors: the module was refused.
Result<std::string> observe(std::shared_ptr<runtime::Engine> engine, Bytes module);

uint64_t fnv1a(Bytes bytes);
std::string hex(uint64_t value);

}  // namespace nacre::fuzz
