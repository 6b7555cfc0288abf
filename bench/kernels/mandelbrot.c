// Escape times of the Mandelbrot set: a dependent chain of floating point operations and an exit
// from the loop.
#include "kernel.h"

enum { kSize = 160, kMost = 300 };

static uint32_t escape_time(double re, double im) {
  double x = 0, y = 0;
  for (uint32_t i = 0; i < kMost; i++) {
    double xx = x * x, yy = y * y;
    if (xx + yy > 4) return i;
    y = 2 * x * y + im;
    x = xx - yy + re;
  }
  return kMost;
}

static double draw(uint32_t round) {
  double zoom = 1 + round * 0.02;
  uint32_t sum = 0;
  for (int row = 0; row < kSize; row++) {
    for (int column = 0; column < kSize; column++) {
      sum += escape_time(-0.7 + (column - kSize / 2) * 0.02 / zoom,
                         0.1 + (row - kSize / 2) * 0.015 / zoom);
    }
  }
  return sum;
}

KERNEL(draw, 30, 80614494, 1e-3)
