// Values of specification scripts against values of the runtime.
#pragma once

#include <string>

#include "abi/value.h"
#include "wasm/text/script.h"

namespace nacre::api {

// An argument as the runtime takes it. Only patterns (either, any_ref) have none: a null reference.
abi::Value to_value(const wasm::ScriptValue& value);
// The type an argument has, to be compared with the parameter's.
wasm::ValType type_of(const wasm::ScriptValue& value);

// Whether a result of static type `type` is what the script wants.
bool matches(const wasm::ScriptValue& want, wasm::ValType type, const abi::Value& got);

// "i32 7", "f64 nan:0x8000000000001", "(ref.null func)": for messages.
std::string describe(const wasm::ScriptValue& value);
std::string describe(wasm::ValType type, const abi::Value& value);

}  // namespace nacre::api
