// The text of resolved packages.
#pragma once

#include <string>

#include "component/wit/package.h"

namespace nacre::component::wit {

// The main package, then the packages it comes with, in braces: parsed and resolved, the text means
// the same again.
std::string print(const Resolve& resolve);

// A world, its package and of others what it needs.
std::string print_world(const Resolve& resolve, WorldId world);

}  // namespace nacre::component::wit
