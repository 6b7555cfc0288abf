#include "os/listen.h"

#include <cerrno>

#include "os/network.h"

namespace nacre::os {
namespace {

constexpr int kBacklog = 128;

}  // namespace

Sys<OwnedFd> listen_tcp(const std::string& address, uint16_t port) {
  auto parsed = parse_address(address);
  if (!parsed) return std::unexpected(EINVAL);
  IpFamily family = is_v4(*parsed) ? IpFamily::v4 : IpFamily::v6;
  auto fd = make_socket(family, SocketType::stream);
  if (!fd) return fd;
  if (auto set = set_socket_option(fd->get(), SocketOption::reuse_address, 1); !set) {
    return std::unexpected(set.error());
  }
  if (auto bound = bind_socket(fd->get(), family, {*parsed, port}); !bound) {
    return std::unexpected(bound.error());
  }
  if (auto listening = start_listening(fd->get(), kBacklog); !listening) {
    return std::unexpected(listening.error());
  }
  return fd;
}

}  // namespace nacre::os
