#include "os/network.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/native_address.h"

namespace nacre::os {
namespace {

Sys<void> set_blocking(int fd, bool blocking) {
  int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return std::unexpected(errno);
  flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (::fcntl(fd, F_SETFL, flags) != 0) return std::unexpected(errno);
  return {};
}

}  // namespace

std::optional<NativeAddress> to_native(const Endpoint& endpoint, IpFamily family) {
  NativeAddress native;
  if (family == IpFamily::v4) {
    if (!is_v4(endpoint.address)) return std::nullopt;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&native.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    std::memcpy(&v4->sin_addr, &endpoint.address[12], sizeof v4->sin_addr);
    native.length = sizeof *v4;
    return native;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&native.storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(endpoint.port);
  std::memcpy(&v6->sin6_addr, endpoint.address.data(), endpoint.address.size());
  native.length = sizeof *v6;
  return native;
}

std::optional<Endpoint> from_native(const NativeAddress& address) {
  Endpoint endpoint;
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    std::array<uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &v4->sin_addr, bytes.size());
    return Endpoint{from_v4(bytes), ntohs(v4->sin_port)};
  }
  if (address.storage.ss_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  std::memcpy(endpoint.address.data(), &v6->sin6_addr, endpoint.address.size());
  endpoint.port = ntohs(v6->sin6_port);
  return endpoint;
}

Sys<OwnedFd> make_socket(IpFamily family, SocketType type) {
  int kind = type == SocketType::stream ? SOCK_STREAM : SOCK_DGRAM;
  OwnedFd fd(::socket(family == IpFamily::v4 ? AF_INET : AF_INET6, kind | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::unexpected(errno);
  return fd;
}

Sys<void> bind_socket(int fd, IpFamily family, const Endpoint& at) {
  auto native = to_native(at, family);
  if (!native) return std::unexpected(EAFNOSUPPORT);
  int on = 1;
  if (family == IpFamily::v6 && !is_v4(at.address) &&
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return std::unexpected(errno);
  }
  if (::bind(fd, native->get(), native->length) != 0) return std::unexpected(errno);
  return {};
}

Sys<void> start_listening(int fd, int backlog) {
  if (::listen(fd, backlog) != 0) return std::unexpected(errno);
  return {};
}

Sys<bool> start_connecting(int fd, IpFamily family, const Endpoint& to) {
  auto native = to_native(to, family);
  if (!native) return std::unexpected(EAFNOSUPPORT);
  // Only this call must not wait; later calls say each time whether they wait.
  if (auto set = set_blocking(fd, false); !set) return std::unexpected(set.error());
  int error = ::connect(fd, native->get(), native->length) == 0 ? 0 : errno;
  if (auto set = set_blocking(fd, true); !set) return std::unexpected(set.error());
  if (error != 0 && error != EINPROGRESS) return std::unexpected(error);
  return error != 0;
}

Sys<size_t> send_datagram(int fd, IpFamily family, const Endpoint& to, Bytes bytes) {
  auto native = to_native(to, family);
  if (!native) return std::unexpected(EAFNOSUPPORT);
  ssize_t sent = ::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                          native->get(), native->length);
  if (sent < 0) return std::unexpected(errno);
  return static_cast<size_t>(sent);
}

}  // namespace nacre::os
