#include "os/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "os/interrupt.h"
#include "os/native_address.h"

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

// One byte more than any datagram has, so that none is cut to one that goes.
constexpr size_t kMaxGathered = 64 << 10;

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

Sys<Received> receive(int fd, std::span<const MutableBytes> to, ReceiveOptions options,
                      std::optional<Endpoint>* sender) {
  iovec items[kMaxVectors];
  NativeAddress from;
  msghdr message{};
  message.msg_iov = items;
  message.msg_iovlen = to_iovecs(to, items);
  int flags = (options.peek ? MSG_PEEK : 0) | (options.wait_all ? MSG_WAITALL : 0) |
              (options.nonblocking ? MSG_DONTWAIT : 0);
  for (;;) {
    if (sender != nullptr) {
      message.msg_name = from.get();
      message.msg_namelen = from.length;
    }
    ssize_t got = recvmsg(fd, &message, flags);
    if (got >= 0) {
      bool named = sender != nullptr && message.msg_namelen != 0;
      if (sender != nullptr) *sender = named ? from_native(from) : std::nullopt;
      return Received{static_cast<size_t>(got), (message.msg_flags & MSG_TRUNC) != 0};
    }
    if (errno != EINTR || stop_requested()) return std::unexpected(errno);
  }
}

Sys<size_t> send_vectors(int fd, std::span<const Bytes> from, bool nonblocking) {
  // sendmsg could take them as they are, but also an address that no filter of calls sees.
  std::vector<uint8_t> gathered;
  Bytes bytes = from.empty() ? Bytes() : from[0];
  if (from.size() > 1) {
    gathered.reserve(kMaxGathered);
    for (Bytes part : from.first(std::min(from.size(), kMaxVectors))) {
      size_t room = kMaxGathered - gathered.size();
      gathered.insert(gathered.end(), part.begin(),
                      part.begin() + static_cast<std::ptrdiff_t>(std::min(part.size(), room)));
    }
    bytes = gathered;
  }
  for (;;) {
    ssize_t sent =
        ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | (nonblocking ? MSG_DONTWAIT : 0));
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

namespace {

using NameCall = int (*)(int, sockaddr*, socklen_t*);

Sys<Endpoint> end_of(int fd, NameCall call) {
  NativeAddress native;
  if (call(fd, native.get(), &native.length) != 0) return std::unexpected(errno);
  auto endpoint = from_native(native);
  if (!endpoint) return std::unexpected(EAFNOSUPPORT);
  return *endpoint;
}

constexpr int64_t kSecond = 1'000'000'000;

enum class Access : uint8_t { settable, by_broker, readable, closed };
struct OptionInfo {
  int native;
  OptionForm form;
  Access access;
};
constexpr OptionInfo kOptions[] = {
#define OPTION(name, native, form, access) {native, OptionForm::form, Access::access},
#include "os/socket_options.def"
#undef OPTION
};
const OptionInfo& info_of(SocketOption option) { return kOptions[static_cast<size_t>(option)]; }

Sys<void> set(int fd, int option, const void* value, socklen_t length) {
  if (::setsockopt(fd, SOL_SOCKET, option, value, length) != 0) return std::unexpected(errno);
  return {};
}

}  // namespace

Sys<Endpoint> local_end(int fd) { return end_of(fd, &::getsockname); }
Sys<Endpoint> peer_end(int fd) { return end_of(fd, &::getpeername); }

OptionForm form_of(SocketOption option) { return info_of(option).form; }
bool is_settable(SocketOption option) {
  return info_of(option).access == Access::by_broker || is_settable_when_locked_down(option);
}
bool is_settable_when_locked_down(SocketOption option) {
  return info_of(option).access == Access::settable;
}

Sys<int64_t> socket_option(int fd, SocketOption option) {
  const OptionInfo& info = info_of(option);
  union {
    int number;
    linger waits;
    timeval time;
  } value{};
  socklen_t length = info.form == OptionForm::linger ? sizeof value.waits
                     : info.form == OptionForm::time ? sizeof value.time
                                                     : sizeof value.number;
  if (info.access == Access::closed) return std::unexpected(ENOPROTOOPT);
  if (::getsockopt(fd, SOL_SOCKET, info.native, &value, &length) != 0) {
    return std::unexpected(errno);
  }
  switch (info.form) {
    case OptionForm::linger:
      return value.waits.l_onoff != 0 ? value.waits.l_linger : -1;
    case OptionForm::time:
      return value.time.tv_sec * kSecond + value.time.tv_usec * 1000;
    default:
      return value.number;
  }
}

Sys<void> set_socket_option(int fd, SocketOption option, int64_t value) {
  const OptionInfo& info = info_of(option);
  if (!is_settable(option)) return std::unexpected(ENOPROTOOPT);
  auto number = static_cast<int>(std::clamp<int64_t>(value, INT_MIN, INT_MAX));
  switch (info.form) {
    case OptionForm::linger: {
      linger waits{.l_onoff = value >= 0 ? 1 : 0, .l_linger = std::max(number, 0)};
      return set(fd, info.native, &waits, sizeof waits);
    }
    case OptionForm::time: {
      if (value < 0) return std::unexpected(EDOM);
      timeval time{.tv_sec = value / kSecond, .tv_usec = value % kSecond / 1000};
      if (value != 0 && time.tv_sec == 0 && time.tv_usec == 0) time.tv_usec = 1;
      return set(fd, info.native, &time, sizeof time);
    }
    default:
      return set(fd, info.native, &number, sizeof number);
  }
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
