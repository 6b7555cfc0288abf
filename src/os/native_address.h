// Endpoints as the system's calls take and give them. Private to os.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "base/address.h"
#include "os/network.h"

namespace nacre::os {

struct NativeAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// Nothing: an IPv6 address on a socket of IPv4.
std::optional<NativeAddress> to_native(const Endpoint& endpoint, IpFamily family);
// Nothing: neither IPv4 nor IPv6.
std::optional<Endpoint> from_native(const NativeAddress& address);

}  // namespace nacre::os
