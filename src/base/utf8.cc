#include "base/utf8.h"

#include <algorithm>
#include <cstdio>

namespace nacre {
namespace {

// Length of the well-formed sequence at the front (Unicode 15, table 3-7), 0 if there is none.
size_t sequence_length(const uint8_t* p, size_t available, uint32_t* scalar) {
  uint8_t lead = p[0];
  if (lead < 0x80) {
    *scalar = lead;
    return 1;
  }
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || available < length) return 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  uint32_t value = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (p[i] < low || p[i] > high) return 0;
    low = 0x80;
    high = 0xBF;
    value = value << 6 | (p[i] & 0x3F);
  }
  *scalar = value;
  return length;
}

bool is_unsafe_on_terminal(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x2028 ||
         c == 0x2029 || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

}  // namespace

bool is_printable(std::string_view text) {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  size_t left = text.size();
  while (left != 0) {
    uint32_t scalar = 0;
    size_t length = sequence_length(p, left, &scalar);
    if (length == 0 || is_unsafe_on_terminal(scalar)) return false;
    p += length;
    left -= length;
  }
  return true;
}

bool is_utf8(Bytes bytes) {
  const uint8_t* p = bytes.data();
  size_t left = bytes.size();
  uint32_t scalar;
  while (left != 0) {
    if (left >= 8 && (load_le<uint64_t>(p) & 0x8080808080808080u) == 0) {
      p += 8;
      left -= 8;
      continue;
    }
    size_t length = sequence_length(p, left, &scalar);
    if (length == 0) return false;
    p += length;
    left -= length;
  }
  return true;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(std::min(text.size(), kMaxPrintableBytes));
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  size_t left = text.size();
  char escape[16];
  while (left != 0) {
    if (out.size() >= kMaxPrintableBytes) return out += "...";
    uint32_t scalar = 0;
    size_t length = sequence_length(p, left, &scalar);
    if (length == 0) {
      std::snprintf(escape, sizeof escape, "\\%02x", *p);
      out += escape;
      length = 1;
    } else if (is_unsafe_on_terminal(scalar)) {
      std::snprintf(escape, sizeof escape, "\\u{%x}", scalar);
      out += escape;
    } else {
      out.append(reinterpret_cast<const char*>(p), length);
    }
    p += length;
    left -= length;
  }
  return out;
}

}  // namespace nacre
