// exit: 42
// stdout: flushed
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  fputs("flushed", stdout);
  exit(42);
}
