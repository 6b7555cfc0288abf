// The TOML library, as this folder uses it: parsing only, without exceptions. Its code is compiled
// once, in toml.cc.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 0
#define TOML_ENABLE_FORMATTERS 0

#include <string>
#include <string_view>

#include "toml++/toml.h"

namespace nacre::policy {

// A basic string of TOML, quotes and all.
std::string toml_string(std::string_view text);

}  // namespace nacre::policy
