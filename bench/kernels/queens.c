// Ways to place queens on a board so that none attacks another: recursion over sets of bits.
#include "kernel.h"

static uint32_t solutions(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == all) return 1;
  uint32_t count = 0;
  for (uint32_t open = all & ~(columns | left | right); open != 0; open &= open - 1) {
    uint32_t bit = open & -open;
    count += solutions(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}

static double place_queens(uint32_t round) {
  return solutions((1u << (10 + round % 3)) - 1, 0, 0, 0);
}

KERNEL(place_queens, 120, 704160, 0)
