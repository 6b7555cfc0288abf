#include "host/random.h"

#include "os/random.h"

namespace nacre::host {
namespace {

class RealRandom final : public Random {
 public:
  HostResult<void> fill(MutableBytes to) override { return from_sys(os::fill_random(to)); }
};

// SplitMix64, one byte of each output word after the other.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}

  HostResult<void> fill(MutableBytes to) override {
    std::lock_guard lock(mutex_);
    for (uint8_t& byte : to) {
      if (left_ == 0) {
        word_ = next();
        left_ = 8;
      }
      byte = static_cast<uint8_t>(word_);
      word_ >>= 8;
      --left_;
    }
    return {};
  }

 private:
  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::mutex mutex_;
  uint64_t state_;
  uint64_t word_ = 0;
  int left_ = 0;
};

}  // namespace

std::shared_ptr<Random> make_real_random() { return std::make_shared<RealRandom>(); }

std::shared_ptr<Random> make_seeded_random(uint64_t seed) {
  return std::make_shared<SeededRandom>(seed);
}

}  // namespace nacre::host
