// Says hello, and what the file named on the command line begins with.
//
//   clang-19 --target=wasm32-wasi -O2 examples/hello.c -o hello.wasm
//   build/nacre --dir .:ro hello.wasm README.md
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  if (argc < 2) {
    puts("Hello from C in WebAssembly. Name a file and I will tell how it begins.");
    return 0;
  }
  FILE* file = fopen(argv[1], "r");
  if (!file) {
    fprintf(stderr, "hello: I cannot open %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  char first[256] = "";
  size_t kept = 0, lines = 0;
  int in_first = 1, last = '\n';
  for (int c = getc(file); c != EOF; last = c, c = getc(file)) {
    if (c == '\n') {
      ++lines;
      in_first = 0;
    } else if (in_first && kept + 1 < sizeof first) {
      first[kept++] = (char)c;
    }
  }
  if (last != '\n') ++lines;  // a last line without its line end
  fclose(file);
  printf("Hello. %s has %zu lines, the first is: %s\n", argv[1], lines, first);
  return 0;
}
