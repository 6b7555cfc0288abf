// The longest Collatz chain in a range of starting numbers: 64-bit arithmetic and a branch that
// nobody can predict.
#include "kernel.h"

enum { kRange = 20000 };

static double longest_chain(uint32_t round) {
  uint32_t longest = 0;
  uint64_t first = 1 + (uint64_t)round * kRange;
  for (uint64_t start = first; start < first + kRange; start++) {
    uint32_t length = 0;
    for (uint64_t n = start; n != 1; length++) {
      if (n & 1) {
        n = 3 * n + 1;
      } else {
        n /= 2;
      }
    }
    if (length > longest) longest = length;
  }
  return longest;
}

KERNEL(longest_chain, 120, 54534, 0)
