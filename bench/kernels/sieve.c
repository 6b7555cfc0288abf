// Primes below two million by the sieve of Eratosthenes, one byte a number.
#include "kernel.h"

enum { kLimit = 2000000 };
static uint8_t composite[kLimit];

static double count_primes(uint32_t round) {
  memset(composite, 0, sizeof composite);
  uint32_t limit = kLimit - round;
  for (uint32_t i = 2; i * i < limit; i++) {
    if (composite[i]) continue;
    for (uint32_t j = i * i; j < limit; j += i) composite[j] = 1;
  }
  uint32_t count = 0;
  for (uint32_t i = 2; i < limit; i++) count += !composite[i];
  return count;
}

KERNEL(count_primes, 120, 17871562, 0)
