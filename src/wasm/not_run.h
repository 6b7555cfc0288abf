// Instructions that a valid module may contain although no tier runs them: those of features that
// features.def says are decoded but do not run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "wasm/features.h"
#include "wasm/ops.h"

namespace nacre::wasm {

constexpr bool is_run(Op op) { return is_run(op_info(op).feature); }

// The first such instruction of a module.
struct NotRun {
  Op op;
  uint64_t offset;                   // in the module
  std::optional<uint32_t> function;  // nothing: in a constant expression

  Error error() const {
    const OpInfo& info = op_info(op);
    return Error(ErrorCode::unsupported,
                 (function ? "function " + std::to_string(*function) : "a constant expression") +
                     ": " + std::string(info.text) + " (" +
                     std::string(feature_info(info.feature).proposal) +
                     ") is not built in this version",
                 offset);
  }
};

}  // namespace nacre::wasm
