// The environment variables of this process, as they are at the time of asking.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::os {

// Nothing if it is not set.
std::optional<std::string> environment_variable(const std::string& name);

// All that have a name, in the order of the process.
std::vector<std::pair<std::string, std::string>> environment();

}  // namespace nacre::os
