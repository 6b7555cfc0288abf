// The least grants that would allow what a guest was refused, for the messages at exit.
//
// A file gets --file with the rights that were wanted, what is to be made --file with all rights, a
// directory that is read --dir. Several of one folder become one --dir. The two ends of a link or a
// rename are kept in one grant, or they would be of two directories (xdev). Nothing is wider than
// that, and what is wider than what was refused says so.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace nacre::api {

struct Hint {
  std::vector<grant::Rule> grants;
  bool is_wider = false;  // folders with all in them, for some of it
};
Hint hint_for(const std::vector<const policy::Refusal*>& refusals);
std::vector<grant::Rule> grants_of_variables(const std::vector<std::string>& names);

// As they would be typed after `nacre run`, in the working directory: " --file a:ro --dir b".
std::string flags_text(const std::vector<grant::Rule>& grants);

}  // namespace nacre::api
