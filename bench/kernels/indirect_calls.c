// Objects of eight kinds behind function pointers, in an order that changes: indirect calls.
#include "kernel.h"

enum { kObjects = 4096, kPasses = 200 };
struct Object {
  uint32_t (*act)(struct Object*, uint32_t);
  uint32_t state;
};
static struct Object objects[kObjects];

static uint32_t add(struct Object* o, uint32_t x) { return o->state += x; }
static uint32_t subtract(struct Object* o, uint32_t x) { return o->state -= x; }
static uint32_t mix(struct Object* o, uint32_t x) {
  return o->state = (o->state ^ x) * 2654435761u;
}
static uint32_t turn(struct Object* o, uint32_t x) {
  return o->state = (o->state << 7 | o->state >> 25) ^ x;
}
static uint32_t greater(struct Object* o, uint32_t x) {
  return o->state > x ? o->state : (o->state = x);
}
static uint32_t count(struct Object* o, uint32_t x) { return ++o->state + (x & 1); }
static uint32_t keep(struct Object* o, uint32_t x) { return o->state ^ x; }
static uint32_t swap(struct Object* o, uint32_t x) {
  uint32_t old = o->state;
  o->state = x;
  return old;
}

static double act_all(uint32_t round) {
  static uint32_t (*const kinds[])(struct Object*, uint32_t) = {add,     subtract, mix,  turn,
                                                                greater, count,    keep, swap};
  uint32_t state = round + 1;
  for (int i = 0; i < kObjects; i++) {
    objects[i].state = next_random(&state);
    objects[i].act = kinds[objects[i].state % 8];
  }
  uint32_t x = round;
  for (int pass = 0; pass < kPasses; pass++) {
    for (int i = 0; i < kObjects; i++) x = objects[i].act(&objects[i], x);
  }
  return x;
}

KERNEL(act_all, 50, 125541104168, 0)
