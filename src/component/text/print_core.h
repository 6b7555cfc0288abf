// Core types as components write them: what follows "(core type" and "(module".
#pragma once

#include <string>

#include "component/component.h"

namespace nacre::component {

// Each begins with a space, if it writes anything.
void print_sub_type(std::string& out, const wasm::SubType& type);
void print_module_type(std::string& out, const CoreModuleType& type);

}  // namespace nacre::component
