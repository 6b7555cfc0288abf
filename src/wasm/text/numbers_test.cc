#include "wasm/text/numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <random>

namespace nacre::wasm::text {
namespace {

TEST(Integers, ReadBothSignednesses) {
  struct Case {
    std::string_view text;
    uint32_t bits;
    uint64_t value;
  };
  const Case cases[] = {
      {"0", 32, 0},
      {"4294967295", 32, 0xFFFFFFFF},
      {"-2147483648", 32, 0x80000000},
      {"+2147483647", 32, 0x7FFFFFFF},
      {"-1", 32, 0xFFFFFFFF},
      {"-0", 32, 0},
      {"0xFFFF_ffff", 32, 0xFFFFFFFF},
      {"1_000", 32, 1000},
      {"18446744073709551615", 64, ~uint64_t{0}},
      {"-9223372036854775808", 64, uint64_t{1} << 63},
      {"-0x8000_0000_0000_0000", 64, uint64_t{1} << 63},
      {"255", 8, 255},
      {"-128", 8, 128},
  };
  for (const Case& item : cases) {
    Number<uint64_t> number = parse_int(item.text, item.bits);
    EXPECT_TRUE(number.ok()) << item.text;
    EXPECT_EQ(number.value, item.value) << item.text;
  }
}

TEST(Integers, TellRangeFromSyntax) {
  for (std::string_view text :
       {"4294967296", "-2147483649", "0x1_0000_0000", "+2147483648", "99999999999999999999999"}) {
    EXPECT_EQ(parse_int(text, 32).error, NumberError::range) << text;
  }
  for (std::string_view text :
       {"", "-", "0x", "1_", "_1", "1__0", "0x_1", "1a", "0x1g", "+-1", "1.0", "inf"}) {
    EXPECT_EQ(parse_int(text, 32).error, NumberError::syntax) << text;
  }
  EXPECT_EQ(parse_nat("-1", 32).error, NumberError::syntax);
  EXPECT_EQ(parse_nat("+1", 32).error, NumberError::syntax);
  EXPECT_EQ(parse_nat("256", 8).error, NumberError::range);
}

TEST(Floats, ReadSpecialValues) {
  EXPECT_EQ(parse_f32("inf").value, 0x7F800000u);
  EXPECT_EQ(parse_f32("-inf").value, 0xFF800000u);
  EXPECT_EQ(parse_f32("nan").value, 0x7FC00000u);
  EXPECT_EQ(parse_f32("-nan").value, 0xFFC00000u);
  EXPECT_EQ(parse_f32("nan:0x1").value, 0x7F800001u);
  EXPECT_EQ(parse_f32("+nan:0x7f_ffff").value, 0x7FFFFFFFu);
  EXPECT_EQ(parse_f64("nan:0x4000000000000").value, 0x7FF4000000000000u);
  EXPECT_EQ(parse_f32("nan:0x0").error, NumberError::range);
  EXPECT_EQ(parse_f32("nan:0x800000").error, NumberError::range);
  EXPECT_EQ(parse_f32("nan:1").error, NumberError::syntax);
  EXPECT_EQ(parse_f32("nan:0x").error, NumberError::syntax);
}

TEST(Floats, RoundOnce) {
  struct Case {
    std::string_view text;
    uint32_t bits;
  };
  const Case cases[] = {
      {"-0", 0x80000000},
      {"1.", 0x3F800000},
      {"0x1.8p1", 0x40400000},
      {"0x1p-149", 1},
      {"0x1p-150", 0},                                   // a tie, to even
      {"0x1.000001p-150", 1},                            // above the tie
      {"0x1.8p-149", 2},                                 // a tie, to even
      {"0x1.fffffep-127", 0x00800000},                   // rounds up to the least normal
      {"0x1.000001p0", 0x3F800000},                      // a tie, to even
      {"0x1.00000100000000000000000001p0", 0x3F800001},  // sticky bits far behind
      {"0x1.fffffefp127", 0x7F7FFFFF},
      {"1e-400", 0},
      {"-1e-400", 0x80000000},
      {"1.4013e-45", 1},
      {"7.0064923216240854e-46", 1},
      {"7.0064923216240853e-46", 0},
      // To double first this would be a tie, and end one too low.
      {"1.00000005960464477540", 0x3F800001},
      {"340282346638528859811704183484516925440", 0x7F7FFFFF},
      {"1_0.5_0e0_1", 0x42D20000},
  };
  for (const Case& item : cases) {
    Number<uint32_t> number = parse_f32(item.text);
    EXPECT_TRUE(number.ok()) << item.text;
    EXPECT_EQ(number.value, item.bits) << item.text;
  }
  for (std::string_view text :
       {"0x1.ffffffp127", "0x1p128", "1e39", "340282356779733661637539395458142568448",
        "1e99999999999999999999", "0x1p99999999999999999999"}) {
    EXPECT_EQ(parse_f32(text).error, NumberError::range) << text;
  }
  EXPECT_EQ(parse_f32("0x0p99999999999999999999").value, 0u);
  EXPECT_EQ(parse_f32("0e99999999999999999999").value, 0u);
  EXPECT_EQ(parse_f32("0.0000000001e-99999999999999999999").value, 0u);
  for (std::string_view text : {"", ".5", "1e", "1e+", "0x", "0x.8", "0x1p", "1.0_", "1._0", "1_.0",
                                "0x1._8", "1e_1", "infinity", "nan(1)", "0x1.0e1.0", "1 "}) {
    EXPECT_EQ(parse_f32(text).error, NumberError::syntax) << text;
    EXPECT_EQ(parse_f64(text).error, NumberError::syntax) << text;
  }
}

// Against the C library, which reads hexadecimal floats and rounds to nearest too.
TEST(Floats, AgreeWithTheLibrary) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    char text[80];
    int exponent = static_cast<int>(random() % 2300) - 1150;
    std::snprintf(text, sizeof text, "0x%llx.%016llxp%d",
                  static_cast<unsigned long long>(random() >> random() % 64),
                  static_cast<unsigned long long>(random()), exponent);
    double wanted = std::strtod(text, nullptr);
    Number<uint64_t> number = parse_f64(text);
    if (wanted > 1.7976931348623157e308) {
      EXPECT_EQ(number.error, NumberError::range) << text;
    } else {
      EXPECT_EQ(number.value, std::bit_cast<uint64_t>(wanted)) << text;
    }
    std::snprintf(text, sizeof text, "0x%llx.%016llxp%d",
                  static_cast<unsigned long long>(random() >> random() % 64),
                  static_cast<unsigned long long>(random()), exponent / 6);
    float narrow = std::strtof(text, nullptr);
    Number<uint32_t> short_number = parse_f32(text);
    if (narrow > 3.4028234663852886e38f) {
      EXPECT_EQ(short_number.error, NumberError::range) << text;
    } else {
      EXPECT_EQ(short_number.value, std::bit_cast<uint32_t>(narrow)) << text;
    }
  }
}

TEST(Floats, PrintsReadBack) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    uint64_t wide = random();
    uint32_t narrow = static_cast<uint32_t>(random());
    if (i % 4 == 0) narrow |= 0x7F800000;  // NaNs are rare otherwise
    if (i % 4 == 0) wide |= 0x7FF0000000000000;
    std::string text;
    append_f64(text, wide);
    EXPECT_EQ(parse_f64(text).value, wide) << text;
    text.clear();
    append_f32(text, narrow);
    EXPECT_EQ(parse_f32(text).value, narrow) << text;
  }
}

}  // namespace
}  // namespace nacre::wasm::text
