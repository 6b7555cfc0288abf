// Builds, walks and frees binary trees: the guest's own allocator and pointers.
#include "kernel.h"

struct Tree {
  struct Tree *left, *right;
  uint32_t value;
};

static struct Tree* grow(uint32_t depth, uint32_t* state) {
  struct Tree* tree = malloc(sizeof *tree);
  if (tree == NULL) abort();
  tree->value = next_random(state) & 0xff;
  tree->left = depth > 0 ? grow(depth - 1, state) : NULL;
  tree->right = depth > 0 ? grow(depth - 1, state) : NULL;
  return tree;
}

static uint32_t sum(const struct Tree* tree) {
  return tree == NULL ? 0 : tree->value + sum(tree->left) + sum(tree->right);
}

static void cut(struct Tree* tree) {
  if (tree == NULL) return;
  cut(tree->left);
  cut(tree->right);
  free(tree);
}

// One large tree stays while many small ones come and go.
static double forest(uint32_t round) {
  uint32_t state = round + 1, total = 0;
  struct Tree* large = grow(14, &state);
  for (uint32_t depth = 2; depth <= 10; depth++) {
    for (uint32_t i = 0; i < 1u << (13 - depth); i++) {
      struct Tree* tree = grow(depth, &state);
      total += sum(tree);
      cut(tree);
    }
  }
  total += sum(large);
  cut(large);
  return total;
}

KERNEL(forest, 80, 1796492004, 0)
