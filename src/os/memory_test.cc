#include "os/memory.h"

#include <gtest/gtest.h>

#include <utility>

namespace nacre::os {
namespace {

TEST(Memory, RoundsUpWithoutOverflow) {
  EXPECT_EQ(round_up_to_page(0), 0u);
  EXPECT_EQ(round_up_to_page(1), page_bytes());
  EXPECT_EQ(round_up_to_page(page_bytes()), page_bytes());
  EXPECT_EQ(round_up_to_page(UINT64_MAX), UINT64_MAX);
}

TEST(Memory, CommittedPagesAreZeroAndStay) {
  auto memory = Reservation::reserve(16 * page_bytes());
  ASSERT_TRUE(memory);
  ASSERT_TRUE(memory->commit(0, 1));
  memory->data()[page_bytes() - 1] = 7;
  ASSERT_TRUE(memory->commit(1, 2 * page_bytes()));
  EXPECT_EQ(memory->data()[page_bytes() - 1], 7);
  EXPECT_EQ(memory->data()[2 * page_bytes()], 0);
  EXPECT_FALSE(memory->commit(16 * page_bytes(), 1));
  EXPECT_FALSE(memory->commit(UINT64_MAX, 2));
}

TEST(Memory, RefusesWhatNoMachineHas) {
  EXPECT_FALSE(Reservation::reserve(UINT64_MAX));
  EXPECT_FALSE(Reservation::reserve(uint64_t{1} << 60));
}

TEST(Memory, BudgetIsGivenBack) {
  AddressSpaceBudget budget(4 * page_bytes());
  MappingContext context{.budget = &budget};
  {
    auto first = Reservation::reserve(3 * page_bytes(), context);
    ASSERT_TRUE(first);
    EXPECT_FALSE(Reservation::reserve(2 * page_bytes(), context));
    Reservation moved = std::move(*first);
    EXPECT_EQ(budget.used_bytes(), 3 * page_bytes());
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_TRUE(Reservation::reserve(4 * page_bytes(), context));
}

TEST(Memory, FailPointFailsTheChosenAllocationOnly) {
  FailPoint point(1);
  MappingContext context{.fail_point = &point};
  auto memory = Reservation::reserve(page_bytes(), context);
  ASSERT_TRUE(memory);
  EXPECT_FALSE(point.reached());
  EXPECT_FALSE(memory->commit(0, 1));
  EXPECT_TRUE(point.reached());
  EXPECT_TRUE(memory->commit(0, 1));
}

}  // namespace
}  // namespace nacre::os
