// The environment variables of this process, as they are at the time of asking.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::os {

// Nothing if it is not set.
std::optional<std::string> environment_variable(const std::string& name);

// All that have a name, in the order of the process. Views of its own memory, where they stay until
// a variable is changed, so a value that is not needed leaves no copy behind.
using VariableViews = std::vector<std::pair<std::string_view, std::string_view>>;
VariableViews environment();

// Leaves this process without variables, and erases those it was started with. For a process with
// one thread.
void forget_environment();

// The home directory that /etc/passwd says this user has, whatever the environment says; empty: it
// says none.
std::string home_of_account();

}  // namespace nacre::os
