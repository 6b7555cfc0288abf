#include "mutate.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace nacre::fuzz {
namespace {

constexpr std::array<uint8_t, 24> kMeaningful = {0x00, 0x01, 0x02, 0x05, 0x0B, 0x0E, 0x10, 0x11,
                                                 0x1C, 0x20, 0x40, 0x41, 0x60, 0x63, 0x64, 0x6F,
                                                 0x70, 0x7B, 0x7F, 0x80, 0xFB, 0xFC, 0xFD, 0xFF};

constexpr std::string_view kTokens[] = {"(",
                                        ")",
                                        "((",
                                        "))",
                                        "$x",
                                        "\"\\ff\"",
                                        "nan:0x7fffff",
                                        "i32.const",
                                        "v128.const",
                                        "(;",
                                        ";)",
                                        ";;",
                                        "\"",
                                        "(@custom \"x\")",
                                        "0x1p-149",
                                        "-0x8000000000000000",
                                        "99999999999999999999",
                                        "(rec",
                                        "(type 0)",
                                        "(param",
                                        "(result i32)",
                                        "(import \"\" \"\" (func))",
                                        "(ref null 0)",
                                        "br_table 0 0",
                                        "\\u{110000}",
                                        "offset=0xffffffffffffffff",
                                        "align=3",
                                        "(elem",
                                        "(data",
                                        "try_table",
                                        "\x80",
                                        "\x01"};

struct Range {
  size_t begin;
  size_t length;
};

Range pick_range(size_t size, Random& random, uint32_t longest) {
  size_t begin = random.below(static_cast<uint32_t>(size));
  size_t length = 1 + random.below(longest);
  return {begin, std::min(length, size - begin)};
}

template <class Sequence>
void move_run(Sequence& items, Random& random, uint32_t longest) {
  Range from = pick_range(items.size(), random, longest);
  Sequence run(items.begin() + static_cast<std::ptrdiff_t>(from.begin),
               items.begin() + static_cast<std::ptrdiff_t>(from.begin + from.length));
  size_t to = random.below(static_cast<uint32_t>(items.size()));
  items.insert(items.begin() + static_cast<std::ptrdiff_t>(to), run.begin(), run.end());
}

template <class Sequence>
void remove_run(Sequence& items, Random& random, uint32_t longest) {
  Range range = pick_range(items.size(), random, longest);
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(range.begin),
              items.begin() + static_cast<std::ptrdiff_t>(range.begin + range.length));
}

void change_bytes(std::vector<uint8_t>& bytes, Random& random) {
  size_t at = random.below(static_cast<uint32_t>(bytes.size()));
  switch (random.below(8)) {
    case 0:
      bytes[at] ^= static_cast<uint8_t>(1u << random.below(8));
      break;
    case 1:
    case 2:
    case 3:
      bytes[at] = kMeaningful[random.below(kMeaningful.size())];
      break;
    case 4:
      remove_run(bytes, random, 8);
      break;
    case 5:
      move_run(bytes, random, 32);
      break;
    case 6:
      if (random.one_in(4)) bytes.resize(at);
      break;
    default: {  // a LEB128 of five bytes with a large value
      const uint8_t large[] = {0xFF, 0xFF, 0xFF, 0xFF,
                               static_cast<uint8_t>(random.one_in(2) ? 0x0F : 0x7F)};
      for (size_t i = 0; i < sizeof large && at + i < bytes.size(); ++i) bytes[at + i] = large[i];
    }
  }
}

void change_text(std::string& text, Random& random) {
  size_t at = random.below(static_cast<uint32_t>(text.size()));
  switch (random.below(6)) {
    case 0:
      text[at] = static_cast<char>(random.next());
      break;
    case 1:
      remove_run(text, random, 12);
      break;
    case 2:
      move_run(text, random, 40);
      break;
    case 3:
      if (random.one_in(8)) text.resize(at);
      break;
    default:
      text.insert(at, " " + std::string(kTokens[random.below(std::size(kTokens))]) + " ");
  }
}

}  // namespace

void mutate_bytes(std::vector<uint8_t>& bytes, Random& random) {
  for (uint32_t n = 1 + random.below(8); n > 0 && !bytes.empty(); --n) change_bytes(bytes, random);
}

void mutate_text(std::string& text, Random& random) {
  for (uint32_t n = 1 + random.below(8); n > 0 && !text.empty(); --n) change_text(text, random);
}

}  // namespace nacre::fuzz
