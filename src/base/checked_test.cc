#include "base/checked.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

#include "base/bytes.h"

namespace nacre {
namespace {

constexpr uint64_t kMax64 = std::numeric_limits<uint64_t>::max();
constexpr uint32_t kMax32 = std::numeric_limits<uint32_t>::max();

TEST(Checked, AddAndMulFailInsteadOfWrapping) {
  EXPECT_EQ(checked_add<uint64_t>(kMax64 - 1, 1), kMax64);
  EXPECT_EQ(checked_add<uint64_t>(kMax64, 1), std::nullopt);
  EXPECT_EQ(checked_add<uint32_t>(kMax32, kMax32), std::nullopt);
  EXPECT_EQ(checked_mul<uint32_t>(65536, 65535), 0xFFFF0000u);
  EXPECT_EQ(checked_mul<uint32_t>(65536, 65536), std::nullopt);
  EXPECT_EQ(checked_mul<uint64_t>(kMax64, 0), 0u);
}

TEST(Checked, InBounds) {
  struct Row {
    uint32_t offset, length, size;
    bool inside;
  };
  for (const Row& row : {
           Row{0, 0, 0, true},
           Row{0, 10, 10, true},
           Row{10, 0, 10, true},
           Row{11, 0, 10, false},
           Row{1, 10, 10, false},
           Row{kMax32, 1, 10, false},
           Row{1, kMax32, 10, false},
           Row{kMax32, kMax32, kMax32, false},
           Row{kMax32, 0, kMax32, true},
       }) {
    EXPECT_EQ(in_bounds(row.offset, row.length, row.size), row.inside)
        << row.offset << " " << row.length << " " << row.size;
  }
}

TEST(Bytes, LoadsAndStoresAreLittleEndianAndUnaligned) {
  std::array<uint8_t, 9> buffer{};
  store_le<uint64_t>(buffer.data() + 1, 0x0102030405060708u);
  EXPECT_EQ(buffer[1], 8);
  EXPECT_EQ(buffer[8], 1);
  EXPECT_EQ(load_le<uint32_t>(buffer.data() + 1), 0x05060708u);
  EXPECT_EQ(load_le<uint16_t>(buffer.data() + 7), 0x0102u);
}

}  // namespace
}  // namespace nacre
