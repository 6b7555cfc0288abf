// The TOML library, as this folder uses it: parsing only, without exceptions. Its code is compiled
// once, in toml.cc.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 0
#define TOML_ENABLE_FORMATTERS 0

#include <optional>
#include <string>
#include <string_view>

#include "toml++/impl/preprocessor.h"
// Version 3.3 tells the compiler that keys begin as they must before it has looked, which is
// undefined behaviour for files where they do not; what follows checks it all the same.
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)

#include "toml++/toml.h"

namespace nacre::grant {

// What the library must not be given, to be asked before anything is parsed: it recurses once a
// part of a name (a.b.c), and takes some characters beyond ASCII for impossible outside of strings,
// where TOML allows none. Strings of many lines, which nobody needs here, would hide both.
struct Objection {
  uint32_t line;
  std::string what;
};
std::optional<Objection> objection_to(std::string_view text);

// A basic string of TOML, quotes and all.
std::string toml_string(std::string_view text);

}  // namespace nacre::grant
