#include "os/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace nacre::os {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

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

bool is_v4(const IpAddress& address) {
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

}  // namespace nacre::os
