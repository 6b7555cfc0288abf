#include "api/mentions.h"

#include <gtest/gtest.h>

namespace nacre::api {
namespace {

using Names = std::vector<std::string>;

Names mentioned(std::string_view text, const Names& names) {
  wasm::Module module;
  module.data.emplace_back().bytes = as_bytes(text);
  return mentioned_names(module, names);
}

TEST(MentionsTest, NamesThatStandByThemselves) {
  EXPECT_EQ(mentioned("HOME", {"HOME"}), Names{"HOME"});
  EXPECT_EQ(mentioned(std::string_view("\0HOME\0PATH", 10), {"PATH", "HOME"}),
            (Names{"PATH", "HOME"}));
  EXPECT_EQ(mentioned("HOMES MY_HOME HOME2", {"HOME"}), Names{});
  EXPECT_EQ(mentioned("", {"HOME"}), Names{});
  EXPECT_EQ(mentioned("HOME", {}), Names{});
}

TEST(MentionsTest, LiteralsWithNothingBetween) {
  EXPECT_EQ(mentioned("no tokenAPI_TOKENis missing", {"API_TOKEN", "TOKEN"}), Names{"API_TOKEN"});
}

TEST(MentionsTest, SmallLetters) {
  EXPECT_EQ(mentioned("http_proxy=", {"http_proxy"}), Names{"http_proxy"});
  EXPECT_EQ(mentioned("my_http_proxy http_proxys HTTP_PROXY", {"http_proxy"}), Names{});
}

TEST(MentionsTest, NamesOfOneLetterAreEverywhere) {
  EXPECT_EQ(mentioned("_ A", {"_", "A"}), Names{});
}

TEST(MentionsTest, AllSegments) {
  wasm::Module module;
  module.data.emplace_back().bytes = as_bytes(std::string_view("HO"));
  module.data.emplace_back().bytes = as_bytes(std::string_view("ME HOME"));
  module.data.emplace_back().bytes = as_bytes(std::string_view("xLANG"));
  EXPECT_EQ(mentioned_names(module, {"LANG", "HOME", "ME"}), (Names{"LANG", "HOME", "ME"}));
}

}  // namespace
}  // namespace nacre::api
