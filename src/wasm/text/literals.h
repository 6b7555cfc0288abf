// Number tokens to values, with errors that say where. Shared by modules and scripts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wasm/text/cursor.h"

namespace nacre::wasm::text {

// The lowest `bits` of an integer; without `is_signed` it may have no sign.
Result<uint64_t> parse_int_bits(const Cursor& cursor, const Token& token, uint32_t bits,
                                bool is_signed);
Result<uint32_t> parse_f32_bits(const Cursor& cursor, const Token& token);
Result<uint64_t> parse_f64_bits(const Cursor& cursor, const Token& token);

struct LaneShape {
  std::string_view text;
  uint32_t lanes;
  uint32_t bits;  // of a lane
  bool is_float;
};
std::optional<LaneShape> find_lane_shape(std::string_view text);

}  // namespace nacre::wasm::text
