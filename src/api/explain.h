// A module's rights in words.
#pragma once

#include <string>
#include <vector>

#include "api/grants.h"
#include "wasi/p1/bind.h"
#include "wasm/module.h"

struct nacre_module;

namespace nacre::api {

// The WASI function that is imported; null if it is not one.
const wasi::p1::FunctionInfo* find_function(const wasm::Import& item);

// See nacre_explain. Errors: what was remembered cannot be read.
Result<std::string> explain(const std::string& name, const nacre_module& module,
                            const Grants& grants, const std::vector<grant::Rule>* used);

}  // namespace nacre::api
