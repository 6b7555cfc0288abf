#include "grant/rights.h"

namespace nacre::grant {
namespace {

struct RightWord {
  std::string_view word;
  Rights rights;
};
constexpr RightWord kRightWords[] = {
    {"read", Rights::read}, {"write", Rights::write}, {"create", Rights::create}};

}  // namespace

std::optional<Rights> parse_rights(std::string_view text) {
  if (text == "ro") return Rights::read;
  Rights rights = Rights::none;
  for (;;) {
    size_t plus = text.find('+');
    std::string_view word = text.substr(0, plus);
    Rights before = rights;
    for (const RightWord& row : kRightWords) {
      if (row.word == word) rights = rights | row.rights;
    }
    if (rights == before) return std::nullopt;
    if (plus == std::string_view::npos) return rights;
    text.remove_prefix(plus + 1);
  }
}

std::string rights_text(Rights rights) {
  std::string text;
  for (const RightWord& row : kRightWords) {
    if (!includes(rights, row.rights)) continue;
    if (!text.empty()) text += '+';
    text += row.word;
  }
  return text;
}

}  // namespace nacre::grant
