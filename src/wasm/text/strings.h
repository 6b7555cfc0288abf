// String literals and identifiers of the text format: to their bytes and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wasm/text/lexer.h"

namespace nacre::wasm::text {

// 0 to 15; the character must be a hexadecimal digit.
constexpr uint32_t hex_digit_value(char c) {
  if (c <= '9') return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>((c | 0x20) - 'a' + 10);
}

// Appends the bytes that a token of kind string, or a quoted id, stands for.
void append_string(std::string& out, const Token& token);

// Whether those bytes are UTF-8.
bool string_is_utf8(const Token& token);

// "..." with everything but printable ASCII escaped as bytes.
void append_quoted_bytes(std::string& out, Bytes bytes);
// "..." of UTF-8 text: readable characters stay, the rest is escaped so that it reads back equal.
void append_quoted_text(std::string& out, std::string_view text);
// $name, or $"name" where that needs quotes. The name must be UTF-8 and not empty.
void append_id(std::string& out, std::string_view name);

}  // namespace nacre::wasm::text
