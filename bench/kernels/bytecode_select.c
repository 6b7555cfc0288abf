// The machine that an optimizer makes of an interpreter's switch: its conditional jump chooses the
// next instruction without a branch, and what is chosen is where the next opcode is loaded from.
#include "kernel.h"

enum Op { kSet, kAdd, kMultiply, kXor, kAnd, kJumpUnless, kJump, kEnd };
struct Insn {
  uint8_t op, a, b, c;
  int32_t number;
};

// r0 counts down from its seed to 0, r2 gathers: { if (r0 & 3) r2 = r2 * 31 ^ r0; r0 += -1; }
static const struct Insn program[] = {
    {kSet, 1, 0, 0, -1},        {kSet, 4, 0, 0, 3}, {kSet, 5, 0, 0, 31},
    {kJumpUnless, 0, 0, 0, 10}, {kAnd, 3, 0, 4, 0}, {kJumpUnless, 3, 0, 0, 8},
    {kMultiply, 2, 2, 5, 0},    {kXor, 2, 2, 0, 0}, {kAdd, 0, 0, 1, 0},
    {kJump, 0, 0, 0, 3},        {kEnd, 0, 0, 0, 0},
};

static uint32_t run(uint32_t count) {
  uint32_t r[8] = {count};
  for (const struct Insn* pc = program;;) {
    struct Insn insn = *pc++;
    switch ((enum Op)insn.op) {
      case kSet:
        r[insn.a] = (uint32_t)insn.number;
        break;
      case kAdd:
        r[insn.a] = r[insn.b] + r[insn.c];
        break;
      case kMultiply:
        r[insn.a] = r[insn.b] * r[insn.c];
        break;
      case kXor:
        r[insn.a] = r[insn.b] ^ r[insn.c];
        break;
      case kAnd:
        r[insn.a] = r[insn.b] & r[insn.c];
        break;
      case kJumpUnless: {
        const struct Insn* target = program + insn.number;
        pc = __builtin_unpredictable(r[insn.a] != 0) ? pc : target;
        break;
      }
      case kJump:
        pc = program + insn.number;
        break;
      case kEnd:
        return r[2];
    }
  }
}

static double run_program(uint32_t round) { return run(200000 + round); }

KERNEL(run_program, 100, 215653032416, 0)
