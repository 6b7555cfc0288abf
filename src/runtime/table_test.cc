#include "runtime/table.h"

#include <gtest/gtest.h>

namespace nacre::runtime {
namespace {

wasm::TableType type_of(uint64_t min, std::optional<uint64_t> max = {}) {
  wasm::TableType type;
  type.element = wasm::ValType::externref();
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

TEST(Table, GrowsWithinItsLimits) {
  auto table = Table::create(type_of(2, 5), 7, nullptr, nullptr);
  ASSERT_TRUE(table);
  EXPECT_EQ((*table)->get(1), 7u);
  EXPECT_EQ((*table)->get(2), std::nullopt);
  EXPECT_EQ((*table)->grow(3, 9), 2u);
  EXPECT_EQ((*table)->get(1), 7u);
  EXPECT_EQ((*table)->get(4), 9u);
  EXPECT_EQ((*table)->grow(1, 9), Table::kGrowFailed);
  EXPECT_EQ((*table)->grow(UINT64_MAX, 9), Table::kGrowFailed);
  EXPECT_EQ((*table)->grow(0, 9), 5u);
  EXPECT_FALSE((*table)->set(5, 1));
  EXPECT_TRUE((*table)->set(4, 1));
  EXPECT_EQ((*table)->current_type().limits.min, 5u);
}

TEST(Table, LargeAndTooLarge) {
  auto table = Table::create(type_of(wasm::kMaxTableElements), abi::kNullRef, nullptr, nullptr);
  ASSERT_TRUE(table);
  EXPECT_EQ((*table)->get(wasm::kMaxTableElements - 1), abi::kNullRef);
  EXPECT_EQ((*table)->grow(1, 0), Table::kGrowFailed);
  auto refused = Table::create(type_of(0xFFFFFFFF), abi::kNullRef, nullptr, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::limit);
}

TEST(Table, ChargesItsBudgetAndSurvivesFailures) {
  os::AddressSpaceBudget budget(10);
  for (uint64_t n = 0;; ++n) {
    os::FailPoint point(n);
    {
      auto table = Table::create(type_of(4), 1, &budget, &point);
      if (table) {
        uint64_t grown = (*table)->grow(4, 2);
        EXPECT_EQ((*table)->size(), grown == Table::kGrowFailed ? 4u : 8u);
        EXPECT_EQ((*table)->get(3), 1u);
        EXPECT_EQ((*table)->grow(7, 2), Table::kGrowFailed);
        EXPECT_EQ(budget.used_bytes(), (*table)->size());
      }
    }
    EXPECT_EQ(budget.used_bytes(), 0u);
    if (!point.reached()) break;
  }
}

}  // namespace
}  // namespace nacre::runtime
