// Mixes two images by a mask, pixel by pixel, in 16-bit lanes of 128-bit vectors. Written with the
// compiler's vector types, which mean the same for WebAssembly and for this machine.
#include "kernel.h"

typedef uint8_t U8x16 __attribute__((vector_size(16)));
typedef uint8_t U8x8 __attribute__((vector_size(8)));
typedef uint16_t U16x8 __attribute__((vector_size(16)));

enum { kBytes = 512 * 512 };
static uint8_t front[kBytes], back[kBytes], mask[kBytes], out[kBytes];

static U16x8 wide(const uint8_t* bytes) {
  U8x8 v;
  memcpy(&v, bytes, sizeof v);
  return __builtin_convertvector(v, U16x8);
}

// (front * mask + back * (255 - mask)) / 255, rounded; the division as shifts.
static void blend(void) {
  for (size_t i = 0; i < kBytes; i += 8) {
    U16x8 m = wide(mask + i);
    U16x8 sum = wide(front + i) * m + wide(back + i) * (255 - m) + 128;
    sum = (sum + (sum >> 8)) >> 8;
    U8x8 bytes = __builtin_convertvector(sum, U8x8);
    memcpy(out + i, &bytes, sizeof bytes);
  }
}

static U8x16 load(const uint8_t* bytes) {
  U8x16 v;
  memcpy(&v, bytes, sizeof v);
  return v;
}

static uint32_t fold(void) {
  U8x16 sum = {0}, other = {0};
  for (size_t i = 0; i < kBytes; i += 32) {
    sum += load(out + i) ^ load(front + i + 16);
    other -= load(out + i + 16) & ~load(back + i);
  }
  uint32_t result = 0;
  for (int i = 0; i < 16; i++) result = result * 31 + (uint8_t)(sum[i] ^ other[i]);
  return result;
}

static double mix_images(uint32_t round) {
  if (round == 0) {
    uint32_t state = 1;
    for (size_t i = 0; i < kBytes; i++) {
      uint32_t random = next_random(&state);
      front[i] = (uint8_t)random, back[i] = (uint8_t)(random >> 8),
      mask[i] = (uint8_t)(random >> 16);
    }
  }
  mask[round] ^= 255;
  uint32_t sum = 0;
  for (int pass = 0; pass < 20; pass++) {
    blend();
    sum += fold();
    memcpy(back, out, kBytes / 2);
  }
  return sum;
}

KERNEL(mix_images, 260, 535403525148, 0)
