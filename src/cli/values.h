// Numbers as people type and read them, for --invoke.
#pragma once

#include <string>

#include "nacre/nacre.h"

namespace nacre::cli {

// Decimal or 0x for integers (either signedness), decimal, hex, inf or nan for floats.
// Throws a Failure that names the text and the type.
nacre_val_t parse_value(nacre_val_kind_t kind, const std::string& text);

// "-1", "0.5", "0x000102..." for v128, "null" or "ref" for references.
std::string format_value(const nacre_val_t& value);

const char* kind_text(nacre_val_kind_t kind);

}  // namespace nacre::cli
