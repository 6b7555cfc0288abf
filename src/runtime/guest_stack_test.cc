#include "runtime/guest_stack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

namespace nacre::runtime {
namespace {

constexpr uint64_t kBytes = StackPool::kStackBytes;
constexpr StoreId kOne{1}, kTwo{2};

bool is_zero(const StackMemory& stack) {
  return std::all_of(stack.begin(), stack.end(), [](uint8_t byte) { return byte == 0; });
}
void fill(const StackMemory& stack) {
  std::memset(stack.begin(), 0xA5, static_cast<size_t>(stack.end() - stack.begin()));
}

TEST(StackPool, ShowsNobodyWhatAnotherLeft) {
  StackPool pool({}, 1000);
  uint8_t* at = nullptr;
  {
    StackMemory stack = pool.take(kBytes, kOne).value();
    EXPECT_TRUE(is_zero(stack));
    at = stack.begin();
    fill(stack);
    EXPECT_EQ(pool.in_use(), 1u);
  }
  EXPECT_EQ(pool.in_use(), 0u);
  {
    StackMemory stack = pool.take(kBytes, kOne).value();
    EXPECT_EQ(stack.begin(), at);
    EXPECT_EQ(stack.begin()[0], 0xA5);  // its own, so that it need not be cleared
  }
  {
    StackMemory stack = pool.take(kBytes, kTwo).value();
    EXPECT_EQ(stack.begin(), at);
    EXPECT_TRUE(is_zero(stack));
  }
  // A smaller one ends at the same place.
  StackMemory small = pool.take(64 << 10, kTwo).value();
  EXPECT_EQ(small.begin(), at + kBytes - (64 << 10));
  // A stack in use is not given out again.
  StackMemory other = pool.take(kBytes, kTwo).value();
  EXPECT_TRUE(other.end() <= small.begin() || small.end() <= other.begin());
}

TEST(StackPool, IsOfManyAndForgetsMostOfThem) {
  StackPool pool({}, 600);
  std::vector<StackMemory> stacks;
  for (int i = 0; i < 600; ++i) {
    stacks.push_back(pool.take(kBytes, kOne).value());
    stacks.back().begin()[0] = 1;
    *(stacks.back().end() - 1) = 1;
  }
  auto refused = pool.take(kBytes, kOne);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::limit);
  stacks.clear();
  EXPECT_EQ(pool.in_use(), 0u);
  size_t written = 0;
  for (int i = 0; i < 600; ++i) {
    stacks.push_back(pool.take(kBytes, kOne).value());
    written += stacks.back().begin()[0];
  }
  EXPECT_EQ(written, 64u);
}

TEST(StackPool, IsUsedByManyThreads) {
  StackPool pool({}, 1000);
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= 4; ++id) {
    threads.emplace_back([&pool, id] {
      for (int i = 0; i < 300; ++i) {
        StackMemory a = pool.take(64 << 10, StoreId{id}).value();
        StackMemory b = pool.take(64 << 10, StoreId{id}).value();
        a.begin()[0] = b.begin()[0] = static_cast<uint8_t>(id);
        EXPECT_EQ(a.begin()[0], id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(StackPool, SurvivesThatThereIsNoMemory) {
  for (uint64_t index : {0, 1}) {
    os::FailPoint fail_point(index);
    StackPool pool({.fail_point = &fail_point}, 10);
    auto refused = pool.take(kBytes, kOne);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::out_of_memory);
    EXPECT_EQ(pool.in_use(), 0u);
    EXPECT_TRUE(pool.take(kBytes, kOne));
  }
}

TEST(StackMemory, OfAnySizeHasGuards) {
  for (uint64_t bytes : {uint64_t{4} << 10, uint64_t{8} << 20}) {
    StackMemory stack = StackMemory::map(bytes, {}).value();
    ASSERT_EQ(static_cast<uint64_t>(stack.end() - stack.begin()), bytes);
    fill(stack);
    StackMemory moved = std::move(stack);
    EXPECT_EQ(moved.begin()[0], 0xA5);
    EXPECT_EQ(stack.begin(), nullptr);  // NOLINT: what is left of it
  }
}

}  // namespace
}  // namespace nacre::runtime
