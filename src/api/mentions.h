// Which names a module carries in its data: the closest that anybody can come to what it will look
// for in an environment, which preview 1 hands over as a whole.
#pragma once

#include <string>
#include <vector>

#include "wasm/module.h"

namespace nacre::api {

// Those of `names` that stand in a data segment by themselves: what is before and after them could
// not be more of such a name. Names that are made while a program runs are not found, nor those
// that a script has which it reads.
std::vector<std::string> mentioned_names(const wasm::Module& module,
                                         const std::vector<std::string>& names);

}  // namespace nacre::api
