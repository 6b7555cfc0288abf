// Which names occur in a module's data: the best guess at the variables that it will look for,
// since preview 1 hands over the whole environment at once.
#pragma once

#include <string>
#include <vector>

#include "wasm/module.h"

namespace nacre::api {

// Those of `names` that occur in a data segment as a whole word: what is before and after could not
// be part of such a name. Names that are composed at run time, or that are in a script which the
// program reads, are not found.
std::vector<std::string> mentioned_names(const wasm::Module& module,
                                         const std::vector<std::string>& names);

}  // namespace nacre::api
