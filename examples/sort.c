// Sorts the lines of files (or of standard input) by their bytes, as sort(1) does in the C locale.
//
//   clang --target=wasm32-wasi -O2 examples/sort.c -o sort.wasm
//   nacre run --dir . sort.wasm [-n] [-r] [-u] [-o OUTPUT] [FILE...]
//
// -n compares the numbers at the end of the lines first, -r reverses, -u drops repeats.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char* text;
  size_t length;
  long number;
} Line;

static bool by_number;
static bool reverse;

static _Noreturn void fail(const char* what) {
  fprintf(stderr, "sort: %s: %s\n", what, strerror(errno));
  exit(2);
}

static int compare_bytes(const Line* a, const Line* b) {
  const size_t common = a->length < b->length ? a->length : b->length;
  const int order = memcmp(a->text, b->text, common);
  if (order != 0) return order;
  return (a->length > b->length) - (a->length < b->length);
}

static int compare(const void* left, const void* right) {
  const Line* a = left;
  const Line* b = right;
  int order = by_number ? (a->number > b->number) - (a->number < b->number) : 0;
  if (order == 0) order = compare_bytes(a, b);
  return reverse ? -order : order;
}

// A stable merge sort: `lines` ends up sorted, `spare` is as long and holds nothing of use.
static void merge_sort(Line* lines, Line* spare, size_t count) {
  if (count < 2) return;
  const size_t half = count / 2;
  merge_sort(lines, spare, half);
  merge_sort(lines + half, spare, count - half);
  memcpy(spare, lines, half * sizeof(Line));
  size_t left = 0, right = half, out = 0;
  while (left < half) {
    const bool take_right = right < count && compare(&lines[right], &spare[left]) < 0;
    lines[out++] = take_right ? lines[right++] : spare[left++];
  }
}

// The whole of `file`, with room for one more byte after it.
static char* read_all(FILE* file, const char* name, size_t* size) {
  size_t capacity = 1 << 16;
  char* bytes = malloc(capacity + 1);
  *size = 0;
  for (;;) {
    if (bytes == NULL) fail(name);
    const size_t got = fread(bytes + *size, 1, capacity - *size, file);
    *size += got;
    if (*size < capacity) {
      if (ferror(file)) fail(name);
      return bytes;
    }
    capacity *= 2;
    bytes = realloc(bytes, capacity + 1);
  }
}

typedef struct {
  Line* lines;
  size_t count;
  size_t capacity;
} Lines;

static void append(Lines* all, const char* text, size_t length) {
  if (all->count == all->capacity) {
    all->capacity = all->capacity ? all->capacity * 2 : 1024;
    all->lines = realloc(all->lines, all->capacity * sizeof(Line));
    if (all->lines == NULL) fail("memory");
  }
  size_t digits = length;
  while (digits > 0 && text[digits - 1] >= '0' && text[digits - 1] <= '9') --digits;
  const long number = digits < length ? strtol(text + digits, NULL, 10) : 0;
  all->lines[all->count++] = (Line){text, length, number};
}

// The texts of the lines stay in the buffer read here, which lives as long as the program.
static void add_file(Lines* all, FILE* file, const char* name) {
  size_t size;
  char* bytes = read_all(file, name, &size);
  bytes[size] = '\n';
  for (size_t start = 0; start < size;) {
    const char* end = memchr(bytes + start, '\n', size - start + 1);
    append(all, bytes + start, (size_t)(end - (bytes + start)));
    start = (size_t)(end - bytes) + 1;
  }
}

int main(int argc, char** argv) {
  Lines all = {0};
  bool unique = false;
  const char* output = NULL;
  int at = 1;
  for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; ++at) {
    if (strcmp(argv[at], "-n") == 0) {
      by_number = true;
    } else if (strcmp(argv[at], "-r") == 0) {
      reverse = true;
    } else if (strcmp(argv[at], "-u") == 0) {
      unique = true;
    } else if (strcmp(argv[at], "-o") == 0 && at + 1 < argc) {
      output = argv[++at];
    } else {
      fprintf(stderr, "usage: sort [-n] [-r] [-u] [-o OUTPUT] [FILE...]\n");
      return 2;
    }
  }

  if (at == argc) add_file(&all, stdin, "standard input");
  for (; at < argc; ++at) {
    FILE* file = fopen(argv[at], "rb");
    if (file == NULL) fail(argv[at]);
    add_file(&all, file, argv[at]);
    fclose(file);
  }

  Line* spare = malloc((all.count / 2 + 1) * sizeof(Line));
  if (spare == NULL) fail("memory");
  merge_sort(all.lines, spare, all.count);

  FILE* out = output ? fopen(output, "wb") : stdout;
  if (out == NULL) fail(output);
  for (size_t i = 0; i < all.count; ++i) {
    const Line* line = &all.lines[i];
    if (unique && i > 0 && compare(line - 1, line) == 0) continue;
    fwrite(line->text, 1, line->length, out);
    putc('\n', out);
  }
  if (fclose(out) != 0) fail(output ? output : "standard output");
  return 0;
}
