// Whatever hands an object back takes NULL.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "nacre/nacre.h"

namespace {

struct Way {
  const char* name;
  void (*act)();
};
#define WAY(function) {#function, [] { static_cast<void>(function(nullptr)); }}
constexpr Way kWays[] = {
    WAY(nacre_error_delete),  WAY(nacre_config_delete), WAY(nacre_engine_delete),
    WAY(nacre_module_delete), WAY(nacre_code_delete),   WAY(nacre_bytes_delete),
    WAY(nacre_grants_delete), WAY(nacre_store_delete),  WAY(nacre_pool_delete),
    WAY(nacre_pool_release),  WAY(nacre_rights_delete),
};
#undef WAY

TEST(Delete, NothingIsAllowedEverywhere) {
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    way.act();
  }
  EXPECT_EQ(nacre_pool_release(nullptr), nullptr);
}

TEST(Delete, BytesAreLeftEmptyAndMayBeDeletedAgain) {
  nacre_bytes_t bytes{};
  nacre_bytes_delete(&bytes);
  ASSERT_EQ(nacre_text_to_binary("(module)", 8, nullptr, &bytes), nullptr);
  EXPECT_EQ(bytes.size, 8u);
  for (int i = 0; i < 2; ++i) {
    nacre_bytes_delete(&bytes);
    EXPECT_EQ(bytes.data, nullptr);
    EXPECT_EQ(bytes.size, 0u);
  }
}

// A new function that hands something back belongs into the list above.
TEST(Delete, EveryFunctionOfTheHeaderIsTried) {
  std::ifstream file(NACRE_HEADER);
  ASSERT_TRUE(file) << NACRE_HEADER;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::set<std::string> declared;
  constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyz_0123456789";
  for (size_t paren = text.find('('); paren != std::string::npos;
       paren = text.find('(', paren + 1)) {
    size_t before = text.find_last_not_of(kNameCharacters, paren - 1);
    std::string name = text.substr(before + 1, paren - before - 1);
    std::string_view act = std::string_view(name).substr(name.rfind('_') + 1);
    constexpr std::string_view kActs[] = {"delete", "release", "free", "close", "destroy"};
    bool hands_back =
        name.starts_with("nacre_") && std::ranges::find(kActs, act) != std::end(kActs);
    if (hands_back) declared.insert(name);
  }
  std::set<std::string> tried;
  for (const Way& way : kWays) tried.insert(way.name);
  EXPECT_EQ(declared, tried);
}

}  // namespace
