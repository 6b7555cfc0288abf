// Capabilities that are not granted yet: each asks when it is first used. If it is allowed, it
// behaves as the object that it wraps, else as one that was not granted (no_capability). The answer
// holds for the object's life.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/clock.h"
#include "host/env.h"
#include "host/grant.h"
#include "host/random.h"
#include "host/stream.h"
#include "policy/policy.h"

namespace nacre::policy {

std::shared_ptr<host::Clock> asking_clock(std::shared_ptr<host::Clock> clock,
                                          std::shared_ptr<grant::Gate> gate);
std::shared_ptr<host::Random> asking_random(std::shared_ptr<host::Random> random,
                                            std::shared_ptr<grant::Gate> gate);
std::shared_ptr<host::Stream> asking_input(std::shared_ptr<host::Stream> stream,
                                           std::shared_ptr<grant::Gate> gate);
// The names of this process's variables that a question could be about.
std::vector<std::string> names_of_variables();
// Those of them that the policy's module mentions and no rule is about; so a question shows only a
// few names, and not those of all the secrets that are set. None where there is no way to ask.
std::shared_ptr<host::UndecidedVariables> asking_variables(std::shared_ptr<Policy> policy);

}  // namespace nacre::policy
