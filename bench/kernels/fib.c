// Fibonacci numbers by double recursion: little but direct calls.
#include "kernel.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static double fibonacci(uint32_t round) { return fib(29 + round % 2); }

KERNEL(fibonacci, 160, 107701520, 0)
