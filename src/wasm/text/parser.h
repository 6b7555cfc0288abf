// Text (specification 3.0, chapter 6, with threads, custom page sizes, wide arithmetic, the compact
// import section and legacy exceptions) to a Module.
//
// Code and constant expressions are encoded while they are read; the result owns everything it
// views, so the source may go. Symbolic ids and (@name) annotations become a name section,
// (@custom) and (@metadata.code.branch_hint) annotations theirs; other annotations are passed over.
// A (@custom "name" ...) that is written out takes the place of the name section made from ids.
//
// Errors hold line and column. Text that is against the grammar, or that uses an unbound id, is
// `malformed`; a known annotation that is wrong or misplaced is `malformed_custom`. What only
// validation can refuse is parsed. No recursion on nesting; folded instructions nest at most
// kMaxTextNesting deep. May be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"

namespace nacre::wasm {

// One module, with or without "(module ...)" around its fields.
Result<Module> parse_module(std::string_view source, Features features);

// The same for the bytes [begin, end) of a longer source, such as a script: places in errors count
// from the start of the source.
Result<Module> parse_module(std::string_view source, size_t begin, size_t end, Features features);

// Only the fields of a module, where another text holds them and says its name; empty: none.
Result<Module> parse_module_fields(std::string_view source, size_t begin, size_t end,
                                   Features features, std::string_view name);

// Text to the bytes of a well-formed module. It may be in strings, as scripts and some files have
// it: "(module quote "...")", or "(module binary "...")", whose bytes stay as they are.
Result<std::vector<uint8_t>> text_to_binary(std::string_view source, Features features);

// The strings of "(module binary "...")"; nothing if the text is another one.
Result<std::optional<std::vector<uint8_t>>> unwrap_binary(std::string_view source);

}  // namespace nacre::wasm
