// What an address is for, as far as its number tells; whose it is, only the system knows
// (os/route.h).
#pragma once

#include <string_view>
#include <vector>

#include "base/address.h"

namespace nacre {

// The IPv4 addresses that this IPv6 address carries, so that what is sent to it may come out there:
// those of translators and tunnels. Where several places are possible, what stands in each.
std::vector<IpAddress> carried_v4(const IpAddress& address);

// What it is reserved for (base/special_addresses.def), if that is no business of whoever answers for
// a name: this machine, its link, many at once, a metadata service. Empty: another machine, private
// networks included. An address that carries others is what any of these is.
std::string_view special_use(const IpAddress& address);

}  // namespace nacre
