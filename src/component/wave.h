// Values as text: WAVE (component model, WAVE.md). `{a: some(2), b: ["x", "y"]}` against a type.
//
// Handles, streams, futures and error contexts have no text. Any thread may call; `types` must not
// change meanwhile.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "component/validate/types.h"
#include "component/value.h"

namespace nacre::component {

// The whole text is one value of the type. Fails with line and column: malformed, invalid (not of
// this type; the message says where inside of the value), unsupported (a type without text), limit.
Result<Value> parse_value(std::string_view text, const Types& types, TypeId type);

// The value must be of the type. Parsing the text gives the same value; only NaNs lose their bits.
// What has no text is shown as `<own>` and the like.
std::string print_value(const Value& value, const Types& types, TypeId type);

// "my:pkg/iface#f(1, "x")": a name, and in parentheses arguments.
struct CallText {
  std::string_view name;
  std::string_view arguments;  // what stands between the parentheses
  bool has_arguments = false;  // whether there are parentheses
};
Result<CallText> split_call(std::string_view text);

// Arguments for parameters of these types. Options at the end may be left out: they are none.
Result<std::vector<Value>> parse_arguments(std::string_view text, const Types& types,
                                           std::span<const TypeMember> params);

// The type in the words of WIT: `list<tuple<u8, string>>`. What has a name in WIT is shown by its
// kind and parts: `record { a: u8 }`; parts that are too many or nested too deeply as `...`.
std::string describe_type(const Types& types, TypeId type);

}  // namespace nacre::component
