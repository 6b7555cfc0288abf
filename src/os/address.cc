#include "os/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>

namespace nacre::os {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr size_t kMaxName = 253;  // of a name in the domain name system
constexpr size_t kMaxLabel = 63;

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-') return false;
  return std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  std::string number(text);
  IpAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.begin());
  if (inet_pton(AF_INET, number.c_str(), &address[kMapped.size()]) == 1) return address;
  if (inet_pton(AF_INET6, number.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string address_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  bool v4 = is_v4(address);
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &address[kMapped.size()] : address.data(), text,
            sizeof text);
  return text;
}

bool is_v4(const IpAddress& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

IpAddress from_v4(const std::array<uint8_t, 4>& bytes) {
  IpAddress address;
  auto rest = std::copy(kMapped.begin(), kMapped.end(), address.begin());
  std::copy(bytes.begin(), bytes.end(), rest);
  return address;
}

bool is_loopback(const IpAddress& address) {
  if (is_v4(address)) return address[12] == 127;
  IpAddress one{};
  one[15] = 1;
  return address == one;
}

bool is_unspecified(const IpAddress& address) {
  return address == IpAddress{} || address == from_v4({0, 0, 0, 0});
}

bool same_bits(const IpAddress& a, const IpAddress& b, uint32_t bits) {
  uint32_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  uint32_t rest = bits % 8;
  if (rest == 0) return true;
  auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

std::string endpoint_text(const Endpoint& endpoint) {
  std::string host = address_text(endpoint.address);
  if (!is_v4(endpoint.address)) host = "[" + host + "]";
  return host + ":" + std::to_string(endpoint.port);
}

Endpoint real_destination(Endpoint to) {
  if (!is_unspecified(to.address)) return to;
  if (is_v4(to.address)) {
    to.address = from_v4({127, 0, 0, 1});
  } else {
    to.address[15] = 1;
  }
  return to;
}

std::optional<std::string> canonical_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxName) return std::nullopt;
  std::string name;
  for (char c : text) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::string_view label;
  for (std::string_view rest = name;;) {
    size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (!is_label(label)) return std::nullopt;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // What ends in a number, resolvers take for an address in some old spelling.
  bool number = label.find_first_not_of("0123456789") == std::string_view::npos;
  if (number || label.starts_with("0x")) return std::nullopt;
  return name;
}

}  // namespace nacre::os
