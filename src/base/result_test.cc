#include "base/result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace nacre {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::invalid, "odd", uint64_t{0x1a});
  return value / 2;
}

Result<void> check_even(int value) {
  TRY(half(value));
  return {};
}

Result<int> quarter(int value) {
  int once = TRY(half(value));
  return TRY(half(once));
}

TEST(Result, TryTakesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  Result<int> refused = quarter(6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::invalid);
  EXPECT_TRUE(check_even(2));
  EXPECT_FALSE(check_even(3));
}

TEST(Result, TryMovesMoveOnlyValues) {
  auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  auto use = [&]() -> Result<int> {
    std::unique_ptr<int> owned = TRY(make());
    return *owned;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(Error, FormatsCodeMessageAndPlace) {
  EXPECT_EQ(Error(ErrorCode::io, "no such file").to_string(), "cannot access: no such file");
  EXPECT_EQ(Error(ErrorCode::malformed, "unexpected end", uint64_t{0x1a}).to_string(),
            "malformed: unexpected end (at byte 0x1a)");
  EXPECT_EQ(Error(ErrorCode::malformed, "unexpected token", Location{.line = 3, .column = 14})
                .to_string(),
            "malformed: unexpected token (at 3:14)");
}

TEST(Error, ContextStandsInFrontAndKeepsThePlace) {
  Error error = Error(ErrorCode::invalid, "type mismatch", uint64_t{5}).with_context("function 3");
  EXPECT_EQ(error.message(), "function 3: type mismatch");
  ASSERT_TRUE(error.where());
  EXPECT_EQ(error.where()->offset, 5u);
}

TEST(Error, EveryCodeHasItsOwnText) {
  std::vector<std::string_view> seen;
#define ERROR(name, text) seen.push_back(error_code_text(ErrorCode::name));
#include "base/errors.def"
#undef ERROR
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  EXPECT_EQ(std::ranges::count(seen, ""), 0);
}

}  // namespace
}  // namespace nacre
