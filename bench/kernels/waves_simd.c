// A wave on a grid of floats: four lanes at a time, neighbours by unaligned loads, selection by
// comparison. Vector types of the compiler, as in blend_simd.
#include "kernel.h"

typedef float F32x4 __attribute__((vector_size(16)));
typedef int32_t I32x4 __attribute__((vector_size(16)));

enum { kSize = 256, kSteps = 20 };
static float field[3][kSize + 2][kSize + 8];

static F32x4 load(const float* from) {
  F32x4 v;
  memcpy(&v, from, sizeof v);
  return v;
}

static F32x4 at_most(F32x4 v, float limit) {
  F32x4 limits = {limit, limit, limit, limit};
  I32x4 above = v > limits;
  return (F32x4)(((I32x4)limits & above) | ((I32x4)v & ~above));
}

static void step(float before[][kSize + 8], float now[][kSize + 8], float after[][kSize + 8]) {
  for (int y = 1; y <= kSize; y++) {
    for (int x = 4; x < kSize + 4; x += 4) {
      F32x4 centre = load(&now[y][x]);
      F32x4 around =
          load(&now[y - 1][x]) + load(&now[y + 1][x]) + load(&now[y][x - 1]) + load(&now[y][x + 1]);
      F32x4 next = centre * 2.0f - load(&before[y][x]) + (around - centre * 4.0f) * 0.2f;
      next = at_most(next * 0.999f, 8.0f);
      memcpy(&after[y][x], &next, sizeof next);
    }
  }
}

static double move_waves(uint32_t round) {
  memset(field, 0, sizeof field);
  field[0][kSize / 2][kSize / 2 + (round & 15)] = 4;
  field[1][kSize / 3][kSize / 3] = 2;
  for (int i = 0; i < kSteps * 3; i++) step(field[i % 3], field[(i + 1) % 3], field[(i + 2) % 3]);
  double energy = 0;
  for (int y = 1; y <= kSize; y++) {
    for (int x = 4; x < kSize + 4; x++) energy += (double)field[0][y][x] * field[0][y][x];
  }
  return energy;
}

KERNEL(move_waves, 220, 7766.3991454177485, 1e-3)
