// Sorting integers by quicksort, small parts by insertion: branches, memory, recursion.
#include "kernel.h"

enum { kCount = 200000, kSmall = 16 };
static uint32_t values[kCount];

static void insertion_sort(uint32_t* begin, uint32_t* end) {
  for (uint32_t* i = begin + 1; i < end; i++) {
    uint32_t value = *i;
    uint32_t* j = i;
    for (; j > begin && j[-1] > value; j--) *j = j[-1];
    *j = value;
  }
}

static uint32_t median(uint32_t a, uint32_t b, uint32_t c) {
  if (a > b) {
    uint32_t t = a;
    a = b;
    b = t;
  }
  return c < a ? a : c > b ? b : c;
}

static void sort(uint32_t* begin, uint32_t* end) {
  while (end - begin > kSmall) {
    uint32_t pivot = median(begin[0], begin[(end - begin) / 2], end[-1]);
    uint32_t *low = begin, *high = end - 1;
    for (;;) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low >= high) break;
      uint32_t t = *low;
      *low++ = *high;
      *high-- = t;
    }
    sort(begin, low);
    begin = low;
  }
  insertion_sort(begin, end);
}

static double sort_numbers(uint32_t round) {
  uint32_t state = round + 1;
  for (int i = 0; i < kCount; i++) values[i] = next_random(&state);
  sort(values, values + kCount);
  uint64_t sum = 0;
  for (int i = 0; i < kCount; i++) {
    if (i > 0 && values[i - 1] > values[i]) return -1;
    sum = sum * 31 + values[i];
  }
  return checksum(sum);
}

KERNEL(sort_numbers, 22, 50478008509, 0)
