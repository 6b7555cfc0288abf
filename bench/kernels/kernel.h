// What a kernel is: one C file that includes this header, does the same work in every round, and
// ends with KERNEL(). The same source is built for WebAssembly and for this machine.
//
// main() runs all rounds and prints one line, "NANOSECONDS ns", the time between two readings of
// the guest's own clock: start-up and loading are not in it. If the sum of what the rounds returned
// is not the expected one it says so and exits with 1.
//
// KERNEL_ROUNDS, if defined: it does so many of the rounds (bench/compare).
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// xorshift32: the same numbers everywhere. The state must not be 0.
static inline uint32_t next_random(uint32_t* state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

// For integers: whatever a round computed, cut to what a double holds exactly in a sum of rounds.
static inline double checksum(uint64_t value) { return (double)(uint32_t)(value ^ value >> 32); }

static inline int kernel_main(double (*round)(uint32_t), uint32_t rounds, double expected,
                              double tolerance) {
#ifdef KERNEL_ROUNDS
  rounds = KERNEL_ROUNDS;
  tolerance = INFINITY;
#endif
  struct timespec begin, end;
  double sum = 0;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (uint32_t i = 0; i < rounds; i++) sum += round(i);
  clock_gettime(CLOCK_MONOTONIC, &end);
  // Not `difference > tolerance`, which would let a NaN pass.
  if (!(fabs(sum - expected) <= tolerance * fabs(expected))) {
    printf("wrong result: %.17g, expected %.17g\n", sum, expected);
    return 1;
  }
  long long seconds = (long long)(end.tv_sec - begin.tv_sec);
  printf("%lld ns\n", seconds * 1000000000 + (end.tv_nsec - begin.tv_nsec));
  return 0;
}

// function: double (uint32_t round_index), not inlined, so that an engine that replaces a function
// by a better one between two calls can. expected: the sum over all rounds. tolerance: relative; 0
// for integers, more where fused multiply-add may differ in the last digits.
#define KERNEL(function, rounds, expected, tolerance)           \
  int main(void) {                                              \
    double (*volatile round)(uint32_t) = function;              \
    return kernel_main(round, rounds, (expected), (tolerance)); \
  }
