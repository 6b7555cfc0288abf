// The least grants that would allow what a guest was refused, for the messages at exit.
//
// A file gets --file with the rights that were wanted; one that would be created, --file with all
// rights; a directory that would be read, --dir. Several files of one folder become one --dir. Both
// ends of a link or a rename get one grant, since two would be like two file systems (xdev). No
// hint is wider than that, and one that is wider than what was refused says so.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace nacre::api {

struct Hint {
  std::vector<grant::Rule> grants;
  bool is_wider = false;  // it grants whole folders for some files in them
};
Hint hint_for(const std::vector<const policy::Refusal*>& refusals);
std::vector<grant::Rule> grants_of_variables(const std::vector<std::string>& names);

// As they would be typed after `nacre run`, in the working directory: " --file a:ro --dir b".
std::string flags_text(const std::vector<grant::Rule>& grants);

}  // namespace nacre::api
