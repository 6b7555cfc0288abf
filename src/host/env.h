// A program's arguments and environment: fixed before it starts, except for variables about which a
// question has to be asked.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nacre::host {

using Variables = std::vector<std::pair<std::string, std::string>>;

// All are decided together when the program first reads its environment, because an interface that
// hands over the whole environment does not say which variable is wanted. Any thread.
class UndecidedVariables {
 public:
  virtual ~UndecidedVariables() = default;
  // Those that were allowed; the same each time. May take as long as a person takes to answer.
  virtual const Variables& decided() = 0;
};

struct Env {
  std::vector<std::string> arguments;  // the program's own name first
  Variables variables;
  std::shared_ptr<UndecidedVariables> undecided;  // null: none
};

}  // namespace nacre::host
