// Connected and listening sockets that were opened before: accept, send, receive, shut down.
// Errors are errno values. Nothing here resolves an address of the network or connects to one.
#pragma once

#include <span>
#include <string>

#include "os/file.h"

namespace nacre::os {

enum class SocketType : uint8_t { none, stream, datagram };
SocketType socket_type(int fd);
bool is_listening(int fd);

Sys<OwnedFd> accept_socket(int fd);

struct ReceiveOptions {
  bool peek = false;
  bool wait_all = false;
  bool nonblocking = false;
};
struct Received {
  size_t bytes;
  bool truncated;  // a datagram was longer than the buffers
};
Sys<Received> receive(int fd, std::span<const MutableBytes> to, ReceiveOptions options);
// Never raises SIGPIPE.
Sys<size_t> send_vectors(int fd, std::span<const Bytes> from, bool nonblocking);
Sys<void> shut_down(int fd, bool reading, bool writing);

// To a server of this machine that listens at a path: a stream.
Sys<OwnedFd> connect_local(const std::string& path);

// For tests and for servers: a listening TCP socket on 127.0.0.1 at a free port (`*port` is set),
// and a socket connected to such a port.
Sys<OwnedFd> listen_loopback(uint16_t* port);
Sys<OwnedFd> connect_loopback(uint16_t port);

}  // namespace nacre::os
