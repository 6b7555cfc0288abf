// For programs that call at random: a seed stands for one run.
#pragma once

#include <stdint.h>
#include <stdlib.h>

static uint64_t state;

// From the program's first argument; 1 without one.
static inline void seed_from(int argc, char** argv) {
  state = 0x9E3779B97F4A7C15ull * (argc > 1 ? strtoull(argv[1], NULL, 10) : 1);
}
static inline uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
static inline uint32_t pick(uint32_t count) { return (uint32_t)(next() >> 20) % count; }
static inline uint32_t descriptor(void) {
  return pick(20) == 0 ? 0xFFFFFFFFu - pick(4) : 3 + pick(9);
}
static inline uint32_t flags(void) { return pick(10) == 0 ? (uint32_t)next() : pick(4); }
