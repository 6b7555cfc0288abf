#include "api/mentions.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "base/bytes.h"

namespace nacre::api {
namespace {

using Letters = std::array<bool, 256>;

constexpr Letters letters_of_names(bool lower_case) {
  Letters letters{};
  for (int c = 'A'; c <= 'Z'; ++c) letters[static_cast<size_t>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) letters[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) letters[static_cast<size_t>(c)] = lower_case;
  letters['_'] = true;
  return letters;
}
// Compilers put one literal behind the other: in "TOKENis missing" the name ends at the small
// letter.
constexpr Letters kCapitals = letters_of_names(false);
constexpr Letters kAllLetters = letters_of_names(true);

// A name of one letter is everywhere.
constexpr size_t kMinBytes = 2;

using Names = std::unordered_set<std::string_view>;

// Takes those out of `wanted` that `data` has.
void find_names(Bytes data, const Letters& letters, Names& wanted, size_t longest) {
  std::string_view text = as_text(data);
  auto is_letter = [&](size_t at) { return letters[static_cast<uint8_t>(text[at])]; };
  for (size_t at = 0; at < text.size() && !wanted.empty(); ++at) {
    if (!is_letter(at)) continue;
    size_t begin = at;
    while (at < text.size() && is_letter(at)) ++at;
    size_t bytes = at - begin;
    if (bytes >= kMinBytes && bytes <= longest) wanted.erase(text.substr(begin, bytes));
  }
}

}  // namespace

std::vector<std::string> mentioned_names(const wasm::Module& module,
                                         const std::vector<std::string>& names) {
  Names capitals;
  Names others;
  size_t longest = 0;
  for (const std::string& name : names) {
    auto is_capital = [](char c) { return kCapitals[static_cast<uint8_t>(c)]; };
    (std::ranges::all_of(name, is_capital) ? capitals : others).insert(name);
    longest = std::max(longest, name.size());
  }
  for (const wasm::DataSegment& segment : module.data) {
    find_names(segment.bytes, kCapitals, capitals, longest);
    find_names(segment.bytes, kAllLetters, others, longest);
  }
  std::vector<std::string> mentioned;
  for (const std::string& name : names) {
    if (!capitals.contains(name) && !others.contains(name)) mentioned.push_back(name);
  }
  return mentioned;
}

}  // namespace nacre::api
