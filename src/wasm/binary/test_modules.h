// Binary modules written by hand, for tests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "wasm/binary/writer.h"

namespace nacre::wasm::test {

using ByteVector = std::vector<uint8_t>;

// "00 61 'asm' 7f": hexadecimal bytes, and text in single quotes.
inline ByteVector bytes(std::string_view text) {
  ByteVector out;
  auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
    } else if (text[i] == '\'') {
      for (++i; text[i] != '\''; ++i) out.push_back(static_cast<uint8_t>(text[i]));
      ++i;
    } else {
      out.push_back(static_cast<uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
      i += 2;
    }
  }
  return out;
}

// A section with its size in front.
inline ByteVector section(uint8_t id, std::string_view contents) {
  ByteWriter out;
  out.u8(id);
  out.sized(bytes(contents));
  return std::move(out).take();
}

// A custom section.
inline ByteVector custom(std::string_view name, std::string_view contents) {
  ByteWriter out;
  out.u8(0);
  out.name(name);
  out.raw(bytes(contents));
  out.wrap_from(1);
  return std::move(out).take();
}

// A header and these sections.
inline ByteVector module(std::initializer_list<ByteVector> sections) {
  ByteVector out = bytes("00 'asm' 01 00 00 00");
  for (const ByteVector& part : sections) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// Every section, most forms of each; canonically encoded, so that it survives a round trip.
inline ByteVector everything() {
  return module({
      custom("first", "01 02"),
      section(1,
              "07"
              " 60 02 7f 7e 01 7d"                    // 0: [i32 i64] -> [f32]
              " 60 00 00"                             // 1: [] -> []
              " 4e 02 50 00 5f 02 78 01 64 03 00"     // 2, 3: mutually recursive
              " 50 01 02 5f 03 78 01 64 03 00 7f 00"  //
              " 4e 01 5e 77 01"                       // 4: array, written as a group of one
              " 4f 01 03 5f 03 78 01 64 03 00 7f 00"  // 5: final, below 3
              " 60 01 7f 00"                          // 6: a tag's
              " 60 04 63 02 6e 7b 70 00"),            // 7: references
      section(2,
              "04"
              " 01 'm' 01 'f' 00 01"                              // function
              " 01 'm' 00 7f 02 01 'g' 03 7f 01 01 'h' 03 6f 00"  // two globals of one module
              " 01 'n' 00 7e 01 70 00 01 02 01 's' 01 't'"        // two tables of one type
              " 01 'm' 01 'e' 04 00 06"),                         // tag
      section(3, "02 01 00"),
      section(4, "03 70 00 01  40 00 64 70 01 01 02 d2 00 0b  6f 05 01 80 80 80 80 10"),
      section(5, "03 00 01  03 01 02  05 00 80 80 80 80 80 01"),
      section(13, "01 00 06"),
      section(6, "02 7f 01 41 2a 0b  63 02 00 d0 02 0b"),
      section(7, "05 01 'a' 00 01 01 'b' 01 00 01 'c' 02 00 01 'd' 03 00 01 'e' 04 00"),
      section(8, "01"),
      section(9,
              "08"
              " 00 41 00 0b 01 00"
              " 01 00 01 00"
              " 02 01 41 00 0b 00 01 00"
              " 03 00 01 00"
              " 04 41 00 0b 01 d2 00 0b"
              " 05 70 01 d2 00 0b"
              " 06 04 42 00 0b 6f 01 d0 6f 0b"
              " 07 70 00"),
      custom("middle", "ff"),
      section(12, "03"),
      section(10, "02 02 00 0b  09 01 02 7f 43 00 00 80 3f 0b"),
      section(11, "03 00 41 00 0b 02 'hi'  01 01 'x'  02 01 41 00 0b 00"),
      custom("last", ""),
  });
}

}  // namespace nacre::wasm::test
