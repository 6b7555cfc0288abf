// UTF-8 as the Unicode standard defines it: no overlong forms, no surrogates, nothing above
// U+10FFFF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace nacre {

bool is_utf8(Bytes bytes);
inline bool is_utf8(std::string_view text) { return is_utf8(as_bytes(text)); }

// The scalar value that non-empty text begins with, and how many bytes it takes: 0 if the
// text does not begin with valid UTF-8.
struct FirstScalar {
  uint32_t value = 0;
  size_t length = 0;
};
FirstScalar first_scalar(std::string_view text);

// Appends the encoding of a scalar value; the caller has excluded surrogates and > 0x10FFFF.
void append_utf8(std::string& out, uint32_t scalar);

// The text with control, bidirectional, invisible and invalid bytes escaped as \u{..} or \xx, for
// terminals and error messages (invariants.md: printable-text): what it returns never moves a
// cursor, reorders a line or hides a part of itself, and a name of a megabyte is cut after about
// `max_bytes`, with "..." in the place of the rest.
inline constexpr size_t kMaxPrintableBytes = 1000;
std::string printable(std::string_view text, size_t max_bytes = kMaxPrintableBytes);

// Whether the text is UTF-8 in which printable() would escape nothing.
bool is_printable(std::string_view text);

}  // namespace nacre
