// How much a fuzzer does, as its arguments say: seeds from --seed on, --count of them or as many as
// --seconds allow.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace nacre::fuzz {

class Budget {
 public:
  Budget(int argc, char** argv) {
    for (int at = 1; at + 1 < argc; at += 2) {
      uint64_t value = std::strtoull(argv[at + 1], nullptr, 10);
      if (std::strcmp(argv[at], "--seed") == 0) first_seed_ = value;
      if (std::strcmp(argv[at], "--count") == 0) count_ = value;
      if (std::strcmp(argv[at], "--seconds") == 0) seconds_ = value;
    }
  }

  uint64_t first_seed() const { return first_seed_; }
  // Whether there is no more to do after so many seeds.
  bool is_spent(uint64_t done) const {
    if (seconds_ == 0) return done >= count_;
    return std::chrono::steady_clock::now() - begin_ >= std::chrono::seconds(seconds_);
  }

 private:
  uint64_t first_seed_ = 1;
  uint64_t count_ = 1000;
  uint64_t seconds_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace nacre::fuzz
