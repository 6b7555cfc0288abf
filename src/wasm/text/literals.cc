#include "wasm/text/literals.h"

#include "base/utf8.h"
#include "wasm/text/numbers.h"

namespace nacre::wasm::text {
namespace {

constexpr LaneShape kShapes[] = {{"i8x16", 16, 8, false}, {"i16x8", 8, 16, false},
                                 {"i32x4", 4, 32, false}, {"i64x2", 2, 64, false},
                                 {"f32x4", 4, 32, true},  {"f64x2", 2, 64, true}};

std::unexpected<Error> refuse(const Cursor& cursor, const Token& token, NumberError error,
                              const std::string& type) {
  if (error == NumberError::range) {
    return cursor.malformed(token, type + " constant out of range: " + printable(token.text));
  }
  return cursor.malformed(token, "unexpected token \"" + printable(token.text) +
                                     "\": expected a number of type " + type);
}

}  // namespace

Result<uint64_t> parse_int_bits(const Cursor& cursor, const Token& token, uint32_t bits,
                                bool is_signed) {
  Number<uint64_t> number = is_signed ? parse_int(token.text, bits) : parse_nat(token.text, bits);
  if (number.ok()) return number.value;
  return refuse(cursor, token, number.error, (is_signed ? "i" : "u") + std::to_string(bits));
}

Result<uint32_t> parse_f32_bits(const Cursor& cursor, const Token& token) {
  Number<uint32_t> number = parse_f32(token.text);
  if (number.ok()) return number.value;
  return refuse(cursor, token, number.error, "f32");
}

Result<uint64_t> parse_f64_bits(const Cursor& cursor, const Token& token) {
  Number<uint64_t> number = parse_f64(token.text);
  if (number.ok()) return number.value;
  return refuse(cursor, token, number.error, "f64");
}

std::optional<LaneShape> find_lane_shape(std::string_view text) {
  for (const LaneShape& shape : kShapes) {
    if (shape.text == text) return shape;
  }
  return std::nullopt;
}

}  // namespace nacre::wasm::text
