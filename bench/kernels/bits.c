// Bit tricks on 64-bit words: leading and trailing zeros, counts, rotations, a square root.
#include "kernel.h"

enum { kWords = 40000 };

static uint64_t reverse(uint64_t x) {
  x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
  x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
  x = (x >> 4 & 0x0f0f0f0f0f0f0f0f) | (x & 0x0f0f0f0f0f0f0f0f) << 4;
  return __builtin_bswap64(x);
}

static uint32_t square_root(uint64_t x) {
  uint64_t root = 0;
  for (uint64_t bit = 1ull << (63 - __builtin_clzll(x | 1)) / 2; bit != 0; bit >>= 1) {
    if ((root | bit) * (root | bit) <= x) root |= bit;
  }
  return (uint32_t)root;
}

static uint64_t gcd(uint64_t a, uint64_t b) {
  int shift = __builtin_ctzll(a | b);
  a >>= __builtin_ctzll(a);
  while (b != 0) {
    b >>= __builtin_ctzll(b);
    if (a > b) {
      uint64_t t = a;
      a = b;
      b = t;
    }
    b -= a;
  }
  return a << shift;
}

static double count_bits(uint32_t round) {
  uint64_t x = 0x123456789abcdef + round, sum = 0;
  for (int i = 0; i < kWords; i++) {
    x = x << 13 | x >> 51;
    x = x * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
    sum += (uint64_t)__builtin_popcountll(x) + (uint64_t)__builtin_ctzll(x | 1ull << 63);
    sum ^= reverse(x ^ sum);
    if (i % 8 == 0) sum += square_root(x) + gcd(x | 1, x >> 20 | 1);
  }
  return checksum(sum);
}

KERNEL(count_bits, 240, 489091369115, 0)
