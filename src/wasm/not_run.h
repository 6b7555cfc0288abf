// Instructions that a valid module may contain although no tier runs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "wasm/features.h"
#include "wasm/ops.h"

namespace nacre::wasm {

// What people call the proposal; null: tiers run what it adds.
constexpr const char* words_if_not_run(Feature feature) {
  switch (feature) {
#define NOT_RUN(name, words) \
  case Feature::name:        \
    return words;
#include "wasm/not_run.def"
#undef NOT_RUN
    default:
      return nullptr;
  }
}
constexpr bool is_run(Op op) { return words_if_not_run(op_info(op).feature) == nullptr; }

// The first such instruction of a module.
struct NotRun {
  Op op;
  uint64_t offset;                   // in the module
  std::optional<uint32_t> function;  // nothing: in a constant expression

  Error error() const {
    const OpInfo& info = op_info(op);
    return Error(ErrorCode::unsupported,
                 (function ? "function " + std::to_string(*function) : "a constant expression") +
                     ": " + std::string(info.text) + " (" + words_if_not_run(info.feature) +
                     ") is not built in this version",
                 offset);
  }
};

}  // namespace nacre::wasm
