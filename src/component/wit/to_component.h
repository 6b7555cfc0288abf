// A WIT package as a component: each interface and world becomes an exported type (WIT.md, "Package
// Format").
#pragma once

#include "base/result.h"
#include "component/component.h"
#include "component/wit/package.h"

namespace nacre::component::wit {

// Documentation and gates are not part of it. The component keeps its own copies of all names.
// Fails: limit, if the types of all worlds together are too large.
Result<Component> to_component(const Resolve& resolve, PackageId package);

}  // namespace nacre::component::wit
