#include "os/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>

#include "os/interrupt.h"

namespace nacre::os {
namespace {

template <class Span>
size_t to_iovecs(std::span<const Span> spans, iovec* items) {
  size_t count = std::min(spans.size(), kMaxVectors);
  for (size_t i = 0; i < count; ++i) {
    items[i] = {const_cast<uint8_t*>(spans[i].data()), spans[i].size()};
  }
  return count;
}

int int_option(int fd, int option) {
  int value = 0;
  socklen_t length = sizeof value;
  if (getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0) return -1;
  return value;
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

SocketType socket_type(int fd) {
  switch (int_option(fd, SO_TYPE)) {
    case SOCK_STREAM:
      return SocketType::stream;
    case SOCK_DGRAM:
      return SocketType::datagram;
    default:
      return SocketType::none;
  }
}

bool is_listening(int fd) { return int_option(fd, SO_ACCEPTCONN) == 1; }

Sys<OwnedFd> accept_socket(int fd) {
  for (;;) {
    int accepted = accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) return OwnedFd(accepted);
    if (errno != EINTR && errno != ECONNABORTED) return std::unexpected(errno);
    if (stop_requested()) return std::unexpected(EINTR);
  }
}

Sys<Received> receive(int fd, std::span<const MutableBytes> to, ReceiveOptions options) {
  iovec items[kMaxVectors];
  msghdr message{};
  message.msg_iov = items;
  message.msg_iovlen = to_iovecs(to, items);
  int flags = (options.peek ? MSG_PEEK : 0) | (options.wait_all ? MSG_WAITALL : 0) |
              (options.nonblocking ? MSG_DONTWAIT : 0);
  for (;;) {
    ssize_t got = recvmsg(fd, &message, flags);
    if (got >= 0) return Received{static_cast<size_t>(got), (message.msg_flags & MSG_TRUNC) != 0};
    if (errno != EINTR || stop_requested()) return std::unexpected(errno);
  }
}

Sys<size_t> send_vectors(int fd, std::span<const Bytes> from, bool nonblocking) {
  iovec items[kMaxVectors];
  msghdr message{};
  message.msg_iov = items;
  message.msg_iovlen = to_iovecs(from, items);
  for (;;) {
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | (nonblocking ? MSG_DONTWAIT : 0));
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno != EINTR || stop_requested()) return std::unexpected(errno);
  }
}

Sys<void> shut_down(int fd, bool reading, bool writing) {
  if (!reading && !writing) return std::unexpected(EINVAL);
  int how = reading && writing ? SHUT_RDWR : reading ? SHUT_RD : SHUT_WR;
  if (shutdown(fd, how) != 0) return std::unexpected(errno);
  return {};
}

Sys<OwnedFd> connect_local(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::unexpected(errno);
  while (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return fd;
}

Sys<OwnedFd> listen_loopback(uint16_t* port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::unexpected(errno);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(fd.get(), 16) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return std::unexpected(errno);
  }
  *port = ntohs(address.sin_port);
  return fd;
}

Sys<OwnedFd> connect_loopback(uint16_t port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::unexpected(errno);
  sockaddr_in address = loopback(port);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return std::unexpected(errno);
  }
  return fd;
}

}  // namespace nacre::os
