// Random bytes. Many threads may use one source.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "host/errno.h"

namespace nacre::host {

class Random {
 public:
  virtual ~Random() = default;
  virtual HostResult<void> fill(MutableBytes to) = 0;
};

// The operating system's: fit for keys.
std::shared_ptr<Random> make_real_random();
// The same bytes for the same seed, on every machine. Not fit for keys.
std::shared_ptr<Random> make_seeded_random(uint64_t seed);

}  // namespace nacre::host
