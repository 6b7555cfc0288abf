// A program's arguments and environment: values, fixed before it starts, but for variables about
// which a question has to be asked.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nacre::host {

using Variables = std::vector<std::pair<std::string, std::string>>;

// Decided when a program first looks for any of them, at once, for an interface that hands the
// environment over as a whole does not say which it looks for. Any thread.
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
