// Internet addresses as numbers, and names of hosts as text. Looks no names up.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

// 16 bytes; IPv4 as ::ffff:a.b.c.d, so that the two spellings of one address are equal.
using IpAddress = std::array<uint8_t, 16>;

// "10.0.0.1", "::1"; nothing else: no brackets, zones, ports or short forms such as "10.1".
std::optional<IpAddress> parse_address(std::string_view text);
std::string address_text(const IpAddress& address);
bool is_v4(const IpAddress& address);
IpAddress from_v4(const std::array<uint8_t, 4>& bytes);

bool is_loopback(const IpAddress& address);
// 0.0.0.0 and ::, which as a destination mean this machine.
bool is_unspecified(const IpAddress& address);
// Whether they begin with the same bits, of 128.
bool same_bits(const IpAddress& a, const IpAddress& b, uint32_t bits);

struct Endpoint {
  IpAddress address{};
  uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};
// "10.0.0.1:80", "[::1]:80"
std::string endpoint_text(const Endpoint& endpoint);
// The address that packets to this one arrive at: for an unspecified address the loopback of its
// family.
Endpoint real_destination(Endpoint to);

// A host's name in the spelling that rules are compared in: lower case, no dot at the end. Nothing
// for what is not a name (RFC 1123, with _), and for what a resolver would take for an address.
std::optional<std::string> canonical_host_name(std::string_view text);

}  // namespace nacre
