// Whether the system would send to an address by way of the network to one other machine.
#pragma once

#include "base/address.h"

namespace nacre::os {

// True if the system's routes, as they are now, lead to exactly one other machine, or nowhere, so
// that a connection fails. False for an address of this machine, of any interface or table; by way
// of the loopback interface; for broadcast and other addresses of many machines; and if the system
// cannot be asked (netlink). An address that embeds others (base/special_address.h) is decided by
// all of them. Takes a few microseconds.
bool leads_elsewhere(const IpAddress& address);

}  // namespace nacre::os
