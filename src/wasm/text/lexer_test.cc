#include "wasm/text/lexer.h"

#include <gtest/gtest.h>

#include <string>

#include "wasm/text/strings.h"

namespace nacre::wasm::text {
namespace {

char kind_letter(TokenKind kind) {
  switch (kind) {
    case TokenKind::end:
      return '.';
    case TokenKind::left:
      return '(';
    case TokenKind::right:
      return ')';
    case TokenKind::word:
      return 'w';
    case TokenKind::id:
      return 'i';
    case TokenKind::string:
      return 's';
    case TokenKind::annotation:
      return '@';
    case TokenKind::reserved:
      return 'r';
    case TokenKind::bad:
      return '!';
  }
  return '?';
}

// The kinds of all tokens, a letter each.
std::string kinds(std::string_view source, Annotations annotations = Annotations::known) {
  Lexer lexer(source, 0, source.size(), annotations);
  std::string letters;
  while (true) {
    Token token = lexer.next();
    letters += kind_letter(token.kind);
    if (token.kind == TokenKind::end || token.kind == TokenKind::bad) return letters;
  }
}

struct Case {
  std::string_view source;
  std::string_view kinds;
};

TEST(Lexer, TellsTokensApart) {
  const Case cases[] = {
      {"", "."},
      {"(module)", "(w)."},
      {"(func(nop))", "(w(w))."},
      {"$a $\"b c\" \"d\"", "iis."},
      {"0x1p-3 -inf nan:0x1 i32.const0", "wwww."},
      {"a\"b\"", "r."},
      {"\"a\"\"b\"", "r."},
      {"\"a\"b", "r."},
      {"0$\"l\"", "r."},
      {"$\"l\"0", "r."},
      {"a,b", "wrw."},
      {"[]{};", "rrrrr."},
      {"a\tb\rc\nd", "wwww."},
  };
  for (const Case& item : cases) EXPECT_EQ(kinds(item.source), item.kinds) << item.source;
}

TEST(Lexer, PassesOverComments) {
  const Case cases[] = {
      {";; all of it", "."}, {";; first\n(", "(."}, {";; first\r(", "(."},
      {"a;;b\nc", "ww."},    {"(;;)", "."},         {"(;(;nested;);)a", "w."},
      {"(;;;;)a", "w."},     {"(; ; ) ;)a", "w."},  {std::string_view("(;\0\x01;)a", 7), "w."},
      {"(; (; ;)", "!"},     {"(;)", "!"},
  };
  for (const Case& item : cases) EXPECT_EQ(kinds(item.source), item.kinds) << item.source;
  // Depth is a number, not a stack.
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "(;";
  for (int i = 0; i < 1'000'000; ++i) deep += ";)";
  EXPECT_EQ(kinds(deep), ".");
}

TEST(Lexer, ChecksStrings) {
  const Case cases[] = {
      {R"("\t\n\r\"\'\\\00\fF\u{0}\u{10ffff}\u{1_0}")", "s."},
      {R"("\u{d7ff}\u{e000}")", "s."},
      {R"("\u{d800}")", "!"},
      {R"("\u{dfff}")", "!"},
      {R"("\u{110000}")", "!"},
      {R"("\u{}")", "!"},
      {R"("\u{_1}")", "!"},
      {R"("\u{1_}")", "!"},
      {R"("\u{1__0}")", "!"},
      {R"("\u1")", "!"},
      {R"("\g0")", "!"},
      {R"("\0")", "!"},
      {"\"a\nb\"", "!"},
      {"\"\x7f\"", "!"},
      {"\"", "!"},
      {"\"\\", "!"},
      {"\"\\u{1", "!"},
  };
  for (const Case& item : cases) EXPECT_EQ(kinds(item.source), item.kinds) << item.source;
}

TEST(Lexer, RefusesEmptyIdsAndForeignCharacters) {
  for (std::string_view source : {"$", "$ a", "$\"\"", "$(a)", "$\"a\nb\"", "\x01", "h\xc3\xa9"}) {
    EXPECT_EQ(kinds(source).back(), '!') << source;
  }
}

TEST(Lexer, PassesOverUnknownAnnotations) {
  const Case cases[] = {
      {"(@a)(@\"b\" c)x", "w."},
      {"(@a , ; ] [ }} }x{ ({) ,{{};}] ;)x", "w."},
      {"(@a (@) (@ x) (@(@(@(@)))))x", "w."},
      {"(@a \"unclosed)", "!"},
      {"(@a (b)", "!"},
      {"(@)", "!"},
      {"(@ a)", "!"},
      {"(@\"\")", "!"},
      {"( @a)", "(w)."},
      {"(@\"\\ef\")", "!"},
  };
  for (const Case& item : cases) EXPECT_EQ(kinds(item.source), item.kinds) << item.source;
}

TEST(Lexer, ShowsKnownAnnotations) {
  EXPECT_EQ(kinds("(@name \"x\")"), "@s).");
  EXPECT_EQ(kinds("(@\"custom\" \"x\")"), "@s).");
  EXPECT_EQ(kinds("(@metadata.code.branch_hint \"\\00\")if"), "@s)w.");
  EXPECT_EQ(kinds("(@name \"x\")y", Annotations::none), "w.");
}

TEST(Lexer, StaysBadAfterAnError) {
  std::string_view source = "a \x01 b";
  Lexer lexer(source, 0, source.size(), Annotations::known);
  lexer.next();
  for (int i = 0; i < 3; ++i) {
    Token token = lexer.next();
    EXPECT_EQ(token.kind, TokenKind::bad);
    EXPECT_EQ(token.text.data() - source.data(), 2);
  }
  EXPECT_STREQ(lexer.error(), "illegal character");
}

TEST(Lexer, ReadsItsRangeOnly) {
  std::string_view source = "a b c";
  Lexer lexer(source, 2, 3, Annotations::known);
  EXPECT_EQ(lexer.next().text, "b");
  EXPECT_EQ(lexer.next().kind, TokenKind::end);
}

TEST(Lexer, LocatesLinesAndColumns) {
  std::string_view source = "a\nb\r\nc\rd";
  EXPECT_EQ(locate(source, 0), (Location{0, 1, 1}));
  EXPECT_EQ(locate(source, 2), (Location{2, 2, 1}));
  EXPECT_EQ(locate(source, 5), (Location{5, 3, 1}));
  EXPECT_EQ(locate(source, 7), (Location{7, 4, 1}));
  EXPECT_EQ(locate("abc", 2), (Location{2, 1, 3}));
}

TEST(Strings, DecodesWhatTheLexerAccepted) {
  std::string_view source = R"("a\t\n\r\"\'\\\00\fF\u{e9}")";
  Lexer lexer(source, 0, source.size(), Annotations::known);
  std::string decoded;
  append_string(decoded, lexer.next());
  EXPECT_EQ(decoded, std::string("a\t\n\r\"'\\\0\xff\xc3\xa9", 11));
}

TEST(Strings, QuotesSoThatItReadsBack) {
  const std::string texts[] = {
      "", "plain", "a b", "\"\\", std::string("\0\x7f\xff", 3), "\xc3\xa9", "\xe2\x80\xae"};
  for (const std::string& text : texts) {
    for (bool as_text : {false, true}) {
      std::string quoted;
      if (as_text) {
        append_quoted_text(quoted, text);
      } else {
        append_quoted_bytes(quoted, as_bytes(text));
      }
      Lexer lexer(quoted, 0, quoted.size(), Annotations::known);
      Token token = lexer.next();
      ASSERT_EQ(token.kind, TokenKind::string) << quoted;
      std::string decoded;
      append_string(decoded, token);
      EXPECT_EQ(decoded, text) << quoted;
      EXPECT_EQ(lexer.next().kind, TokenKind::end);
    }
  }
}

TEST(Strings, QuotesIdsOnlyWhereTheyMustBe) {
  std::string out;
  append_id(out, "a.b$");
  append_id(out, "a b");
  append_id(out, "\xc3\xa9");
  EXPECT_EQ(out, "$a.b$$\"a b\"$\"\xc3\xa9\"");
}

}  // namespace
}  // namespace nacre::wasm::text
