#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace nacre {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, WellFormedSequences) {
  for (std::string_view text : {
           ""sv,
           "ascii"sv,
           "\0"sv,
           "\x7F"sv,
           "\xC2\x80"sv,
           "\xDF\xBF"sv,
           "\xE0\xA0\x80"sv,
           "\xED\x9F\xBF"sv,  // the last before the surrogates
           "\xEE\x80\x80"sv,
           "\xEF\xBF\xBF"sv,
           "\xF0\x90\x80\x80"sv,
           "\xF4\x8F\xBF\xBF"sv,  // U+10FFFF
           "eight ascii bytes, then \xC3\xA9"sv,
       }) {
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

TEST(Utf8, IllFormedSequences) {
  for (std::string_view text : {
           "\x80"sv,              // continuation alone
           "\xBF"sv,              //
           "\xC0\x80"sv,          // overlong
           "\xC1\xBF"sv,          //
           "\xE0\x9F\xBF"sv,      //
           "\xF0\x8F\xBF\xBF"sv,  //
           "\xED\xA0\x80"sv,      // surrogates
           "\xED\xBF\xBF"sv,      //
           "\xF4\x90\x80\x80"sv,  // above U+10FFFF
           "\xF5\x80\x80\x80"sv,  //
           "\xFF"sv,              //
           "\xC2"sv,              // cut off
           "\xE2\x82"sv,          //
           "\xF0\x9F\x98"sv,      //
           "\xC2\x41"sv,          // no continuation
           "12345678\x80"sv,      // behind the fast path's eight bytes
           "1234567\xC2"sv,       //
       }) {
    EXPECT_FALSE(is_utf8(text)) << printable(text);
  }
}

TEST(Utf8, AppendAgreesWithIsUtf8) {
  for (uint32_t scalar :
       {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text;
    append_utf8(text, scalar);
    EXPECT_TRUE(is_utf8(text)) << scalar;
    EXPECT_EQ(text.size(), scalar < 0x80 ? 1u : scalar < 0x800 ? 2u : scalar < 0x10000 ? 3u : 4u);
  }
}

TEST(Utf8, PrintableEscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("caf\xC3\xA9 \"ok\""), "caf\xC3\xA9 \"ok\"");
  EXPECT_EQ(printable("\x1B[2J"), "\\u{1b}[2J");
  EXPECT_EQ(printable("a\nb"), "a\\u{a}b");
  EXPECT_EQ(printable("\xE2\x80\xAE"), "\\u{202e}");  // right-to-left override
  // What shows nothing: a joiner, a filler, selectors of variants, a tag.
  EXPECT_EQ(printable("a\u034F\u3164\uFE0F\U000E0100\U000E0041"),
            "a\\u{34f}\\u{3164}\\u{fe0f}\\u{e0100}\\u{e0041}");
  EXPECT_EQ(printable("e\u0301 \u3042"), "e\u0301 \u3042") << "names of people";
  EXPECT_EQ(printable("\xC2\x9B"), "\\u{9b}");  // one-byte CSI of C1
  EXPECT_EQ(printable("\xFF\xC3"), "\\ff\\c3");
  EXPECT_TRUE(is_utf8(printable("\xF0\x28\x8C\x28")));
}

TEST(Utf8, PrintableCutsWhatNobodyReads) {
  std::string shown(kMaxPrintableBytes, 'x');
  EXPECT_EQ(printable(shown), shown);
  EXPECT_EQ(printable(std::string(5'000'000, 'x')), shown + "...");
  EXPECT_LT(printable(std::string(5'000'000, '\xFF')).size(), kMaxPrintableBytes + 20);
}

TEST(Utf8, IsPrintableSaysWhetherAnythingIsEscaped) {
  EXPECT_TRUE(is_printable("caf\xC3\xA9"));
  EXPECT_TRUE(is_printable(std::string(5000, 'x')));
  EXPECT_FALSE(is_printable("a\nb"));
  EXPECT_FALSE(is_printable("\xE2\x80\xAE"));
  EXPECT_FALSE(is_printable("\xFF"));
}

}  // namespace
}  // namespace nacre
