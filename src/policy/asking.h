// Capabilities that are not granted yet: each asks when it is first used, and then behaves as what
// it stands for, or as if it were not there (no_capability). One answer holds for the object's
// life.
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
// The names of this process's variables that somebody could be asked about.
std::vector<std::string> names_of_variables();
// Those of them that the policy's module mentions and no rule speaks of; so a question is about
// few, and not about whatever secrets are there. None where nobody can be asked.
std::shared_ptr<host::UndecidedVariables> asking_variables(std::shared_ptr<Policy> policy);

}  // namespace nacre::policy
