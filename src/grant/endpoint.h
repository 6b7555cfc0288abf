// Ends of connections, and patterns of them: "example.com:443", "*.example.com", "10.0.0.0/8:*",
// "[::1]:8000-8999", "udp://1.2.3.4:53".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"

namespace nacre::grant {

enum class Protocol : uint8_t { any, tcp, udp };

class EndpointPattern {
 public:
  // [tcp://|udp://]HOST[:PORT|:FROM-TO|:*]; without a port: every port. HOST: a name, *.name, *,
  // an address (IPv6 in brackets if a port follows), ADDRESS/BITS.
  static Result<EndpointPattern> parse(std::string_view text);
  // A host alone.
  static Result<EndpointPattern> parse_host(std::string_view text);

  // Whether all that `other` means is meant by this one too.
  bool covers(const EndpointPattern& other) const;
  // ... of hosts, whatever the ports.
  bool covers_host(const EndpointPattern& other) const;
  // Whether it covers an IPv4 address that is embedded in `other`, a single IPv6 address
  // (base/special_address.h): a translator or a tunnel may lead from one to the other.
  bool covers_carried(const EndpointPattern& other) const;
  // Whether it covers a part of `other`, which is 0.0.0.0 or ::. For listening those mean every
  // address of their family.
  bool covers_part(const EndpointPattern& other) const;
  // The same ports of another host, which is a name in canonical spelling.
  EndpointPattern with_name(const std::string& name) const;
  bool has_every_port() const {
    return protocol_ == Protocol::any && first_port_ == 0 && last_port_ == UINT16_MAX;
  }
  bool is_udp() const { return protocol_ == Protocol::udp; }
  // Of one address.
  const IpAddress* address() const {
    return host_ == Host::range && bits_ == 128 ? &address_ : nullptr;
  }
  // One host and one port.
  bool is_single() const;
  // For ordering: more for the narrower pattern.
  uint32_t narrowness() const;

  // Of a single endpoint, as it was written.
  const std::string& name() const { return name_; }
  uint16_t port() const { return first_port_; }

 private:
  enum class Host : uint8_t { any, name, below_name, range };

  Result<void> set_host(std::string_view text, std::string_view whole);

  Protocol protocol_ = Protocol::any;
  Host host_ = Host::any;
  std::string name_;
  IpAddress address_ = {};
  uint8_t bits_ = 0;  // of 128
  uint16_t first_port_ = 0;
  uint16_t last_port_ = UINT16_MAX;
};

// Whether a rule about a name is also about an address that the name led to. A name's server can
// let it lead anywhere; so such a rule never covers this machine, services of its network, or
// addresses of many machines at once; only localhost covers this machine. `stays_here`: as in
// Request.
bool may_stand_for(std::string_view name, const IpAddress& address, bool stays_here);

}  // namespace nacre::grant
