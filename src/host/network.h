// The internet, for one program: names, connections, datagrams, and listening, each decided by the
// gate when it is about to happen.
//
// A guest's socket is a NetSocket. It is only a plan until it is bound, connected or sent from;
// then an OpenedSocket makes a socket of the system: in this process (RealNetwork), or in a broker
// that hands the descriptor over. Every version of WASI uses the same NetSocket. A Network may be
// used from several threads, a socket by one at a time.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/grant.h"
#include "host/operation.h"
#include "host/socket.h"
#include "os/network.h"

namespace nacre::host {

using os::IpFamily;
using os::SocketType;

// What the guest asked for before the system made the socket.
struct SocketPlan {
  IpFamily family = IpFamily::v4;
  SocketType type = SocketType::stream;
  std::map<SocketOption, int64_t> options = {};  // settable ones
  // Datagrams: the local address, with any free port. That needs no decision: a guest that may not
  // listen receives only from peers to which it may send.
  std::optional<IpAddress> source = std::nullopt;
};

// Peers that a socket remembers as allowed; beyond this it forgets all and asks again.
inline constexpr size_t kMaxPeers = 4096;

// A socket of the system, held by the process that may bind and connect it. no_capability: the gate
// refused, and nothing was done.
class OpenedSocket {
 public:
  virtual ~OpenedSocket() = default;
  // -1 until one of the others succeeded.
  virtual int fd() const = 0;
  virtual os::OwnedFd take() = 0;
  virtual HostResult<void> bind(const Endpoint& at) = 0;
  virtual HostResult<void> listen(int backlog) = 0;
  // Does not wait. True: the connection is still being made.
  virtual HostResult<bool> connect(const Endpoint& to) = 0;
  // Datagrams. Does not wait: again.
  virtual HostResult<size_t> send_to(const Endpoint& to, Bytes bytes) = 0;
  // noprotoopt, unless it is settable.
  virtual HostResult<void> set_option(SocketOption option, int64_t value) = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  // At most os::kMaxAddresses. inval: it is not a name (canonical_host_name). An answer may take
  // as long as name servers take.
  using Addresses = std::vector<IpAddress>;
  virtual std::unique_ptr<Answer<Addresses>> start_look_up(std::string_view name) = 0;
  // Waits for it; intr if the guest is to stop meanwhile.
  virtual HostResult<Addresses> look_up(std::string_view name);
  // Whether what is sent to the address leaves this machine for exactly one other (os/route.h);
  // false if that is not known.
  virtual bool leads_elsewhere(const IpAddress&) { return false; }
  // Decides and does nothing yet.
  virtual HostResult<std::unique_ptr<OpenedSocket>> open(const SocketPlan& plan) = 0;
};

// Which names led to which addresses: the memory of a run. Bounded: the oldest addresses go first.
class NameMemory {
 public:
  static constexpr size_t kMaxAddresses = 1024;
  static constexpr size_t kMaxNames = 8;  // of one address

  void learn(const std::string& name, const std::vector<IpAddress>& addresses);
  // The latest first.
  std::vector<std::string> names_of(const IpAddress& address) const;

 private:
  struct Entry {
    std::vector<std::string> names;
    uint64_t learned = 0;
  };
  mutable std::mutex mutex_;
  std::map<IpAddress, Entry> entries_;
  uint64_t time_ = 0;
};

// Asks `gate`, which is never null, and makes sockets in this process.
std::shared_ptr<Network> make_real_network(std::shared_ptr<Gate> gate);

// "tcp://10.0.0.1:80": what a decision is about.
std::string object_text(SocketType type, const Endpoint& endpoint);

// A socket that a guest makes. `grant`: the decisions, for what is accepted.
std::shared_ptr<Socket> make_net_socket(std::shared_ptr<Network> network, IpFamily family,
                                        SocketType type, const std::shared_ptr<const Grant>& grant);

}  // namespace nacre::host
