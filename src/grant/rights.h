// What may be done with a path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::grant {

// Bits.
enum class Rights : uint8_t {
  none = 0,
  read = 1,    // contents, attributes, the names in a directory
  write = 2,   // contents and times of what is there
  create = 4,  // the name itself: make it, remove it, move it, link it
  all = read | write | create,
};
constexpr Rights operator|(Rights a, Rights b) {
  return static_cast<Rights>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr Rights operator&(Rights a, Rights b) {
  return static_cast<Rights>(static_cast<uint8_t>(a) & static_cast<uint8_t>(b));
}
constexpr Rights operator-(Rights a, Rights b) {
  return static_cast<Rights>(static_cast<uint8_t>(a) & ~static_cast<uint8_t>(b));
}
constexpr bool includes(Rights all, Rights some) { return (all & some) == some; }

// "read", "read+write", ...
std::string rights_text(Rights rights);
// Reads that back, and "ro"; nothing if these are not words for rights.
std::optional<Rights> parse_rights(std::string_view text);

}  // namespace nacre::grant
