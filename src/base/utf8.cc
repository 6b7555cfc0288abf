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

struct Scalars {
  uint32_t first;
  uint32_t last;
};
// Controls, what changes the order of others, and what shows nothing at all by itself, so that two
// names would look the same (Unicode 15: Default_Ignorable_Code_Point, and controls of layout).
constexpr Scalars kUnsafe[] = {
    {0x0, 0x1F},        {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},
    {0x61C, 0x61C},     {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};

bool is_unsafe_on_terminal(uint32_t c) {
  if (c >= 0x20 && c < 0x7F) return false;
  return std::ranges::any_of(kUnsafe, [c](Scalars r) { return c >= r.first && c <= r.last; });
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

FirstScalar first_scalar(std::string_view text) {
  FirstScalar first;
  first.length = sequence_length(as_bytes(text).data(), text.size(), &first.value);
  return first;
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

std::string printable(std::string_view text, size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  size_t left = text.size();
  char escape[16];
  while (left != 0) {
    if (out.size() >= max_bytes) return out += "...";
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
