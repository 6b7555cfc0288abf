// A small, repeatable source of choices (splitmix64): the same seed makes the same module
// everywhere.
#pragma once

#include <cstdint>
#include <span>

namespace nacre::fuzz {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  // In [0, bound); bound must not be 0.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(next() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(std::span<const T> items) {
    return items[below(static_cast<uint32_t>(items.size()))];
  }
  // Numbers where mistakes live: around powers of two, small, all ones, or any.
  uint64_t interesting() {
    uint64_t power = uint64_t{1} << below(64);
    switch (below(6)) {
      case 0:
        return below(16);
      case 1:
        return power;
      case 2:
        return power - 1;
      case 3:
        return ~uint64_t{0} - below(4);
      case 4:
        return uint64_t{0} - power;
      default:
        return next();
    }
  }

 private:
  uint64_t state_;
};

}  // namespace nacre::fuzz
