// Products of square matrices of doubles, rows times rows, so that compilers may vectorize.
#include "kernel.h"

enum { kSize = 200 };
static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

static void multiply(void) {
  memset(c, 0, sizeof c);
  for (int i = 0; i < kSize; i++) {
    for (int k = 0; k < kSize; k++) {
      for (int j = 0; j < kSize; j++) c[i][j] += a[i][k] * b[k][j];
    }
  }
}

static double product_trace(uint32_t round) {
  uint32_t state = round + 1;
  for (int i = 0; i < kSize; i++) {
    for (int j = 0; j < kSize; j++) {
      a[i][j] = next_random(&state) % 1000 / 1000.0;
      b[i][j] = next_random(&state) % 1000 / 1000.0;
    }
  }
  multiply();
  double trace = 0;
  for (int i = 0; i < kSize; i++) trace += c[i][i];
  return trace;
}

KERNEL(product_trace, 200, 1996145.458985999, 1e-9)
