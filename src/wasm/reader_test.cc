#include "wasm/reader.h"

#include <gtest/gtest.h>

#include "wasm/binary/test_modules.h"

namespace nacre::wasm {
namespace {

using test::bytes;

struct Row {
  std::string_view input;
  int64_t value;
  std::string_view message = "";  // empty: succeeds
};

template <class Read>
void check(const Row& row, Read read) {
  std::vector<uint8_t> input = bytes(row.input);
  Reader reader(input, 100);
  auto value = static_cast<int64_t>(read(reader));
  EXPECT_EQ(reader.ok(), row.message.empty()) << row.input;
  EXPECT_EQ(value, row.value) << row.input;
  if (reader.ok()) {
    EXPECT_TRUE(reader.at_end()) << row.input;
    return;
  }
  EXPECT_EQ(reader.error().message(), row.message) << row.input;
  uint64_t at = row.message == "unexpected end" ? 100 + input.size() : 100;
  EXPECT_EQ(reader.error().where()->offset, at) << row.input;
}

constexpr std::string_view kTooLong = "integer representation too long";
constexpr std::string_view kTooLarge = "integer too large";
constexpr std::string_view kEnd = "unexpected end";

TEST(Reader, U32) {
  for (const Row& row : {
           Row{"00", 0},
           Row{"7f", 127},
           Row{"80 01", 128},
           Row{"80 00", 0},
           Row{"83 80 80 80 00", 3},
           Row{"ff ff ff ff 0f", 0xFFFFFFFF},
           Row{"80 80 80 80 10", 0, kTooLarge},
           Row{"ff ff ff ff 7f", 0, kTooLarge},
           Row{"80 80 80 80 80 00", 0, kTooLong},
           Row{"80 80 80 80 f0 00", 0, kTooLong},
           Row{"", 0, kEnd},
           Row{"80 80", 0, kEnd},
       }) {
    check(row, [](Reader& r) { return r.u32(); });
  }
}

TEST(Reader, U64) {
  for (const Row& row : {
           Row{"05", 5},
           Row{"ff ff ff ff ff ff ff ff ff 01", -1},
           Row{"ff ff ff ff ff ff ff ff ff 02", 0, kTooLarge},
           Row{"80 80 80 80 80 80 80 80 80 80 00", 0, kTooLong},
           Row{"80 80 80 80 80 80 80 80 80 00", 0},
           Row{"80 80 80 80", 0, kEnd},
       }) {
    check(row, [](Reader& r) { return r.u64(); });
  }
}

TEST(Reader, S32) {
  for (const Row& row : {
           Row{"00", 0},
           Row{"3f", 63},
           Row{"40", -64},
           Row{"7f", -1},
           Row{"c0 00", 64},
           Row{"ff 7f", -1},
           Row{"ff ff ff ff 07", 0x7FFFFFFF},
           Row{"80 80 80 80 78", -0x80000000LL},
           Row{"ff ff ff ff 7f", -1},
           Row{"80 80 80 80 08", 0, kTooLarge},
           Row{"ff ff ff ff 77", 0, kTooLarge},
           Row{"ff ff ff ff 0f", 0, kTooLarge},
           Row{"80 80 80 80 80 00", 0, kTooLong},
           Row{"ff ff", 0, kEnd},
       }) {
    check(row, [](Reader& r) { return r.s32(); });
  }
}

TEST(Reader, S33AndS64) {
  for (const Row& row : {
           Row{"7f", -1},
           Row{"ff ff ff ff 0f", 0xFFFFFFFF},
           Row{"80 80 80 80 70", -0x100000000LL},
           Row{"80 80 80 80 10", 0, kTooLarge},
           Row{"80 80 80 80 80 00", 0, kTooLong},
       }) {
    check(row, [](Reader& r) { return r.s33(); });
  }
  for (const Row& row : {
           Row{"80 80 80 80 80 80 80 80 80 7f", INT64_MIN},
           Row{"ff ff ff ff ff ff ff ff ff 00", INT64_MAX},
           Row{"ff ff ff ff ff ff ff ff ff 7e", 0, kTooLarge},
           Row{"80 80 80 80 80 80 80 80 80 01", 0, kTooLarge},
           Row{"80 80 80 80 80 80 80 80 80 80 00", 0, kTooLong},
       }) {
    check(row, [](Reader& r) { return r.s64(); });
  }
}

TEST(Reader, FirstFailureSticks) {
  std::vector<uint8_t> input = bytes("01 02 03");
  Reader reader(input, 10);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.fixed<uint32_t>(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_EQ(reader.bytes(1).size(), 0u);
  reader.fail("later");
  EXPECT_EQ(reader.error().message(), "unexpected end");
  EXPECT_EQ(reader.error().where()->offset, 11u);
  EXPECT_FALSE(reader.done(5));
}

TEST(Reader, BytesAndFixed) {
  std::vector<uint8_t> input = bytes("00 00 80 3f 'xy'");
  Reader reader(input);
  EXPECT_EQ(reader.fixed<uint32_t>(), 0x3F800000u);
  EXPECT_EQ(as_text(reader.bytes(2)), "xy");
  EXPECT_TRUE(reader.at_end() && reader.ok());
  EXPECT_EQ(reader.bytes(~uint64_t{0}).size(), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, Names) {
  std::vector<uint8_t> good = bytes("03 e2 82 ac");
  EXPECT_EQ(Reader(good).name(), "\xE2\x82\xAC");
  std::vector<uint8_t> bad = bytes("02 c3 28");
  Reader reader(bad);
  EXPECT_EQ(reader.name(), "");
  EXPECT_EQ(reader.error().message(), "malformed UTF-8 encoding");
  EXPECT_EQ(reader.error().where()->offset, 1u);
}

TEST(Reader, CountsAreBoundedByBytesFirstThenByTheLimit) {
  std::vector<uint8_t> input = bytes("04 00 00 00 00");
  EXPECT_EQ(Reader(input).count(4), 4u);
  Reader two_bytes_each(input);
  EXPECT_EQ(two_bytes_each.count(100, 2), 0u);
  EXPECT_EQ(two_bytes_each.error().code(), ErrorCode::malformed);
  Reader limited(input);
  EXPECT_EQ(limited.count(3), 0u);
  EXPECT_EQ(limited.error().code(), ErrorCode::limit);
  std::vector<uint8_t> huge = bytes("ff ff ff ff 0f");
  Reader both(huge);
  EXPECT_EQ(both.count(3, 0x10000), 0u);
  EXPECT_EQ(both.error().code(), ErrorCode::malformed);
}

}  // namespace
}  // namespace nacre::wasm
