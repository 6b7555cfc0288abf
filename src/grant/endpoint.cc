#include "grant/endpoint.h"

#include <algorithm>
#include <charconv>

#include "base/special_address.h"
#include "base/utf8.h"

namespace nacre::grant {
namespace {

std::optional<uint16_t> parse_number(std::string_view text, uint32_t largest) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > largest) {
    return std::nullopt;
  }
  return static_cast<uint16_t>(value);
}

}  // namespace

Result<void> EndpointPattern::set_host(std::string_view text, std::string_view whole) {
  auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::usage, "\"" + printable(whole) + "\": " + std::string(why));
  };
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text == "*") return {};
  size_t slash = text.find('/');
  if (auto address = parse_address(text.substr(0, slash))) {
    host_ = Host::range;
    address_ = *address;
    bits_ = 128;
    if (slash != std::string_view::npos) {
      uint32_t most = is_v4(*address) ? 32 : 128;
      auto bits = parse_number(text.substr(slash + 1), most);
      if (!bits) return wrong("a range is ADDRESS/BITS, such as 10.0.0.0/8");
      bits_ = static_cast<uint8_t>(128 - most + *bits);
      IpAddress base = *address;
      for (uint32_t bit = bits_; bit < 128; ++bit) {
        base[bit / 8] &= static_cast<uint8_t>(~(0x80 >> (bit % 8)));
      }
      if (base != *address) return wrong("the address has bits set behind the range's BITS");
    }
    name_ = text;
    return {};
  }
  host_ = Host::name;
  if (text.starts_with("*.")) {
    host_ = Host::below_name;
    text.remove_prefix(2);
  }
  auto name = canonical_host_name(text);
  if (!name) return wrong("names no host: write a name, *.name, an address or ADDRESS/BITS");
  name_ = std::move(*name);
  return {};
}

Result<EndpointPattern> EndpointPattern::parse_host(std::string_view text) {
  EndpointPattern pattern;
  TRY(pattern.set_host(text, text));
  return pattern;
}

Result<EndpointPattern> EndpointPattern::parse(std::string_view text) {
  EndpointPattern pattern;
  std::string_view rest = text;
  if (rest.starts_with("tcp://")) pattern.protocol_ = Protocol::tcp;
  if (rest.starts_with("udp://")) pattern.protocol_ = Protocol::udp;
  if (pattern.protocol_ != Protocol::any) rest.remove_prefix(6);
  size_t colon = rest.rfind(':');
  // An IPv6 address without brackets has colons, and no port.
  bool has_port = colon != std::string_view::npos &&
                  (rest.find(':') == colon || (rest.starts_with('[') && rest[colon - 1] == ']'));
  std::string_view host = has_port ? rest.substr(0, colon) : rest;
  TRY(pattern.set_host(host, text));
  if (!has_port || rest.substr(colon + 1) == "*") return pattern;
  std::string_view ports = rest.substr(colon + 1);
  size_t dash = ports.find('-');
  auto first = parse_number(ports.substr(0, dash), UINT16_MAX);
  auto last =
      dash == std::string_view::npos ? first : parse_number(ports.substr(dash + 1), UINT16_MAX);
  if (!first || !last || *first > *last) {
    return fail(ErrorCode::usage,
                "\"" + printable(text) + "\": a port is a number to 65535, FROM-TO or *");
  }
  pattern.first_port_ = *first;
  pattern.last_port_ = *last;
  return pattern;
}

bool EndpointPattern::covers_host(const EndpointPattern& other) const {
  switch (host_) {
    case Host::any:
      return true;
    case Host::name:
      return other.host_ == Host::name && other.name_ == name_;
    case Host::below_name:
      return (other.host_ == Host::name || other.host_ == Host::below_name) &&
             (other.name_.ends_with("." + name_) ||
              (other.host_ == Host::below_name && other.name_ == name_));
    case Host::range:
      // ::/0 is all of IPv6; IPv4 is 0.0.0.0/0.
      return other.host_ == Host::range && bits_ <= other.bits_ &&
             is_v4(address_) == is_v4(other.address_) && same_bits(address_, other.address_, bits_);
  }
  return false;
}

bool EndpointPattern::covers(const EndpointPattern& other) const {
  return (protocol_ == Protocol::any || protocol_ == other.protocol_) &&
         first_port_ <= other.first_port_ && other.last_port_ <= last_port_ && covers_host(other);
}

bool EndpointPattern::covers_carried(const EndpointPattern& other) const {
  const IpAddress* address = other.address();
  if (address == nullptr) return false;
  return std::ranges::any_of(carried_v4(*address), [&](const IpAddress& inner) {
    EndpointPattern end = other;
    end.address_ = inner;
    return covers(end);
  });
}

bool EndpointPattern::covers_part(const EndpointPattern& other) const {
  const IpAddress* address = other.address();
  if (address == nullptr || !is_unspecified(*address)) return false;
  EndpointPattern end = other;
  if (host_ == Host::range && is_v4(address_) == is_v4(*address)) end.address_ = address_;
  return covers(end);
}

EndpointPattern EndpointPattern::with_name(const std::string& name) const {
  EndpointPattern pattern = *this;
  pattern.host_ = Host::name;
  pattern.name_ = name;
  pattern.bits_ = 0;
  return pattern;
}

bool EndpointPattern::is_single() const {
  bool one_host = host_ == Host::name || (host_ == Host::range && bits_ == 128);
  return one_host && first_port_ == last_port_;
}

uint32_t EndpointPattern::narrowness() const {
  uint32_t host = 0;
  if (host_ == Host::range) host = bits_;
  if (host_ == Host::below_name) host = 1 + static_cast<uint32_t>(name_.size());
  if (host_ == Host::name) host = 1000;
  uint32_t ports = UINT16_MAX - static_cast<uint32_t>(last_port_ - first_port_);
  return host * 0x10000 + ports;
}

bool may_stand_for(std::string_view name, const IpAddress& address, bool stays_here) {
  if (!stays_here && special_use(address).empty()) return true;
  bool is_localhost = name == "localhost" || name.ends_with(".localhost");
  return is_localhost && is_loopback(address);
}

}  // namespace nacre::grant
