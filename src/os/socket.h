// Connected and listening sockets that were opened before: accept, send, receive, shut down.
// Errors are errno values. Nothing here resolves an address of the network or connects to one:
// os/network.h does.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/address.h"
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
// `sender`, if it is not null: who sent it, if the system says so.
Sys<Received> receive(int fd, std::span<const MutableBytes> to, ReceiveOptions options,
                      std::optional<Endpoint>* sender = nullptr);
// Sends to the socket's peer. No address is passed, so that the filter of a locked-down process can
// forbid sending to addresses. Never raises SIGPIPE. Of many vectors, a stream takes the first 64
// KiB.
Sys<size_t> send_vectors(int fd, std::span<const Bytes> from, bool nonblocking);
Sys<void> shut_down(int fd, bool reading, bool writing);

// Of sockets of the internet; ENOTCONN, EAFNOSUPPORT.
Sys<Endpoint> local_end(int fd);
Sys<Endpoint> peer_end(int fd);

// See os/socket_options.def for what the values are.
enum class SocketOption : uint8_t {
#define OPTION(name, native, form, access) name,
#include "os/socket_options.def"
#undef OPTION
};
inline constexpr size_t kSocketOptions = 0
#define OPTION(name, native, form, access) +1
#include "os/socket_options.def"
#undef OPTION
    ;
enum class OptionForm : uint8_t { number, linger, time, none };
OptionForm form_of(SocketOption option);
bool is_settable(SocketOption option);
bool is_settable_when_locked_down(SocketOption option);
// ENOPROTOOPT for what has no such value, or is not to be set.
Sys<int64_t> socket_option(int fd, SocketOption option);
Sys<void> set_socket_option(int fd, SocketOption option, int64_t value);

// To a server of this machine that listens at a path: a stream.
Sys<OwnedFd> connect_local(const std::string& path);

// For tests and for servers: a listening TCP socket on 127.0.0.1 at a free port (`*port` is set),
// and a socket connected to such a port.
Sys<OwnedFd> listen_loopback(uint16_t* port);
Sys<OwnedFd> connect_loopback(uint16_t port);

}  // namespace nacre::os
