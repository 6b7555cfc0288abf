// explain --code: a function's instructions beside the machine code they became.
#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "nacre/nacre.h"

namespace nacre::cli {

struct CodeOptions {
  std::string function;
  std::string cpu;
  bool no_bytes = false;

  void add_to(CLI::App& app);
  bool is_asked() const { return !function.empty(); }
};

// Lines of text. `input` names the module in errors. Throws a Failure.
std::string explain_code(const nacre_module_t* module, const std::string& input,
                         const CodeOptions& options);

}  // namespace nacre::cli
