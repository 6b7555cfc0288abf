// A program's arguments and environment: values, fixed before it starts.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nacre::host {

struct Env {
  std::vector<std::string> arguments;  // the program's own name first
  std::vector<std::pair<std::string, std::string>> variables;
};

}  // namespace nacre::host
