// Where the system would send what is sent to an address: to another machine, or not.
#pragma once

#include "base/address.h"

namespace nacre::os {

// Whether the system's own routes, as they are now, lead from here to one other machine, or to
// no machine, where a connection fails. Not: to an address of this machine, of any interface or
// table; by the loopback interface; to a broadcast address of a network that it hangs on, or what
// else is many. An address that carries others (base/special_address.h) leads where any of them
// does. No, too, if the system cannot be asked (netlink). A few microseconds.
bool leads_elsewhere(const IpAddress& address);

}  // namespace nacre::os
