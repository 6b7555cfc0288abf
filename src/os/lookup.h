// The addresses of a name, asked of the system's resolver (files, servers).
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "os/file.h"

namespace nacre::os {

// Beside errno values:
inline constexpr int kNoSuchName = 5002;
inline constexpr int kTryAgain = 5003;      // no server answered
inline constexpr int kLookupFailed = 5004;  // a server answered that it cannot

inline constexpr size_t kMaxAddresses = 64;

// `name` is one of canonical_host_name(). The first kMaxAddresses different ones, the better first.
// A thread waits for the resolver, so that EINTR can be the answer as soon as what the calling
// thread runs is to stop, or something can be read from `give_up` (-1: nothing); the thread then
// goes on by itself and ends.
Sys<std::vector<IpAddress>> look_up(const std::string& name, int give_up = -1);

}  // namespace nacre::os
