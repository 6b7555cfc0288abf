// Compresses by back references found through a hash table, restores, compares: bytes, short
// copies, unpredictable branches.
#include "kernel.h"

enum { kSize = 256 * 1024, kHashBits = 14, kMinMatch = 4 };
static uint8_t input[kSize], packed[kSize * 2], restored[kSize];
static uint32_t last_seen[1 << kHashBits];  // position + 1

static void write_input(uint32_t state) {
  static const char* const syllables[] = {"ba", "con", "de", "ri", "st", "the", "un", "ver"};
  for (size_t at = 0; at < kSize;) {
    uint32_t random = next_random(&state);
    for (const char* s = syllables[random % 8]; *s != 0 && at < kSize; s++)
      input[at++] = (uint8_t)*s;
    if (random >> 30 == 0 && at < kSize) input[at++] = ' ';
    if (random >> 26 == 9 && at > 600) {
      for (size_t n = random >> 10 & 63; n > 0 && at < kSize; n--, at++)
        input[at] = input[at - 500];
    }
  }
}

static uint32_t hash(const uint8_t* s) {
  uint32_t word;
  memcpy(&word, s, sizeof word);
  return word * 2654435761u >> (32 - kHashBits);
}

// A literal is its length below 128, then the bytes; a match 128 + length, then two bytes of
// distance.
static size_t pack(void) {
  memset(last_seen, 0, sizeof last_seen);
  size_t out = 0, literal = 0, at = 0;
  while (at < kSize) {
    size_t length = 0, from = 0;
    if (at + kMinMatch <= kSize) {
      uint32_t h = hash(input + at);
      from = last_seen[h];
      last_seen[h] = (uint32_t)at + 1;
      if (from-- > 0 && at - from < 65536) {
        while (length < 127 && at + length < kSize && input[from + length] == input[at + length])
          length++;
      }
    }
    if (length < kMinMatch) {
      if (literal == 0 || packed[literal] == 127) packed[literal = out++] = 0;
      packed[literal]++;
      packed[out++] = input[at++];
    } else {
      packed[out++] = (uint8_t)(128 + length);
      packed[out++] = (uint8_t)((at - from) >> 8);
      packed[out++] = (uint8_t)(at - from);
      at += length;
      literal = 0;
    }
  }
  return out;
}

static size_t restore(size_t size) {
  size_t out = 0;
  for (size_t at = 0; at < size;) {
    uint32_t token = packed[at++];
    if (token < 128) {
      for (; token > 0; token--) restored[out++] = packed[at++];
    } else {
      size_t distance = (size_t)packed[at] << 8 | packed[at + 1];
      at += 2;
      for (token -= 128; token > 0; token--, out++) restored[out] = restored[out - distance];
    }
  }
  return out;
}

static double round_trip(uint32_t round) {
  write_input(round + 1);
  size_t size = pack();
  if (restore(size) != kSize || memcmp(input, restored, kSize) != 0) return -1;
  return (double)size;
}

KERNEL(round_trip, 150, 22276719, 0)
