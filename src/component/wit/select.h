// Which world is meant (WIT.md, "Specifying a World").
#pragma once

#include <string_view>

#include "base/result.h"
#include "component/wit/package.h"

namespace nacre::component::wit {

// The name of a world in the main package, or "ns:package/name" with the package's version if it
// has one. "": the only world of the main package. Fails: invalid, with the names that there are.
Result<WorldId> select_world(const Resolve& resolve, std::string_view name);

}  // namespace nacre::component::wit
