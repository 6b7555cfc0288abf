#include "os/channel.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "os/interrupt.h"

namespace nacre::os {
namespace {

// A message's header with room for one descriptor.
struct Header {
  Header(uint8_t* message, size_t size) : bytes{message, size} {
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  Header(const Header&) = delete;  // it points into itself
  Header& operator=(const Header&) = delete;

  iovec bytes;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
};

}  // namespace

Sys<std::pair<Channel, Channel>> Channel::make_pair() {
  int fds[2];
  // Records, so that no length needs to be trusted.
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return std::unexpected(errno);
  }
  return std::pair(Channel(OwnedFd(fds[0])), Channel(OwnedFd(fds[1])));
}

Sys<void> Channel::send(Bytes message, int fd) const {
  if (message.size() > kMaxMessageBytes) return std::unexpected(EMSGSIZE);
  if (fd < 0) {
    // A process that is locked down has no sendmsg.
    while (::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) {
      if (errno != EINTR) return std::unexpected(errno);
    }
    return {};
  }
  Header with_fd(const_cast<uint8_t*>(message.data()), message.size());
  cmsghdr* item = CMSG_FIRSTHDR(&with_fd.header);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(item), &fd, sizeof fd);
  while (::sendmsg(fd_.get(), &with_fd.header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return {};
}

Sys<void> Channel::send_now(Bytes message) const {
  if (message.size() > kMaxMessageBytes) return std::unexpected(EMSGSIZE);
  while (::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return std::unexpected(errno);
  }
  return {};
}

Sys<std::optional<Channel::Message>> Channel::receive(Waits waits) {
  Message message;
  Header with_fd(buffer_.get(), kMaxMessageBytes);
  msghdr& header = with_fd.header;
  int flags = MSG_CMSG_CLOEXEC | (waits == Waits::not_at_all ? MSG_DONTWAIT : 0);
  ssize_t length;
  while ((length = ::recvmsg(fd_.get(), &header, flags)) < 0) {
    bool gives_up = waits == Waits::until_stopped && stop_requested();
    if (errno != EINTR || gives_up) return std::unexpected(errno);
  }
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  if (item != nullptr && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
      item->cmsg_len == CMSG_LEN(sizeof(int))) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(item), sizeof fd);
    message.fd = OwnedFd(fd);
  }
  if ((header.msg_flags & MSG_TRUNC) != 0) return std::unexpected(EMSGSIZE);
  // No message of this project is empty: this is the end.
  if (length == 0) return std::nullopt;
  message.bytes.assign(buffer_.get(), buffer_.get() + length);
  return message;
}

}  // namespace nacre::os
