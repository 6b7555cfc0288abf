// Makes, binds and connects internet sockets, in processes that are allowed to. What can be done
// with an existing socket is in os/socket.h. Errors are errno values.
#pragma once

#include <span>

#include "base/address.h"
#include "os/socket.h"

namespace nacre::os {

enum class IpFamily : uint8_t { v4, v6 };

Sys<OwnedFd> make_socket(IpFamily family, SocketType type);
// EAFNOSUPPORT: an address of the other family. [::] means IPv6 alone.
Sys<void> bind_socket(int fd, IpFamily family, const Endpoint& at);
Sys<void> start_listening(int fd, int backlog);
// Does not wait. True: it is still connecting; the socket becomes writable when that is done, and
// its error says how it went. A datagram socket is connected at once.
Sys<bool> start_connecting(int fd, IpFamily family, const Endpoint& to);
// One datagram; does not wait.
Sys<size_t> send_datagram(int fd, IpFamily family, const Endpoint& to, Bytes bytes);

}  // namespace nacre::os
