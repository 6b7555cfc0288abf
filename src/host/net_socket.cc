// The socket that a guest makes: what it is between its calls.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "host/network.h"
#include "os/interrupt.h"
#include "os/poll.h"

namespace nacre::host {
namespace {

// The largest payload there is, UDP over IPv6.
constexpr size_t kMaxDatagram = 65527;

class NetSocket final : public FdSocket {
 public:
  NetSocket(std::shared_ptr<Network> network, IpFamily family, SocketType type,
            const std::shared_ptr<const Grant>& grant)
      : FdSocket(renamed(grant, type == SocketType::stream ? "tcp" : "udp")),
        network_(std::move(network)),
        plan_{.family = family, .type = type} {}

  bool is_stream() const override { return plan_.type == SocketType::stream; }
  // As the system says of a socket that is connected nowhere.
  Readiness readiness(bool) override { return {.ready = true, .hangup = true}; }

  HostResult<void> bind(const Endpoint& at) override;
  HostResult<void> listen(int backlog) override;
  HostResult<void> connect(const Endpoint& to, bool nonblocking) override;
  HostResult<Received> receive(std::span<const MutableBytes> to, ReceiveOptions options) override;
  HostResult<size_t> send_to(const Endpoint& to, std::span<const Bytes> from,
                             bool nonblocking) override;
  HostResult<Endpoint> local_end() override;
  HostResult<int64_t> option(SocketOption option) override;
  HostResult<void> set_option(SocketOption option, int64_t value) override;

 private:
  enum class State : uint8_t { fresh, bound, listening, connecting, connected };

  int fd() const override { return opened_ ? opened_->fd() : fd_.get(); }
  HostResult<OpenedSocket*> open();
  bool fits(const Endpoint& endpoint) const {
    return plan_.family == IpFamily::v6 || is_v4(endpoint.address);
  }
  HostResult<void> connect_datagrams(const Endpoint& to);
  HostResult<void> wait_for_connection(bool nonblocking);
  HostResult<void> settle(int64_t error);
  void note_peer(const Endpoint& to) {
    if (peers_.size() == kMaxPeers) peers_.clear();
    peers_.insert(to);
  }
  HostResult<bool> wait_until_writable(bool nonblocking);
  // Streams: nothing more is to be decided about it.
  void keep_descriptor() {
    fd_ = opened_->take();
    opened_ = nullptr;
  }

  std::shared_ptr<Network> network_;
  SocketPlan plan_;
  State state_ = State::fresh;
  std::unique_ptr<OpenedSocket> opened_;
  os::OwnedFd fd_;
  bool hears_all_ = false;    // it was allowed to listen
  std::set<Endpoint> peers_;  // datagrams: whom it sent to
};

HostResult<OpenedSocket*> NetSocket::open() {
  if (!opened_) opened_ = HOST_TRY(network_->open(plan_));
  return opened_.get();
}

HostResult<void> NetSocket::bind(const Endpoint& at) {
  if (state_ != State::fresh || plan_.source || fd() >= 0) return failed(Errno::inval);
  if (!fits(at)) return failed(Errno::afnosupport);
  if (!is_stream() && at.port == 0) {
    plan_.source = at.address;
    return {};
  }
  OpenedSocket* opened = HOST_TRY(open());
  auto bound = opened->bind(at);
  if (!bound) {
    opened_ = nullptr;
    return bound;
  }
  state_ = State::bound;
  hears_all_ = true;
  rename(endpoint_text(at));
  return {};
}

HostResult<void> NetSocket::listen(int backlog) {
  if (!is_stream()) return failed(Errno::notsup);
  if (state_ == State::listening) return {};
  if (state_ == State::fresh) {
    // Where the system would put it.
    bool v4 = plan_.family == IpFamily::v4;
    HOST_TRY(bind({v4 ? from_v4({0, 0, 0, 0}) : IpAddress{}, 0}));
  }
  if (state_ != State::bound) return failed(Errno::inval);
  HOST_TRY(opened_->listen(std::clamp(backlog, 0, 4096)));
  keep_descriptor();
  state_ = State::listening;
  return {};
}

HostResult<bool> NetSocket::wait_until_writable(bool nonblocking) {
  os::PollItem item{.fd = fd(), .want_write = true};
  std::optional<uint64_t> deadline;
  if (nonblocking) deadline = 0;
  size_t ready = HOST_TRY(from_sys(os::poll_until(std::span(&item, 1), deadline)));
  return ready != 0;
}

HostResult<void> NetSocket::wait_for_connection(bool nonblocking) {
  if (!HOST_TRY(wait_until_writable(nonblocking))) return failed(Errno::inprogress);
  int64_t error = HOST_TRY(FdSocket::option(SocketOption::error));
  return settle(error);
}

// An attempt is over.
HostResult<void> NetSocket::settle(int64_t error) {
  if (error == 0) {
    state_ = State::connected;
    return {};
  }
  // Another attempt gets another socket.
  fd_ = os::OwnedFd();
  state_ = State::fresh;
  return failed(from_native(static_cast<int>(error)));
}

HostResult<void> NetSocket::connect_datagrams(const Endpoint& to) {
  OpenedSocket* opened = HOST_TRY(open());
  HOST_TRY(opened->connect(to));
  note_peer(to);
  rename(object_text(plan_.type, to));
  return {};
}

HostResult<void> NetSocket::connect(const Endpoint& asked, bool nonblocking) {
  Endpoint to = real_destination(asked);
  if (!fits(to)) return failed(Errno::afnosupport);
  if (!is_stream()) return connect_datagrams(to);
  if (state_ == State::connected) return failed(Errno::isconn);
  if (state_ == State::listening) return failed(Errno::inval);
  if (state_ == State::connecting) {
    auto done = wait_for_connection(nonblocking);
    if (!done && done.error() == Errno::inprogress) return failed(Errno::already);
    return done;
  }
  OpenedSocket* opened = HOST_TRY(open());
  auto under_way = opened->connect(to);
  if (!under_way) {
    if (state_ == State::fresh) opened_ = nullptr;
    return failed(under_way.error());
  }
  keep_descriptor();
  rename(object_text(plan_.type, to));
  state_ = *under_way ? State::connecting : State::connected;
  return *under_way ? wait_for_connection(nonblocking) : HostResult<void>();
}

HostResult<Socket::Received> NetSocket::receive(std::span<const MutableBytes> to,
                                                ReceiveOptions options) {
  bool hears_few = !is_stream() && !hears_all_;
  for (;;) {
    Received received = HOST_TRY(FdSocket::receive(to, options));
    if (!hears_few || (received.sender && peers_.contains(*received.sender))) return received;
    // From another sender: as if it had not come.
    if (options.peek) {
      MutableBytes nothing;
      HOST_TRY(FdSocket::receive(std::span(&nothing, 1), {.nonblocking = true}));
    }
    if (os::stop_requested()) return failed(Errno::intr);
  }
}

HostResult<size_t> NetSocket::send_to(const Endpoint& asked, std::span<const Bytes> from,
                                      bool nonblocking) {
  if (is_stream()) return send(from, nonblocking);
  Endpoint to = real_destination(asked);
  if (!fits(to)) return failed(Errno::afnosupport);
  size_t total = 0;
  for (Bytes part : from) total += part.size();
  if (total > kMaxDatagram) return failed(Errno::msgsize);
  std::vector<uint8_t> gathered;
  for (Bytes part : from) gathered.insert(gathered.end(), part.begin(), part.end());
  OpenedSocket* opened = HOST_TRY(open());
  for (;;) {
    auto sent = opened->send_to(to, gathered);
    if (sent) {
      note_peer(to);
      return sent;
    }
    if (sent.error() != Errno::again || nonblocking) return sent;
    HOST_TRY(wait_until_writable(false));
  }
}

HostResult<Endpoint> NetSocket::local_end() {
  if (fd() >= 0) return FdSocket::local_end();
  bool v4 = plan_.family == IpFamily::v4;
  return Endpoint{plan_.source.value_or(v4 ? from_v4({0, 0, 0, 0}) : IpAddress{}), 0};
}

HostResult<int64_t> NetSocket::option(SocketOption option) {
  if (fd() >= 0) {
    bool over = option == SocketOption::error && state_ == State::connecting &&
                HOST_TRY(wait_until_writable(true));
    int64_t value = HOST_TRY(FdSocket::option(option));
    if (over) static_cast<void>(settle(value).has_value());  // it is told below
    return value;
  }
  if (os::form_of(option) == os::OptionForm::none) return failed(Errno::noprotoopt);
  auto planned = plan_.options.find(option);
  if (planned != plan_.options.end()) return planned->second;
  return option == SocketOption::linger ? -1 : 0;
}

HostResult<void> NetSocket::set_option(SocketOption option, int64_t value) {
  if (!os::is_settable(option)) return failed(Errno::noprotoopt);
  if (opened_) {
    HOST_TRY(opened_->set_option(option, value));
  } else if (fd() >= 0) {
    HOST_TRY(FdSocket::set_option(option, value));
  }
  plan_.options[option] = value;
  return {};
}

}  // namespace

std::shared_ptr<Socket> make_net_socket(std::shared_ptr<Network> network, IpFamily family,
                                        SocketType type,
                                        const std::shared_ptr<const Grant>& grant) {
  return std::make_shared<NetSocket>(std::move(network), family, type, grant);
}

}  // namespace nacre::host
