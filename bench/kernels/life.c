// Conway's life on a torus of bytes: neighbouring loads, a table, no vectors but what the compiler
// finds.
#include "kernel.h"

enum { kSize = 256, kGenerations = 10 };
static uint8_t board[2][kSize][kSize];

static void generation(uint8_t from[kSize][kSize], uint8_t to[kSize][kSize]) {
  static const uint8_t rule[2][9] = {{0, 0, 0, 1}, {0, 0, 1, 1}};
  for (int y = 0; y < kSize; y++) {
    const uint8_t* above = from[(y + kSize - 1) % kSize];
    const uint8_t* here = from[y];
    const uint8_t* below = from[(y + 1) % kSize];
    for (int x = 0; x < kSize; x++) {
      int left = (x + kSize - 1) % kSize, right = (x + 1) % kSize;
      int around = above[left] + above[x] + above[right] + here[left] + here[right] + below[left] +
                   below[x] + below[right];
      to[y][x] = rule[here[x]][around];
    }
  }
}

static double live(uint32_t round) {
  uint32_t state = round + 1, alive = 0;
  for (int y = 0; y < kSize; y++) {
    for (int x = 0; x < kSize; x++) board[0][y][x] = next_random(&state) >> 9 & 1;
  }
  for (int i = 0; i < kGenerations; i += 2) {
    generation(board[0], board[1]);
    generation(board[1], board[0]);
  }
  for (int y = 0; y < kSize; y++) {
    for (int x = 0; x < kSize; x++) alive += board[0][y][x];
  }
  return alive;
}

KERNEL(live, 180, 2359550, 0)
