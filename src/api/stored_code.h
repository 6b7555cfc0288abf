// For tests: machine code that one process writes to files and another one runs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/module.h"

namespace nacre::api {

class StoredCode {
 public:
  // "save=FOLDER" or "load=FOLDER"; false: neither.
  bool set(std::string_view word);
  // Saves the code of a module in the folder, or loads it from there, in the file that is named by
  // the module's digest; nothing unless either was set. Errors: io; those of abi::ModuleCode.
  Result<void> apply(const runtime::Module& module) const;

 private:
  std::string path_of(const runtime::Module& module) const;

  std::string folder_;  // empty: neither
  bool loads_ = false;
};

}  // namespace nacre::api
