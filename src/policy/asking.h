// Capabilities that are not granted yet: each asks when it is first used, and then behaves as what
// it stands for, or as if it were not there (no_capability). One answer holds for the object's
// life.
#pragma once

#include <memory>

#include "host/clock.h"
#include "host/gate.h"
#include "host/random.h"
#include "host/stream.h"

namespace nacre::policy {

std::shared_ptr<host::Clock> asking_clock(std::shared_ptr<host::Clock> clock,
                                          std::shared_ptr<host::Gate> gate);
std::shared_ptr<host::Random> asking_random(std::shared_ptr<host::Random> random,
                                            std::shared_ptr<host::Gate> gate);
std::shared_ptr<host::Stream> asking_input(std::shared_ptr<host::Stream> stream,
                                           std::shared_ptr<host::Gate> gate);

}  // namespace nacre::policy
