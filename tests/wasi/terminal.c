// stdin: not a terminal
#include <unistd.h>

#include "check.h"

int main(void) {
  EQUAL(isatty(0), 0);
  EQUAL(isatty(1), 0);
  EQUAL(isatty(99), 0);
  FAILS(lseek(0, 0, SEEK_CUR), ESPIPE);
  return finish();
}
