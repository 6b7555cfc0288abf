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
// Waits as long as the resolver takes and cannot be interrupted, so it should be called on a worker
// thread (os/worker_threads.h).
Sys<std::vector<IpAddress>> look_up(const std::string& name);

}  // namespace nacre::os
