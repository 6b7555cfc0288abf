// Runs one program in every tier and compares all that can be observed: results, traps and their
// backtraces, memories, tables, globals, and what host functions were told.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/engine.h"

namespace nacre::fuzz {

class TierComparison {
 public:
  // The interpreter and the single-pass compiler in several settings: for this processor and for
  // older ones, with and without guarded memories. Errors: a tier is not built here.
  static Result<TierComparison> create(const wasm::Features& features);

  // Modules of generate_program(). What they did, as text; or what was wrong: the error names the
  // first line that differs.
  Result<std::string> run(uint64_t seed, const std::vector<std::vector<uint8_t>>& modules);

  uint64_t exhausted() const { return exhausted_; }

 private:
  struct Setting {
    std::string name;
    std::shared_ptr<runtime::Engine> engine;  // null: one for each program, mixed()
  };
  Result<void> make_engines();
  Result<std::shared_ptr<runtime::Engine>> mixed(uint64_t seed);
  runtime::EngineOptions options_;
  std::shared_ptr<runtime::Engine> interpreter_;
  std::vector<Setting> compilers_;
  uint64_t programs_ = 0;
  uint64_t exhausted_ = 0;  // programs left out: tiers have stacks of their own sizes
};

}  // namespace nacre::fuzz
