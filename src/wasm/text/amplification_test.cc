// A few bytes that stand for much: printing them is in proportion, or refused before it costs.
#include <gtest/gtest.h>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/limits.h"
#include "wasm/text/parser.h"
#include "wasm/text/printer.h"

namespace nacre::wasm {
namespace {

constexpr Features kAll = Features::all_built();

std::string repeat(std::string_view text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::vector<uint8_t> binary(const std::string& text) {
  Result<Module> module = parse_module(text, kAll);
  if (!module) {
    ADD_FAILURE() << module.error().to_string();
    return {};
  }
  return encode(*module);
}

Result<std::string> print(const std::vector<uint8_t>& bytes) {
  Module module = TRY(decode(bytes, nullptr, kAll));
  return print_module(module, kAll);
}

// Printed in proportion, and read back to the same bytes.
void expect_in_proportion(const std::string& source) {
  std::vector<uint8_t> bytes = binary(source);
  Result<std::string> text = print(bytes);
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_LE(text->size(), kTextForAll + kMaxTextPerByte * bytes.size());
  EXPECT_LE(text->size(), 128 * bytes.size());
  EXPECT_TRUE(binary(*text) == bytes);
}

const std::string kWide =
    "(type $wide (func (param" + repeat(" i64", 1000) + ") (result" + repeat(" i64", 1000) + ")))";

TEST(Amplification, BlocksOfWideTypes) {
  std::string blocks = repeat("block (type 0) end loop (type 0) end ", 50'000);
  expect_in_proportion("(module " + kWide + "(func (type 0) " + blocks + "))");
  expect_in_proportion("(module " + kWide + "(func (type 0) i32.const 1 " +
                       repeat("if (type 0) else end ", 50'000) + "))");
  expect_in_proportion("(module " + kWide + "(tag $t) (func (type 0) " +
                       repeat("try_table (type 0) end try (type 0) catch_all end ", 20'000) + "))");
}

TEST(Amplification, OtherUsesOfWideTypes) {
  expect_in_proportion("(module " + kWide + "(table 1 funcref) (func " +
                       repeat("call_indirect (type 0) return_call_indirect (type 0) ", 50'000) +
                       "))");
  expect_in_proportion("(module " + kWide + repeat("(func (type 0))", 20'000) + ")");
  expect_in_proportion("(module " + kWide + repeat(R"((import "" "" (func (type 0))))", 20'000) +
                       ")");
  expect_in_proportion("(module (type (func (param" + repeat(" i64", 1000) + ")))" +
                       repeat("(tag (type 0))", 20'000) + ")");
}

TEST(Amplification, LongNamesUsedOften) {
  std::string name(1 << 17, 'n');
  expect_in_proportion("(module (func $" + name + repeat(" call 0", 100'000) + "))");
  expect_in_proportion("(module (func (param $" + name + " i32)" +
                       repeat(" local.get 0 drop", 100'000) + "))");
  expect_in_proportion("(module (func block $" + name + repeat(" br 0", 100'000) + " end))");
  expect_in_proportion("(module (global $" + name + " i32 (i32.const 0)) (func " +
                       repeat(" global.get 0 drop", 100'000) + "))");
  expect_in_proportion("(module (table 1 funcref) (func $" + name + ") (elem (i32.const 0) func" +
                       repeat(" 0", 100'000) + "))");
  expect_in_proportion("(module (type $" + name + " (struct)) (func (local" +
                       repeat(" (ref null 0) i32", 20'000) + ")))");
}

TEST(Amplification, NamesOfOrdinaryLengthStay) {
  std::string name = "_ZN4core3fmt9Formatter12pad_integral17h0123456789abcdefE";
  std::vector<uint8_t> bytes = binary("(module (func $" + name + repeat(" call 0", 1000) + "))");
  Result<std::string> text = print(bytes);
  ASSERT_TRUE(text);
  size_t uses = 0;
  for (size_t at = text->find("call $"); at != std::string::npos; at = text->find("call $", at + 1))
    ++uses;
  EXPECT_EQ(uses, 1000u);
}

TEST(Amplification, DeepNesting) {
  expect_in_proportion("(module (func " + repeat("block ", 100'000) + repeat("end ", 100'000) +
                       "))");
}

// A count of locals is a few bytes, and each is written.
TEST(Amplification, LocalsAreCountedBeforeTheyAreWritten) {
  std::vector<uint8_t> bytes =
      binary("(module" + repeat("(func (local" + repeat(" i32", 50'000) + "))", 1) + ")");
  Result<Module> one = decode(bytes, nullptr, kAll);
  ASSERT_TRUE(one);
  Module many = *std::move(one);
  std::vector<Bytes> bodies(1000, many.bodies[0]);
  many.bodies = bodies;
  many.functions.assign(1000, many.functions[0]);
  std::vector<uint8_t> small = encode(many);
  EXPECT_LT(small.size(), 20'000u);
  Result<std::string> text = print(small);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ErrorCode::limit);
  EXPECT_NE(text.error().message().find("50000 locals"), std::string::npos)
      << text.error().message();
}

// Types are repeated where parameters have names, in proportion to the names.
TEST(Amplification, NamedParametersAreSpelledOut) {
  std::string params;
  for (int i = 0; i < 100; ++i) params += "(param $p" + std::to_string(i) + " i32)";
  std::vector<uint8_t> bytes = binary("(module (func " + params + "))");
  Result<std::string> text = print(bytes);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("(param $p99 i32)"), std::string::npos);
  EXPECT_TRUE(binary(*text) == bytes);
}

}  // namespace
}  // namespace nacre::wasm
