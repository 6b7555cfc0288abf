// Recognizes modules for other hosts by their unknown imports: compilers and libraries for a host
// use names of their own (foreign.def).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "wasm/module.h"

namespace nacre::runtime {

struct ForeignHost {
  std::string_view what;  // "Go's wasm_exec.js, so for JavaScript"
  std::string_view how;   // what to do about it
};
// Nothing: these imports could belong to any host.
std::optional<ForeignHost> foreign_host(std::span<const wasm::Import* const> missing);

}  // namespace nacre::runtime
