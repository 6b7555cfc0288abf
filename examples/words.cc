// Counts the words of files (or of standard input) and prints the most frequent as a table.
//
//   clang++ --target=wasm32-wasi -std=c++20 -O2 -fno-exceptions examples/words.cc -o words.wasm
//   nacre run --dir . words.wasm COUNT [FILE...]
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <format>
#include <iostream>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

struct Word {
  std::string text;
  uint64_t count;
};

class Counter {
 public:
  // False if the file could not be read to its end.
  bool add(std::FILE* file) {
    std::array<char, 16384> buffer;
    std::string word;
    while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), file)) {
      for (const char c : std::string_view(buffer.data(), got)) {
        if (c >= 'A' && c <= 'Z') {
          word += static_cast<char>(c - 'A' + 'a');
        } else if (c >= 'a' && c <= 'z') {
          word += c;
        } else if (!word.empty()) {
          finish(word);
        }
      }
    }
    if (!word.empty()) finish(word);
    return !std::ferror(file);
  }

  // Most frequent first; equally frequent ones by the alphabet.
  std::vector<Word> ranked() const {
    std::vector<Word> words;
    words.reserve(counts_.size());
    for (const auto& [text, count] : counts_) words.push_back({text, count});
    std::ranges::sort(words, [](const Word& a, const Word& b) {
      return a.count != b.count ? a.count > b.count : a.text < b.text;
    });
    return words;
  }

  uint64_t total() const { return total_; }

 private:
  void finish(std::string& word) {
    ++counts_[word];
    ++total_;
    word.clear();
  }

  std::unordered_map<std::string, uint64_t> counts_;
  uint64_t total_ = 0;
};

int fail(std::string_view message) {
  std::cerr << "words: " << message << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  size_t limit = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), limit);
  if (error != std::errc() || end != wanted.data() + wanted.size()) {
    std::cerr << "usage: words COUNT [FILE...]\n";
    return 2;
  }

  Counter counter;
  if (argc == 2 && !counter.add(stdin)) return fail("cannot read standard input");
  for (int i = 2; i < argc; ++i) {
    std::FILE* file = std::fopen(argv[i], "rb");
    if (!file || !counter.add(file)) return fail(std::format("cannot read {}", argv[i]));
    std::fclose(file);
  }

  for (const Word& word : counter.ranked() | std::views::take(limit)) {
    const double share =
        100.0 * static_cast<double>(word.count) / static_cast<double>(counter.total());
    std::cout << std::format("{:<16}{:>8}{:>8.3f} %\n", word.text, word.count, share);
  }
}
