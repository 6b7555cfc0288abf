// Follows a random cycle through more memory than the first cache holds: each load waits for the
// one before. The second cache does hold it, so that neither neighbours nor page sizes decide.
#include "kernel.h"

enum { kNodes = 1 << 14, kWalks = 40 };
struct Node {
  struct Node* next;
  uint32_t value, padding[5];
};
static struct Node nodes[kNodes];
static uint32_t order[kNodes];

static void link_nodes(void) {
  uint32_t state = 1;
  for (uint32_t i = 0; i < kNodes; i++) order[i] = i;
  for (uint32_t i = kNodes - 1; i > 0; i--) {
    uint32_t j = next_random(&state) % (i + 1), t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
  for (uint32_t i = 0; i < kNodes; i++) {
    nodes[order[i]].next = &nodes[order[(i + 1) % kNodes]];
    nodes[order[i]].value = order[i] * 2654435761u;
  }
}

static double chase(uint32_t round) {
  if (round == 0) link_nodes();
  const struct Node* node = &nodes[round];
  uint32_t sum = 0;
  for (uint32_t i = 0; i < kNodes * kWalks; i++, node = node->next) sum = sum * 3 + node->value;
  return sum;
}

KERNEL(chase, 75, 173255812144, 0)
