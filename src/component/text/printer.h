// A Component as text that reads back to the same component.
//
// A line for each definition, with the ids of its custom sections "component-name" and the indices as
// comments; what refers to something says its index. Modules are printed as wasm/text/printer.h
// says. Other custom sections are written as (@custom ...), and so are names that ids cannot give back. A
// module that is not even well-formed is
// printed as its bytes. May be called from any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "component/component.h"
#include "wasm/features.h"

namespace nacre::component {

// `core` is what modules in it may use.
Result<std::string> print_component(const Component& component, wasm::Features core);

}  // namespace nacre::component
