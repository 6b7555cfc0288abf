// Text: splits words, changes case, counts code points of UTF-8, searches, prints and reads
// numbers.
#include "kernel.h"

enum { kSize = 256 * 1024 };
static char text[kSize + 1];

static void write_text(uint32_t state) {
  static const char* const words[] = {"river",
                                      "stone",
                                      "na\xc3\xafve",
                                      "of",
                                      "the",
                                      "\xe6\x97\xa5\xe6\x9c\xac",
                                      "remember",
                                      "light",
                                      "a",
                                      "carry",
                                      "\xf0\x9f\xa6\x80",
                                      "seven"};
  size_t at = 0;
  for (;;) {
    uint32_t random = next_random(&state);
    char number[16];
    const char* word = words[random % 12];
    if (random >> 28 == 0) {
      snprintf(number, sizeof number, "%u", random & 0xfffff);
      word = number;
    }
    size_t length = strlen(word);
    if (at + length + 1 > kSize) break;
    memcpy(text + at, word, length);
    at += length;
    text[at++] = random >> 24 & 7 ? ' ' : '\n';
  }
  text[at] = 0;
}

static uint32_t code_points(const char* s) {
  uint32_t count = 0;
  for (; *s != 0; s++) count += ((uint8_t)*s & 0xc0) != 0x80;
  return count;
}

// Every word gets a capital if it begins with a letter; numbers are added up.
static uint32_t words_and_numbers(char* s, uint32_t* count) {
  uint32_t sum = 0;
  while (*s != 0) {
    while (*s == ' ' || *s == '\n') s++;
    if (*s == 0) break;
    (*count)++;
    if (*s >= 'a' && *s <= 'z') *s = (char)(*s - 'a' + 'A');
    if (*s >= '0' && *s <= '9') {
      sum += (uint32_t)strtoul(s, &s, 10);
    } else {
      while (*s != 0 && *s != ' ' && *s != '\n') s++;
    }
  }
  return sum;
}

static uint32_t occurrences(const char* s, const char* wanted) {
  uint32_t count = 0;
  size_t length = strlen(wanted);
  for (; *s != 0; s++) count += strncmp(s, wanted, length) == 0;
  return count;
}

static double read_text(uint32_t round) {
  write_text(round + 1);
  uint32_t words = 0;
  uint32_t sum = words_and_numbers(text, &words);
  return checksum(sum + words + code_points(text) * 3 + occurrences(text, "Remember T") * 7);
}

KERNEL(read_text, 110, 166158099114, 0)
