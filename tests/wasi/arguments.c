// run: --env ONE=1 --env EMPTY= --env EQUALS=a=b
// args: first "" "two words" ünïcode
#include <stdlib.h>

#include "check.h"

int main(int argc, char** argv) {
  EQUAL(argc, 5);
  CHECK(strstr(argv[0], "arguments") != NULL);
  CHECK(strcmp(argv[1], "first") == 0);
  CHECK(strcmp(argv[2], "") == 0);
  CHECK(strcmp(argv[3], "two words") == 0);
  CHECK(strcmp(argv[4], "ünïcode") == 0);
  CHECK(argv[5] == NULL);
  CHECK(strcmp(getenv("ONE"), "1") == 0);
  CHECK(strcmp(getenv("EMPTY"), "") == 0);
  CHECK(strcmp(getenv("EQUALS"), "a=b") == 0);
  CHECK(getenv("HOME") == NULL);
  CHECK(getenv("PATH") == NULL);
  return finish();
}
