// Components from text or binary, and back: the entry points of this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "component/component.h"
#include "component/features.h"
#include "component/validate/validate.h"

namespace nacre::component {

// Whether the input, binary or text, is a component rather than a module.
bool is_component(Bytes input);

// Binary or text to a Component. The input must outlive it.
Result<Component> load(Bytes input, const Features& features);

// Text to the binary format.
Result<std::vector<uint8_t>> text_to_binary(std::string_view text, const Features& features);

// Binary to text.
Result<std::string> binary_to_text(Bytes binary, const Features& features);

// Whether the input is a valid component. Errors hold offsets in binary, lines and columns in text.
Result<void> validate(Bytes input, const Features& features);

}  // namespace nacre::component
