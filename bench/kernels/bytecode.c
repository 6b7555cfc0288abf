// A small virtual machine that runs a program of its own: a switch in a loop, as interpreters are.
#include "kernel.h"

enum Op {
  kPush,
  kLoad,
  kStore,
  kAdd,
  kMul,
  kXor,
  kShift,
  kLess,
  kJumpIf,
  kJump,
  kDrop,
  kDup,
  kEnd
};
struct Insn {
  uint8_t op;
  int32_t arg;
};

// v0 counts to v2, v1 gathers: { while (v0 < v2) { v1 = (v1 ^ v0) * 31 + (v1 >> 7); v0 += 1; } }
static const struct Insn program[] = {
    {kLoad, 0}, {kLoad, 2},  {kLess, 0},  {kJumpIf, 5}, {kEnd, 0},   {kLoad, 1},
    {kDup, 0},  {kStore, 3}, {kLoad, 0},  {kXor, 0},    {kPush, 31}, {kMul, 0},
    {kLoad, 3}, {kShift, 7}, {kAdd, 0},   {kStore, 1},  {kLoad, 0},  {kPush, 1},
    {kAdd, 0},  {kDup, 0},   {kStore, 0}, {kDrop, 0},   {kJump, 0},
};

static uint32_t run(uint32_t seed, uint32_t count) {
  uint32_t stack[16], variables[4] = {0, seed, count, 0};
  uint32_t* top = stack;
  stack[0] = 0;
  for (const struct Insn* pc = program;; pc++) {
    switch ((enum Op)pc->op) {
      case kPush:
        *++top = (uint32_t)pc->arg;
        break;
      case kLoad:
        *++top = variables[pc->arg & 3];
        break;
      case kStore:
        variables[pc->arg & 3] = *top--;
        break;
      case kAdd:
        top--;
        *top += top[1];
        break;
      case kMul:
        top--;
        *top *= top[1];
        break;
      case kXor:
        top--;
        *top ^= top[1];
        break;
      case kShift:
        *top >>= pc->arg & 31;
        break;
      case kLess:
        top--;
        *top = *top < top[1];
        break;
      case kJumpIf:
        if (*top-- != 0) pc = program + pc->arg - 1;
        break;
      case kJump:
        pc = program + pc->arg - 1;
        break;
      case kDrop:
        top--;
        break;
      case kDup:
        top++;
        *top = top[-1];
        break;
      case kEnd:
        return variables[1];
    }
  }
}

static double run_program(uint32_t round) { return run(round + 1, 50000); }

KERNEL(run_program, 100, 193579262666, 0)
