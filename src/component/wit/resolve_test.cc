// What only sizes and odd inputs show; what people see is in tests/cli/wit.txt and tests/wit.
#include "component/wit/resolve.h"

#include <gtest/gtest.h>

#include "component/wit/lexer.h"
#include "component/wit/limits.h"
#include "component/wit/load.h"
#include "component/wit/order.h"
#include "component/wit/printer.h"

namespace nacre::component::wit {
namespace {

Result<Resolve> resolve_text(std::string text, const UnstableFeatures& features = {}) {
  std::vector<PackageSource> sources = {{"a.wit", {{"a.wit", std::move(text)}}}};
  return resolve(sources, features);
}

std::string error_of(std::string text) {
  Result<Resolve> resolved = resolve_text(std::move(text));
  return resolved ? "" : resolved.error().to_string();
}

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Order, PutsThingsBehindWhatTheyReferTo) {
  using Sizes = std::vector<size_t>;
  EXPECT_EQ(order_by_references({}), Sizes());
  EXPECT_EQ(order_by_references({{}, {}, {}}), (Sizes{0, 1, 2}));
  EXPECT_EQ(order_by_references({{{2, 0}}, {}, {{1, 0}, {1, 0}}}), (Sizes{1, 2, 0}));
  auto circle = order_by_references({{{1, 7}}, {{2, 8}}, {{1, 9}}, {}});
  ASSERT_FALSE(circle);
  EXPECT_TRUE(circle.error().offset == 8 || circle.error().offset == 9);
}

TEST(Documentation, IsWhatItsCommentsSay) {
  EXPECT_EQ(documentation(""), "");
  EXPECT_EQ(documentation("// a\n/* b */ /**/ /***/"), "");
  EXPECT_EQ(documentation("/// a  \n  ///   b\n"), "a\n  b");
  EXPECT_EQ(documentation("///  a\n///b\n"), "  a\nb");
  EXPECT_EQ(documentation("///\n/// a\n///\n///"), "\na");
  EXPECT_EQ(documentation("/** a */ /// b"), "a\nb");
  EXPECT_EQ(documentation("/** a\n    b /* c */\n */"), "a\n    b /* c */");
  EXPECT_EQ(documentation("/** a /** b */"), "");  // it has no end
}

TEST(Characters, AreCheckedEverywhere) {
  EXPECT_FALSE(find_bad_character("// \xC3\xA4 \xF0\x9F\x98\x80\r\n\t"));
  EXPECT_EQ(find_bad_character("ab\x01")->offset, 2u);
  EXPECT_EQ(find_bad_character("ab\xC3")->message, "a byte that is not UTF-8");
  EXPECT_EQ(find_bad_character("\xE2\x81\xA6")->message,
            "the character U+2066 changes the direction of text");
}

TEST(Resolve, TypesMayBeNestedSoDeepOnly) {
  auto nested = [](size_t depth) {
    return "package a:b; interface i { type t = " + repeated("list<", depth - 1) + "u8" +
           repeated(">", depth - 1) + "; }";
  };
  EXPECT_EQ(error_of(nested(kMaxTypeNesting)), "");
  EXPECT_EQ(error_of(nested(kMaxTypeNesting + 1)),
            "limit reached: a.wit:1:537: interface `i`, type `t`: types are nested too deeply");
  EXPECT_NE(error_of(nested(1'000'000)), "");
}

TEST(Resolve, ChainsMayBeLong) {
  constexpr size_t kLength = 50'000;
  std::string text = "package a:b; world w { import i0; }";
  for (size_t i = 0; i < kLength; ++i) {
    std::string next = std::to_string(i + 1);
    text += "interface i" + std::to_string(i) + " { use i" + next + ".{t}; }\n";
  }
  text += "interface i" + std::to_string(kLength) + " { type t = u8; }";
  Result<Resolve> resolved = resolve_text(text);
  ASSERT_TRUE(resolved) << resolved.error().to_string();
  EXPECT_EQ(resolved->worlds[0].imports.size(), kLength + 1);

  std::string aliases = "package a:b; interface i { resource t0; f: func(a: borrow<t9999>);";
  for (size_t i = 1; i < 10'000; ++i) {
    aliases += "type t" + std::to_string(i) + " = t" + std::to_string(i - 1) + ";";
  }
  EXPECT_EQ(error_of(aliases + "}"), "");
}

// Worlds that import a long chain each would be larger than the text by orders of magnitude.
TEST(Resolve, WorldsAreBoundedAltogether) {
  std::string text = "package a:b; interface i0 { type t = u8; }";
  constexpr size_t kCount = 3000;
  for (size_t i = 1; i < kCount; ++i) {
    text += "interface i" + std::to_string(i) + " { use i" + std::to_string(i - 1) + ".{t}; }";
    text += "world w" + std::to_string(i) + " { import i" + std::to_string(i) + "; }";
  }
  EXPECT_EQ(error_of(text), "limit reached: the worlds of these packages are too large altogether");

  text = "package a:b; world w0 { type t = tuple<" + repeated("u8,", 100'000) + "u8>; }";
  for (size_t i = 1; i < kCount; ++i) {
    text += "world w" + std::to_string(i) + " { type u = u8; include w" + std::to_string(i - 1) +
            " with { u as u" + std::to_string(i) + (i == 1 ? ", t as t" : "") + " } }";
  }
  EXPECT_NE(error_of(text), "");
}

TEST(Resolve, ManyItemsTakeNoTimeByTheirSquare) {
  std::string text = "package a:b; interface i {\n";
  for (size_t i = 0; i < 50'000; ++i) text += "type t" + std::to_string(i) + " = u8;\n";
  text += "} interface j {";
  for (size_t i = 0; i < 50'000; ++i) text += "use i.{t" + std::to_string(i) + "};\n";
  EXPECT_EQ(error_of(text + "}"), "");
}

TEST(Resolve, CopiesOfIncludedTypesStandForThemselves) {
  Result<Resolve> resolved = resolve_text(R"(package a:b;
world inner { resource r { m: func(o: borrow<r>); } type l = list<r>; import f: func(a: l) -> r; }
world outer { type r = u8; include inner with { r as s, l as k } })");
  ASSERT_TRUE(resolved) << resolved.error().to_string();
  EXPECT_EQ(print_world(*resolved, 1), R"(package a:b;

world outer {
  type r = u8;

  resource s {
    m: func(o: borrow<s>);
  }

  type k = list<s>;
  import f: func(a: k) -> s;
}
)");
}

class TextFiles : public FileReader {
 public:
  explicit TextFiles(std::vector<std::pair<std::string, std::string>> files)
      : files_(std::move(files)) {}
  Result<bool> is_folder(const std::string& path) override { return !path.ends_with(".wit"); }
  Result<std::vector<Entry>> list(const std::string& folder) override {
    std::vector<Entry> entries;
    for (const auto& [path, text] : files_) {
      if (!path.starts_with(folder + "/")) continue;
      std::string name = path.substr(folder.size() + 1);
      size_t slash = name.find('/');
      bool is_listed = !entries.empty() && entries.back().name == name.substr(0, slash);
      if (!is_listed) entries.push_back({name.substr(0, slash), slash != std::string::npos});
    }
    return entries;
  }
  Result<std::string> read(const std::string& file, size_t) override {
    for (const auto& [path, text] : files_) {
      if (path == file) return text;
    }
    return fail(ErrorCode::io, "it is not there");
  }

 private:
  std::vector<std::pair<std::string, std::string>> files_;
};

TEST(Load, FindsFilesAndDependencies) {
  TextFiles files({{"w/z.wit", "z"},
                   {"w/a.wit", "a"},
                   {"w/notes.txt", ""},
                   {"w/sub/x.wit", ""},
                   {"w/deps/one/b.wit", "b"},
                   {"w/deps/one/deps/c.wit", "c"},
                   {"w/deps/two.wit", "d"}});
  Result<std::vector<PackageSource>> sources = load(files, "w");
  ASSERT_TRUE(sources);
  std::string found;
  for (const PackageSource& source : *sources) {
    found += source.path + ":";
    for (const SourceFile& file : source.files) found += " " + file.path;
    found += "\n";
  }
  EXPECT_EQ(found,
            "w: w/a.wit w/z.wit\nw/deps/one: w/deps/one/b.wit\nw/deps/two.wit: w/deps/two.wit\n");
  EXPECT_EQ(load(files, "x.wit").error().to_string(), "cannot access: x.wit: it is not there");
  TextFiles binary({{"w/a.wit", "a"}, {"w/deps/x.wasm", ""}});
  EXPECT_EQ(load(binary, "w").error().code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace nacre::component::wit
