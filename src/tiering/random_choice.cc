#include <atomic>

#include "tiering/executor.h"

namespace nacre::tiering {
namespace {

// SplitMix64 (Steele, Lea and Flood, 2014): any number of threads may take the next number.
class RandomChoice final : public Choice {
 public:
  RandomChoice(uint64_t seed, uint32_t executors) : state_(seed), executors_(executors) {}

  uint32_t first(uint32_t) override { return below(executors_); }

  // What cannot be compiled stays where it is.
  void before_call(TieredCode& code) override {
    if (code.functions() == 0 || below(4) == 0) return;
    uint32_t function = code.first_function() + below(code.functions());
    [[maybe_unused]] Result<void> moved = code.move(function, below(executors_));
  }

 private:
  uint32_t below(uint32_t bound) {
    constexpr uint64_t kStep = 0x9E3779B97F4A7C15;
    uint64_t z = state_.fetch_add(kStep, std::memory_order_relaxed) + kStep;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return static_cast<uint32_t>((z ^ (z >> 31)) % bound);
  }

  std::atomic<uint64_t> state_;
  uint32_t executors_;
};

}  // namespace

std::unique_ptr<Choice> choose_at_random(uint64_t seed, uint32_t executors) {
  return std::make_unique<RandomChoice>(seed, executors);
}

}  // namespace nacre::tiering
