// Forty generations of a glider on a torus; what is compiled by the guest compiler.
#include <stdio.h>
#include <string.h>

enum { kSize = 24 };
static unsigned char now[kSize][kSize], next[kSize][kSize];

static int neighbours(int y, int x) {
  int count = -now[y][x];
  for (int j = -1; j <= 1; ++j) {
    for (int i = -1; i <= 1; ++i) count += now[(y + j + kSize) % kSize][(x + i + kSize) % kSize];
  }
  return count;
}

int main(void) {
  now[1][2] = now[2][3] = now[3][1] = now[3][2] = now[3][3] = 1;
  for (int generation = 0; generation < 40; ++generation) {
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        const int count = neighbours(y, x);
        next[y][x] = count == 3 || (count == 2 && now[y][x]);
      }
    }
    memcpy(now, next, sizeof now);
  }
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) putchar(now[y][x] ? '#' : '.');
    putchar('\n');
  }
  return 7;
}
