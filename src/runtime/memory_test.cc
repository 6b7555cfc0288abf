#include "runtime/memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "os/fault.h"

namespace nacre::runtime {
namespace {

wasm::MemoryType type_of(uint64_t min, std::optional<uint64_t> max = {}) {
  wasm::MemoryType type;
  type.limits.min = min;
  type.limits.max = max;
  return type;
}

TEST(Memory, GuardedMemoryLandsOnBothSides) {
  ASSERT_TRUE(os::install_fault_handler());
  auto memory = Memory::create(type_of(1, 2), {});
  ASSERT_TRUE(memory);
  ASSERT_TRUE((*memory)->layout().guarded);
  uint8_t* base = (*memory)->base();
  uint64_t value = 1;
  EXPECT_TRUE(os::guarded_load(base + 65528, value));
  EXPECT_EQ(value, 0u);
  EXPECT_FALSE(os::guarded_load(base + 65529, value));
  // The farthest that index + offset reach, and a wrongly sign-extended index (invariants.md:
  // guard-region).
  EXPECT_FALSE(os::guarded_load(base + 2 * uint64_t{UINT32_MAX}, value));
  EXPECT_FALSE(os::guarded_load(base - 8, value));
  EXPECT_FALSE(os::guarded_load(base - (uint64_t{1} << 31), value));

  EXPECT_EQ((*memory)->grow(1), 1u);
  EXPECT_EQ((*memory)->base(), base);
  EXPECT_TRUE(os::guarded_load(base + 65529, value));
  EXPECT_EQ((*memory)->grow(1), Memory::kGrowFailed);
  EXPECT_EQ((*memory)->size_pages(), 2u);
}

TEST(Memory, GrowsToAllOfFourGiB) {
  auto memory = Memory::create(type_of(0), {});
  ASSERT_TRUE(memory);
  EXPECT_EQ((*memory)->grow(65537), Memory::kGrowFailed);
  EXPECT_EQ((*memory)->grow(UINT64_MAX), Memory::kGrowFailed);
  EXPECT_EQ((*memory)->grow(65536), 0u);
  EXPECT_EQ((*memory)->size_bytes(), uint64_t{1} << 32);
  (*memory)->base()[(uint64_t{1} << 32) - 1] = 1;
  EXPECT_EQ((*memory)->grow(1), Memory::kGrowFailed);
  EXPECT_EQ((*memory)->grow(0), 65536u);
}

TEST(Memory, OnlyPlainMemoriesAreGuarded) {
  wasm::MemoryType wide = type_of(1);
  wide.limits.address = wasm::AddressType::i64;
  auto memory = Memory::create(wide, {});
  ASSERT_TRUE(memory);
  EXPECT_FALSE((*memory)->layout().guarded);
  EXPECT_FALSE((*memory)->record()->guarded);
  EXPECT_TRUE((*memory)->record()->is_64);
  EXPECT_EQ((*memory)->grow(uint64_t{1} << 48), Memory::kGrowFailed);
  EXPECT_EQ((*memory)->grow(1), 1u);

  wasm::MemoryType bytes = type_of(10, 20);
  bytes.page_size_log2 = 0;
  memory = Memory::create(bytes, {});
  ASSERT_TRUE(memory);
  EXPECT_FALSE((*memory)->layout().guarded);
  EXPECT_EQ((*memory)->size_bytes(), 10u);
  EXPECT_EQ((*memory)->grow(10), 10u);
  EXPECT_EQ((*memory)->grow(1), Memory::kGrowFailed);
}

TEST(Memory, FallsBackToChecksWithoutAddressSpace) {
  os::AddressSpaceBudget space(uint64_t{5} << 30);
  auto memory = Memory::create(type_of(1), {.mapping = {.budget = &space}});
  ASSERT_TRUE(memory);
  EXPECT_FALSE((*memory)->layout().guarded);
  uint8_t* base = (*memory)->base();
  EXPECT_EQ((*memory)->grow(65535), 1u);
  EXPECT_EQ((*memory)->base(), base);
  // The next finds hardly anything left, and gets less room to grow.
  auto second = Memory::create(type_of(1), {.mapping = {.budget = &space}});
  ASSERT_TRUE(second);
  EXPECT_LT((*second)->layout().reserved_bytes, uint64_t{1} << 30);
  EXPECT_EQ((*second)->grow(65535), Memory::kGrowFailed);
  EXPECT_EQ((*second)->grow(1), 1u);
  memory = {};
  second = {};
  EXPECT_EQ(space.used_bytes(), 0u);
}

TEST(Memory, RefusesWhatNothingCanHold) {
  wasm::MemoryType huge = type_of(uint64_t{1} << 48);
  huge.limits.address = wasm::AddressType::i64;
  EXPECT_FALSE(Memory::create(huge, {}));
  auto budget = std::make_shared<MemoryBudget>(uint64_t{3} << 16);
  EXPECT_FALSE(Memory::create(huge, {.budget = budget}));
  auto memory = Memory::create(type_of(2), {.budget = budget});
  ASSERT_TRUE(memory);
  EXPECT_EQ((*memory)->grow(2), Memory::kGrowFailed);
  EXPECT_EQ((*memory)->grow(1), 2u);
  EXPECT_FALSE(Memory::create(type_of(1), {.budget = budget}));
  memory = {};
  EXPECT_EQ(budget->used_bytes(), 0u);
}

TEST(Memory, EveryFailingAllocationIsSurvived) {
  for (uint64_t n = 0;; ++n) {
    os::FailPoint point(n);
    os::AddressSpaceBudget space(uint64_t{1} << 40);
    auto budget = std::make_shared<MemoryBudget>(uint64_t{1} << 30);
    MemoryContext context{.mapping = {.budget = &space, .fail_point = &point}, .budget = budget};
    {
      auto memory = Memory::create(type_of(1), context);
      if (memory) {
        uint64_t grown = (*memory)->grow(1);
        EXPECT_EQ((*memory)->size_pages(), grown == Memory::kGrowFailed ? 1u : 2u);
        (*memory)->base()[(*memory)->size_bytes() - 1] = 1;
      }
    }
    EXPECT_EQ(space.used_bytes(), 0u);
    EXPECT_EQ(budget->used_bytes(), 0u);
    if (!point.reached()) break;
  }
}

TEST(ParkingLot, TellsWhyItReturned) {
  alignas(8) uint8_t word[8] = {5};
  ParkingLot lot;
  EXPECT_EQ(lot.wait<uint32_t>(0, word, 4, -1), ParkingLot::Woken::not_equal);
  EXPECT_EQ(lot.wait<uint64_t>(0, word, 5, 1'000'000), ParkingLot::Woken::timed_out);
  EXPECT_EQ(lot.wait<uint32_t>(0, word, 5, 0), ParkingLot::Woken::timed_out);
  EXPECT_EQ(lot.notify(0, 10), 0u);
}

TEST(ParkingLot, WakesTheOldestOfTheAddress) {
  alignas(8) uint8_t words[16] = {};
  ParkingLot lot;
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      // A timeout beyond the clock's range means for ever (invariants.md: saturating-deadlines).
      if (lot.wait<uint32_t>(8, words + 8, 0, INT64_MAX) == ParkingLot::Woken::notified) ++woken;
    });
  }
  uint32_t told = 0;
  while (told < 2) told += lot.notify(8, 2 - told);
  EXPECT_EQ(lot.notify(0, 10), 0u);
  while (woken < 2) std::this_thread::yield();
  while (told < 3) told += lot.notify(8, UINT32_MAX);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken, 3);
}

}  // namespace
}  // namespace nacre::runtime
