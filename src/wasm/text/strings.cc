#include "wasm/text/strings.h"

#include <algorithm>

#include "base/utf8.h"

namespace nacre::wasm::text {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// Reads the escape behind a backslash and returns where it ends. The lexer has checked it.
const char* append_escape(std::string& out, const char* p) {
  switch (*p) {
    case 't':
      out += '\t';
      return p + 1;
    case 'n':
      out += '\n';
      return p + 1;
    case 'r':
      out += '\r';
      return p + 1;
    case '"':
    case '\'':
    case '\\':
      out += *p;
      return p + 1;
    case 'u': {
      uint32_t scalar = 0;
      for (p += 2; *p != '}'; ++p) {
        if (*p != '_') scalar = scalar << 4 | hex_digit_value(*p);
      }
      append_utf8(out, scalar);
      return p + 1;
    }
    default:
      out += static_cast<char>(hex_digit_value(p[0]) << 4 | hex_digit_value(p[1]));
      return p + 2;
  }
}

void append_byte_escape(std::string& out, uint8_t byte) {
  out += '\\';
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

bool is_id_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-./:<=>?@\\^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

void append_string(std::string& out, const Token& token) {
  std::string_view text = token.text;
  if (token.kind == TokenKind::id) text.remove_prefix(1);
  text = text.substr(1, text.size() - 2);
  if (!token.has_escapes) {
    out += text;
    return;
  }
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    if (*p == '\\') {
      p = append_escape(out, p + 1);
    } else {
      out += *p++;
    }
  }
}

bool string_is_utf8(const Token& token) {
  if (!token.has_escapes) return true;  // the whole source was checked
  std::string bytes;
  append_string(bytes, token);
  return is_utf8(bytes);
}

void append_quoted_bytes(std::string& out, Bytes bytes) {
  out += '"';
  for (uint8_t byte : bytes) {
    if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
      out += static_cast<char>(byte);
    } else {
      append_byte_escape(out, byte);
    }
  }
  out += '"';
}

void append_quoted_text(std::string& out, std::string_view text) {
  // Only characters that are safe to look at are kept as they are.
  if (!is_printable(text)) return append_quoted_bytes(out, as_bytes(text));
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_id(std::string& out, std::string_view name) {
  out += '$';
  if (std::ranges::all_of(name, is_id_char)) {
    out += name;
  } else {
    append_quoted_text(out, name);
  }
}

}  // namespace nacre::wasm::text
