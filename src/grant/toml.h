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
// Version 3.3 tells the compiler to assume that keys begin correctly before it has checked, which
// is undefined behaviour for files where they do not; without the assumption it does check.
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)

#include "toml++/toml.h"

namespace nacre::grant {

// Why a text must not be given to the library; checked before anything is parsed. The library
// recurses once per part of a name (a.b.c), and assumes that some characters beyond ASCII do not
// occur outside of strings. Multi-line strings, not needed here, are refused because they would
// make both hard to find.
struct Objection {
  uint32_t line;
  std::string what;
};
std::optional<Objection> objection_to(std::string_view text);

// A basic string of TOML, quotes and all.
std::string toml_string(std::string_view text);

}  // namespace nacre::grant
