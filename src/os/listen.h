// A listening TCP socket at an address that a user named.
#pragma once

#include <cstdint>
#include <string>

#include "os/file.h"

namespace nacre::os {

// `address` is a number, IPv4 or IPv6 ("127.0.0.1", "::1"): names are not looked up. EINVAL if it
// is neither. SO_REUSEADDR is set, so that a server can be started again at once.
Sys<OwnedFd> listen_tcp(const std::string& address, uint16_t port);

}  // namespace nacre::os
