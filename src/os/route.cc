#include "os/route.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/special_address.h"
#include "os/file.h"

namespace nacre::os {
namespace {

constexpr size_t kV4At = 12;  // where an IPv4 address begins in an IpAddress
constexpr size_t kMaxAnswer = 4096;
constexpr uint32_t kLoopbackInterface = 1;  // in every network namespace

struct Question {
  nlmsghdr header{};
  rtmsg route{};
  rtattr attribute{};
  IpAddress address{};
};

Question question_about(const IpAddress& address) {
  size_t skip = is_v4(address) ? kV4At : 0;
  size_t size = address.size() - skip;
  Question question;
  question.header.nlmsg_len =
      static_cast<uint32_t>(sizeof question - question.address.size() + size);
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.route.rtm_family = is_v4(address) ? AF_INET : AF_INET6;
  question.route.rtm_dst_len = static_cast<uint8_t>(size * 8);
  question.attribute.rta_type = RTA_DST;
  question.attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
  std::copy(address.begin() + static_cast<std::ptrdiff_t>(skip), address.end(),
            question.address.begin());
  return question;
}

// Whether a route's attributes name the loopback interface as the one to leave by.
bool leaves_by_loopback(const uint8_t* attributes, size_t size) {
  while (size >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, attributes, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > size) return true;
    if (attribute.rta_type == RTA_OIF && attribute.rta_len >= RTA_LENGTH(sizeof(uint32_t))) {
      uint32_t interface;
      std::memcpy(&interface, attributes + RTA_LENGTH(0), sizeof interface);
      if (interface == kLoopbackInterface) return true;
    }
    size_t step = std::min<size_t>(RTA_ALIGN(attribute.rta_len), size);
    attributes += step;
    size -= step;
  }
  return false;
}

// RTN_*; nothing: there is no answer, or none that says where.
std::optional<unsigned> type_of_route(const IpAddress& address) {
  OwnedFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return std::nullopt;
  Question question = question_about(address);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::sendto(fd.get(), &question, question.header.nlmsg_len, 0,
               reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0) {
    return std::nullopt;
  }
  // The kernel has answered by the time that sending returns.
  alignas(nlmsghdr) std::array<uint8_t, kMaxAnswer> bytes;
  sockaddr_nl sender{};
  socklen_t length = sizeof sender;
  ssize_t got = ::recvfrom(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                           reinterpret_cast<sockaddr*>(&sender), &length);
  if (got < static_cast<ssize_t>(sizeof(nlmsghdr)) || sender.nl_pid != 0) return std::nullopt;
  nlmsghdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  auto behind = static_cast<size_t>(got) - sizeof header;
  const uint8_t* body = bytes.data() + NLMSG_HDRLEN;
  if (header.nlmsg_type == NLMSG_ERROR && behind >= sizeof(nlmsgerr)) {
    nlmsgerr said;
    std::memcpy(&said, body, sizeof said);
    // There is no route, or one that refuses: connecting fails with just that.
    bool to_nobody = said.error == -ENETUNREACH || said.error == -EHOSTUNREACH;
    if (to_nobody) return RTN_UNREACHABLE;
    return std::nullopt;
  }
  if (header.nlmsg_type != RTM_NEWROUTE || behind < sizeof(rtmsg)) return std::nullopt;
  rtmsg route;
  std::memcpy(&route, body, sizeof route);
  // An address of IPv6 that was just given to that interface is a route by it before it is local.
  size_t head = NLMSG_ALIGN(sizeof route);
  if (route.rtm_type == RTN_UNICAST && leaves_by_loopback(body + head, behind - head)) {
    return RTN_LOCAL;
  }
  return route.rtm_type;
}

bool routed_elsewhere(const IpAddress& address) {
  auto type = type_of_route(address);
  return type == RTN_UNICAST || type == RTN_UNREACHABLE || type == RTN_PROHIBIT;
}

}  // namespace

bool leads_elsewhere(const IpAddress& address) {
  return routed_elsewhere(address) && std::ranges::all_of(carried_v4(address), routed_elsewhere);
}

}  // namespace nacre::os
