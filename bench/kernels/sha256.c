// SHA-256 of a buffer: 32-bit additions, rotations and logic, long straight code.
#include "kernel.h"

static uint32_t constants[64], start[8];
static uint8_t message[256 * 1024];

// The first 32 bits of the fractional part of x.
static uint32_t fraction(double x) { return (uint32_t)((x - floor(x)) * 4294967296.0); }

// FIPS 180-4 takes its constants from roots of the first 64 primes.
static void make_constants(void) {
  int count = 0;
  for (int n = 2; count < 64; n++) {
    int prime = 1;
    for (int d = 2; d * d <= n; d++) prime &= n % d != 0;
    if (!prime) continue;
    if (count < 8) start[count] = fraction(sqrt(n));
    constants[count++] = fraction(cbrt(n));
  }
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(uint32_t state[8], const uint8_t* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
           (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) +
           (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    uint32_t t = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                 constants[i] + w[i];
    uint32_t u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static double digest(uint32_t round) {
  if (round == 0) make_constants();
  uint32_t random = round + 1, state[8];
  for (size_t i = 0; i < sizeof message; i++) {
    if (i % 4 == 0) next_random(&random);
    message[i] = (uint8_t)(random >> i % 4 * 8);
  }
  memcpy(state, start, sizeof state);
  for (size_t i = 0; i < sizeof message; i += 64) compress(state, message + i);
  return state[0];
}

KERNEL(digest, 220, 463432050190, 0)
