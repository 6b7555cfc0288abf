#include "base/special_address.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace nacre {
namespace {

constexpr uint32_t kV4Bits = 96;  // in front of an IPv4 address

enum class Reach : uint8_t { others, special };

struct Range {
  IpAddress base{};
  uint32_t bits = 0;

  bool contains(const IpAddress& address) const { return same_bits(base, address, bits); }
};
struct Use {
  Range range;
  Reach reach;
  std::string_view word;
};
struct Form {
  Range range;
  std::array<uint8_t, 4> places;  // bytes of the IPv6 address
  uint8_t flip;
};

template <class... Groups>
constexpr Range v6_range(uint32_t bits, Groups... groups) {
  Range range{.bits = bits};
  size_t at = 0;
  for (unsigned group : std::array<unsigned, sizeof...(groups)>{static_cast<unsigned>(groups)...}) {
    range.base[at++] = static_cast<uint8_t>(group >> 8);
    range.base[at++] = static_cast<uint8_t>(group);
  }
  return range;
}

constexpr Range v4_range(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint32_t bits) {
  Range range = v6_range(kV4Bits + bits, 0, 0, 0, 0, 0, 0xffff);
  range.base[12] = a;
  range.base[13] = b;
  range.base[14] = c;
  range.base[15] = d;
  return range;
}

constexpr Use kUses[] = {
#define V4(a, b, c, d, bits, reach, word) {v4_range(a, b, c, d, bits), Reach::reach, word},
#define V6(bits, reach, word, ...) {v6_range(bits __VA_OPT__(, ) __VA_ARGS__), Reach::reach, word},
#include "base/special_addresses.def"
};

constexpr Form kForms[] = {
#define CARRIES(word, b0, b1, b2, b3, flip, bits, ...) \
  {v6_range(bits __VA_OPT__(, ) __VA_ARGS__), {b0, b1, b2, b3}, flip},
#include "base/special_addresses.def"
};

// Below any prefix (RFC 5214).
bool is_isatap(const IpAddress& address) {
  bool of_interface = (address[8] & 0xfc) == 0 && address[9] == 0;
  return of_interface && address[10] == 0x5e && address[11] == 0xfe;
}

IpAddress carried_at(const IpAddress& address, const std::array<uint8_t, 4>& places, uint8_t flip) {
  std::array<uint8_t, 4> bytes;
  std::ranges::transform(places, bytes.begin(),
                         [&](uint8_t at) { return static_cast<uint8_t>(address[at] ^ flip); });
  return from_v4(bytes);
}

// The narrowest; the first row of each family contains all of it.
const Use& use_of(const IpAddress& address) {
  const Use* narrowest = std::begin(kUses);
  uint32_t most = 0;
  for (const Use& use : kUses) {
    if (use.range.bits < most || !use.range.contains(address)) continue;
    narrowest = &use;
    most = use.range.bits;
  }
  return *narrowest;
}

std::string_view special_word(const IpAddress& address) {
  const Use& use = use_of(address);
  return use.reach == Reach::special ? use.word : std::string_view();
}

}  // namespace

std::vector<IpAddress> carried_v4(const IpAddress& address) {
  std::vector<IpAddress> carried;
  // These two are IPv4-compatible by number only.
  if (is_v4(address) || is_unspecified(address) || is_loopback(address)) return carried;
  for (const Form& form : kForms) {
    if (form.range.contains(address)) {
      carried.push_back(carried_at(address, form.places, form.flip));
    }
  }
  if (is_isatap(address)) carried.push_back(carried_at(address, {12, 13, 14, 15}, 0));
  return carried;
}

std::string_view special_use(const IpAddress& address) {
  std::string_view word = special_word(address);
  for (const IpAddress& inner : carried_v4(address)) {
    if (word.empty()) word = special_word(inner);
  }
  return word;
}

}  // namespace nacre
