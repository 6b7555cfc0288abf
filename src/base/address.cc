#include "base/address.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <vector>

namespace nacre {
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

constexpr size_t kV4Bytes = 4;
constexpr size_t kGroupBytes = 2;  // of IPv6, between two colons

// A number of at most `most` digits, and nothing else; IPv4's have no zeros in front.
std::optional<uint16_t> parse_digits(std::string_view text, int base, size_t most) {
  uint16_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  bool is_number = error == std::errc{} && end == text.data() + text.size();
  if (text.empty() || text.size() > most || !is_number) return std::nullopt;
  return value;
}

std::optional<std::array<uint8_t, kV4Bytes>> parse_v4(std::string_view text) {
  std::array<uint8_t, kV4Bytes> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bool last = i + 1 == bytes.size();
    size_t end = last ? text.size() : text.find('.');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view word = text.substr(0, end);
    auto value = parse_digits(word, 10, 3);
    if (!value || *value > UINT8_MAX || (word.size() > 1 && word[0] == '0')) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(*value);
    text.remove_prefix(last ? end : end + 1);
  }
  return bytes;
}

// The bytes of a group, or of an IPv4 address at the end; nothing: it is neither.
std::optional<std::vector<uint8_t>> parse_group(std::string_view word, bool is_last) {
  if (is_last && word.find('.') != std::string_view::npos) {
    auto bytes = parse_v4(word);
    if (!bytes) return std::nullopt;
    return std::vector<uint8_t>(bytes->begin(), bytes->end());
  }
  auto group = parse_digits(word, 16, 4);
  if (!group) return std::nullopt;
  return std::vector<uint8_t>{static_cast<uint8_t>(*group >> 8), static_cast<uint8_t>(*group)};
}

// RFC 4291, section 2.2.
std::optional<IpAddress> parse_v6(std::string_view text) {
  IpAddress address{};
  size_t size = 0;
  std::optional<size_t> gap;  // where :: stands for zeros
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    size_t end = text.find(':');
    auto bytes = parse_group(text.substr(0, end), end == std::string_view::npos);
    if (!bytes || size + bytes->size() > address.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), &address[size]);
    size += bytes->size();
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) return std::nullopt;
    if (text.front() != ':') continue;
    if (gap) return std::nullopt;
    gap = size;
    text.remove_prefix(1);
  }
  if (gap.has_value() == (size == address.size())) return std::nullopt;
  if (gap) std::rotate(address.begin() + *gap, address.begin() + size, address.end());
  return address;
}

std::string v4_text(const uint8_t* bytes) {
  std::string text;
  for (size_t i = 0; i < kV4Bytes; ++i) text += (i == 0 ? "" : ".") + std::to_string(bytes[i]);
  return text;
}

uint16_t group_at(const IpAddress& address, size_t at) {
  return static_cast<uint16_t>(address[at] << 8 | address[at + 1]);
}

// As RFC 5952 recommends: the longest run of zero groups is ::, the first of those alike; a single
// one is written out. What IPv4-compatible addresses carry is written as such.
std::string v6_text(const IpAddress& address) {
  size_t gap = address.size();
  size_t gap_end = gap;
  for (size_t at = 0; at < address.size(); at += kGroupBytes) {
    size_t end = at;
    while (end < address.size() && group_at(address, end) == 0) end += kGroupBytes;
    bool is_run = end - at > kGroupBytes;
    if (is_run && end - at > gap_end - gap) {
      gap = at;
      gap_end = end;
    }
    if (end != at) at = end - kGroupBytes;
  }
  std::string text;
  for (size_t at = 0; at < address.size();) {
    if (at == gap) {
      text += "::";
      at = gap_end;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    if (gap == 0 && at == gap_end && at + kV4Bytes == address.size()) {
      return text + v4_text(&address[at]);
    }
    char digits[4];
    auto end = std::to_chars(digits, std::end(digits), group_at(address, at), 16).ptr;
    text.append(digits, end);
    at += kGroupBytes;
  }
  return text;
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) {
  if (auto bytes = parse_v4(text)) return from_v4(*bytes);
  return parse_v6(text);
}

std::string address_text(const IpAddress& address) {
  return is_v4(address) ? v4_text(&address[kMapped.size()]) : v6_text(address);
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

}  // namespace nacre
