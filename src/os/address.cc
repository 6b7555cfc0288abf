#include "os/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>

namespace nacre::os {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
// Where gateways take the last four bytes for an IPv4 address (RFC 6052), and where nobody should
// any more (::a.b.c.d).
constexpr std::array<uint8_t, 12> kTranslated = {0, 0x64, 0xff, 0x9b};
constexpr std::array<uint8_t, 12> kCompatible = {};

constexpr size_t kMaxName = 253;  // of a name in the domain name system
constexpr size_t kMaxLabel = 63;

bool begins_with(const IpAddress& address, const std::array<uint8_t, 12>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

std::array<uint8_t, 4> last_four(const IpAddress& address) {
  return {address[12], address[13], address[14], address[15]};
}

bool is_special_v4(const std::array<uint8_t, 4>& bytes) {
  bool here = bytes[0] == 0 || bytes[0] == 127;
  bool link_local = bytes[0] == 169 && bytes[1] == 254;
  bool many = (bytes[0] & 0xf0) == 224;
  bool broadcast = bytes == std::array<uint8_t, 4>{255, 255, 255, 255};
  return here || link_local || many || broadcast;
}

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

bool is_v4(const IpAddress& address) { return begins_with(address, kMapped); }

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

bool is_special(const IpAddress& address) {
  bool wraps_v4 = is_v4(address) || begins_with(address, kTranslated) ||
                  begins_with(address, kCompatible);  // :: and ::1 among these
  if (wraps_v4) return is_special_v4(last_four(address));
  bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  return link_local || address[0] == 0xff;
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
