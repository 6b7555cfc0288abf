#include "native/free_blocks.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace nacre::native {
namespace {

TEST(FreeBlocksTest, BlocksThatTouchBecomeOne) {
  FreeBlocks blocks;
  blocks.give(0, 16);
  blocks.give(32, 16);
  EXPECT_EQ(blocks.largest(), 16u);
  EXPECT_FALSE(blocks.take(32));
  blocks.give(16, 16);
  EXPECT_EQ(blocks.largest(), 48u);
  EXPECT_EQ(blocks.take(48), 0u);
  EXPECT_EQ(blocks.largest(), 0u);
}

TEST(FreeBlocksTest, TheSmallestThatIsLargeEnoughIsTaken) {
  FreeBlocks blocks;
  blocks.give(0, 96);
  blocks.give(128, 32);
  blocks.give(256, 64);
  EXPECT_EQ(blocks.take(32), 128u);
  EXPECT_EQ(blocks.take(32), 256u);
  EXPECT_EQ(blocks.take(32), 288u);
  EXPECT_EQ(blocks.take(96), 0u);
}

// Against a map of single bytes.
TEST(FreeBlocksTest, NoByteIsGivenOutTwiceOrLost) {
  struct Taken {
    uint64_t offset, bytes;
  };
  constexpr uint64_t kBytes = 512;
  std::mt19937_64 random(1);
  FreeBlocks blocks;
  std::vector<bool> is_free(kBytes, true);
  std::vector<Taken> taken;
  blocks.give(0, kBytes);
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 2 == 0 && !taken.empty()) {
      std::swap(taken[random() % taken.size()], taken.back());
      Taken back = taken.back();
      taken.pop_back();
      blocks.give(back.offset, back.bytes);
      for (uint64_t at = 0; at < back.bytes; ++at) is_free[back.offset + at] = true;
    } else {
      uint64_t bytes = 1 + random() % 64;
      bool fits = blocks.largest() >= bytes;
      std::optional<uint64_t> offset = blocks.take(bytes);
      ASSERT_EQ(offset.has_value(), fits);
      if (!offset) continue;
      ASSERT_LE(*offset + bytes, kBytes);
      for (uint64_t at = 0; at < bytes; ++at) {
        ASSERT_TRUE(is_free[*offset + at]);
        is_free[*offset + at] = false;
      }
      taken.push_back({*offset, bytes});
    }
    uint64_t run = 0, longest = 0;
    for (bool free : is_free) longest = std::max(longest, run = free ? run + 1 : 0);
    ASSERT_EQ(blocks.largest(), longest);
  }
}

}  // namespace
}  // namespace nacre::native
