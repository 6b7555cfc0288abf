// A map with open addressing: insert, look up, remove; more memory than the first cache holds.
#include "kernel.h"

enum { kSlots = 1 << 15, kKeys = kSlots * 3 / 5 };
struct Slot {
  uint64_t key, value;  // key 0: free
};
static struct Slot slots[kSlots];

static uint32_t slot_of(uint64_t key) {
  return (uint32_t)(key * 0x9E3779B97F4A7C15u >> 32) & (kSlots - 1);
}

static struct Slot* find(uint64_t key) {
  uint32_t at = slot_of(key);
  while (slots[at].key != 0 && slots[at].key != key) at = (at + 1) & (kSlots - 1);
  return &slots[at];
}

// Closes the gap, so that every later key of the run is still found from its own slot.
static void erase(struct Slot* slot) {
  uint32_t gap = (uint32_t)(slot - slots), at = gap;
  for (;;) {
    at = (at + 1) & (kSlots - 1);
    if (slots[at].key == 0) break;
    if (((at - slot_of(slots[at].key)) & (kSlots - 1)) >= ((at - gap) & (kSlots - 1))) {
      slots[gap] = slots[at];
      gap = at;
    }
  }
  slots[gap].key = 0;
}

static double use_map(uint32_t round) {
  memset(slots, 0, sizeof slots);
  uint32_t state = round + 1;
  for (uint32_t i = 0; i < kKeys; i++) {
    struct Slot* slot = find(next_random(&state) | 1ull << 40);
    slot->key = state | 1ull << 40;
    slot->value = i;
  }
  uint64_t sum = 0;
  for (int pass = 0; pass < 3; pass++) {
    state = round + 1;
    for (uint32_t i = 0; i < kKeys; i++) {
      struct Slot* slot = find((next_random(&state) + (i & 1)) | 1ull << 40);
      sum += slot->key ? slot->value : 1;
      if (pass == 1 && slot->key && i % 3 == 0) erase(slot);
    }
  }
  return checksum(sum);
}

KERNEL(use_map, 300, 77305412827, 0)
