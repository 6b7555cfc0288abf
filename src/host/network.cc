#include "host/network.h"

#include <algorithm>
#include <utility>

#include "os/lookup.h"
#include "os/route.h"

namespace nacre::host {
namespace {

class RealNetwork final : public Network, public std::enable_shared_from_this<RealNetwork> {
 public:
  explicit RealNetwork(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  std::unique_ptr<Answer<Addresses>> start_look_up(std::string_view text) override {
    auto name = canonical_host_name(text);
    if (!name) return answered<Addresses>(failed(Errno::inval));
    auto may = ask({.kind = Kind::lookup, .object = *name});
    if (!may) return answered<Addresses>(failed(may.error()));
    return answer_of<Addresses>(
        resolvers_, [self = shared_from_this(), name = *name]() -> HostResult<Addresses> {
          auto addresses = HOST_TRY(from_sys(os::look_up(name)));
          self->names_.learn(name, addresses);
          return addresses;
        });
  }
  bool leads_elsewhere(const IpAddress& address) override { return os::leads_elsewhere(address); }
  HostResult<std::unique_ptr<OpenedSocket>> open(const SocketPlan& plan) override;

  HostResult<void> may_reach(SocketType type, const Endpoint& to) {
    std::vector<std::string> names = names_.names_of(to.address);
    std::string object = object_text(type, to);
    bool stays_here = !names.empty() && !leads_elsewhere(to.address);
    return ask({.kind = Kind::net, .object = object, .names = names, .stays_here = stays_here});
  }
  HostResult<void> may_listen(SocketType type, const Endpoint& at) {
    std::string object = object_text(type, at);
    return ask({.kind = Kind::listen, .object = object});
  }

 private:
  HostResult<void> ask(const Request& request) {
    if (gate_->may(request) == Decision::allow) return {};
    return failed(Errno::no_capability);
  }

  // Who waits for servers that do not answer keeps few others waiting.
  static constexpr size_t kMaxResolvers = 16;

  std::shared_ptr<Gate> gate_;
  NameMemory names_;
  os::WorkerThreads resolvers_{kMaxResolvers};
};

class RealOpenedSocket final : public OpenedSocket {
 public:
  RealOpenedSocket(std::shared_ptr<RealNetwork> network, SocketPlan plan)
      : network_(std::move(network)), plan_(std::move(plan)) {}

  int fd() const override { return fd_.get(); }
  os::OwnedFd take() override { return std::move(fd_); }
  HostResult<void> bind(const Endpoint& at) override {
    HOST_TRY(network_->may_listen(plan_.type, at));
    HOST_TRY(make());
    HOST_TRY(from_sys(os::bind_socket(fd(), plan_.family, at)));
    is_bound_ = true;
    return {};
  }
  HostResult<void> listen(int backlog) override {
    // Otherwise it would listen everywhere.
    if (plan_.type != SocketType::stream || !is_bound_) return failed(Errno::inval);
    return from_sys(os::start_listening(fd(), backlog));
  }
  HostResult<bool> connect(const Endpoint& asked) override {
    Endpoint to = real_destination(asked);
    HOST_TRY(network_->may_reach(plan_.type, to));
    HOST_TRY(make());
    return from_sys(os::start_connecting(fd(), plan_.family, to));
  }
  HostResult<size_t> send_to(const Endpoint& asked, Bytes bytes) override {
    if (plan_.type != SocketType::datagram) return failed(Errno::notsup);
    Endpoint to = real_destination(asked);
    if (!peers_.contains(to)) {
      HOST_TRY(network_->may_reach(plan_.type, to));
      if (peers_.size() == kMaxPeers) peers_.clear();
      peers_.insert(to);
    }
    HOST_TRY(make());
    return from_sys(os::send_datagram(fd(), plan_.family, to, bytes));
  }
  HostResult<void> set_option(SocketOption option, int64_t value) override {
    if (!os::is_settable(option)) return failed(Errno::noprotoopt);
    if (fd_.valid()) return from_sys(os::set_socket_option(fd(), option, value));
    plan_.options[option] = value;
    return {};
  }

 private:
  // Only once something was decided: a guest without rights makes no socket either.
  HostResult<void> make() {
    if (fd_.valid()) return {};
    os::OwnedFd fd = HOST_TRY(from_sys(os::make_socket(plan_.family, plan_.type)));
    for (auto [option, value] : plan_.options) {
      HOST_TRY(from_sys(os::set_socket_option(fd.get(), option, value)));
    }
    if (plan_.source) {
      HOST_TRY(from_sys(os::bind_socket(fd.get(), plan_.family, {*plan_.source, 0})));
    }
    fd_ = std::move(fd);
    return {};
  }

  std::shared_ptr<RealNetwork> network_;
  SocketPlan plan_;
  os::OwnedFd fd_;
  bool is_bound_ = false;
  std::set<Endpoint> peers_;  // to whom it may send, decided once
};

HostResult<std::unique_ptr<OpenedSocket>> RealNetwork::open(const SocketPlan& plan) {
  bool known_type = plan.type == SocketType::stream || plan.type == SocketType::datagram;
  if (!known_type || (plan.source && plan.type != SocketType::datagram)) {
    return failed(Errno::inval);
  }
  return std::make_unique<RealOpenedSocket>(shared_from_this(), plan);
}

}  // namespace

HostResult<Network::Addresses> Network::look_up(std::string_view name) {
  auto answer = start_look_up(name);
  HOST_TRY(wait_in_place(*answer));
  return answer->take();
}

void NameMemory::learn(const std::string& name, const std::vector<IpAddress>& addresses) {
  std::lock_guard lock(mutex_);
  for (const IpAddress& address : addresses) {
    Entry& entry = entries_[address];
    entry.learned = ++time_;
    std::erase(entry.names, name);
    entry.names.insert(entry.names.begin(), name);
    if (entry.names.size() > kMaxNames) entry.names.pop_back();
  }
  while (entries_.size() > kMaxAddresses) {
    entries_.erase(std::ranges::min_element(
        entries_, {}, [](const auto& entry) { return entry.second.learned; }));
  }
}

std::vector<std::string> NameMemory::names_of(const IpAddress& address) const {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(address);
  return found == entries_.end() ? std::vector<std::string>() : found->second.names;
}

std::shared_ptr<Network> make_real_network(std::shared_ptr<Gate> gate) {
  return std::make_shared<RealNetwork>(std::move(gate));
}

std::string object_text(SocketType type, const Endpoint& endpoint) {
  return (type == SocketType::stream ? "tcp://" : "udp://") + endpoint_text(endpoint);
}

}  // namespace nacre::host
