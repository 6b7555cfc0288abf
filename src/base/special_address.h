// What an address is reserved for, as far as the number alone tells; whether it is this machine's
// only the system can tell (os/route.h).
#pragma once

#include <string_view>
#include <vector>

#include "base/address.h"

namespace nacre {

// The IPv4 addresses that are embedded in this IPv6 address, for translators and tunnels, which
// send packets on to them. If it may stand at several positions, the one at each.
std::vector<IpAddress> carried_v4(const IpAddress& address);

// What it is reserved for (base/special_addresses.def), if a name must not be allowed to lead
// there: this machine, its link, many machines at once, a metadata service. Empty: another machine,
// also in a private network. An address that embeds others counts as reserved if one of them is.
std::string_view special_use(const IpAddress& address);

}  // namespace nacre
