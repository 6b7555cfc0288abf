// What tests/debug finds the lines of. Needs no library, so all frames are of here.
#include "lines.h"

[[gnu::noinline]] static int work(int n, int i) {
  geo::Vec v{n};
  return geo::next(v, i) * 3;
}

extern "C" [[clang::export_name("run")]] int run(int n, int i) {
  int first = work(n, i - 5);
  int second = work(n, i);
  return first + second;
}
