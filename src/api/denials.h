// What a guest was refused, as lines for people: what it tried, and which flag would allow it.
#pragma once

#include <string>
#include <vector>

#include "api/grants.h"
#include "host/gate.h"

namespace nacre::api {

// First those beyond what was granted, then what a rule forbids, then one line for all that nobody
// granted. Programs look for files in many places: those that are missing are named only if nothing
// else was refused and the program `failed`.
std::vector<std::string> describe_denials(const std::vector<host::Denial>& denials,
                                          const Oversight& oversight, bool failed);

}  // namespace nacre::api
