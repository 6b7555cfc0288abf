// Hexadecimal text: two lower-case digits a byte, the upper half first.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace nacre {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

inline std::string hex_text(Bytes bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (uint8_t byte : bytes) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

}  // namespace nacre
