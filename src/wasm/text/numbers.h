// Number literals of the text format (specification 3.0, chapter 6.3.1 and 6.3.2): to bits, exactly
// rounded, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::wasm::text {

enum class NumberError : uint8_t {
  none,
  syntax,  // not a number of this kind
  range,   // a number, but not one of this type
};

template <class T>
struct Number {
  T value{};
  NumberError error = NumberError::none;
  bool ok() const { return error == NumberError::none; }
};

// An unsigned integer without sign, of at most `bits` bits.
Number<uint64_t> parse_nat(std::string_view text, uint32_t bits);
// An integer with or without sign, read as signed or unsigned; the result is its lowest `bits`.
Number<uint64_t> parse_int(std::string_view text, uint32_t bits);
// The bits of an IEEE 754 number: decimal, hexadecimal, inf, nan, nan:0x...
Number<uint32_t> parse_f32(std::string_view text);
Number<uint64_t> parse_f64(std::string_view text);

// Shortest decimal that reads back as the same bits.
void append_f32(std::string& out, uint32_t bits);
void append_f64(std::string& out, uint64_t bits);

}  // namespace nacre::wasm::text
