// Internet addresses as numbers. No names are looked up here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nacre::os {

// 16 bytes; IPv4 as ::ffff:a.b.c.d, so that the two spellings of one address are equal.
using IpAddress = std::array<uint8_t, 16>;

// "10.0.0.1", "::1"; nothing else: no brackets, zones, ports or short forms such as "10.1".
std::optional<IpAddress> parse_address(std::string_view text);
bool is_v4(const IpAddress& address);

}  // namespace nacre::os
