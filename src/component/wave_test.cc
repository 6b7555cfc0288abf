#include "component/wave.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "component/wit/resolve.h"
#include "component/wit/value_types.h"

namespace nacre::component {
namespace {

// Types by the names that WIT gives them.
class WaveTest : public testing::Test {
 protected:
  WaveTest() {
    std::vector<wit::PackageSource> sources = {{"t", {{"t.wit", std::string(kTypes)}}}};
    Result<wit::Resolve> resolved = wit::resolve(sources, {});
    EXPECT_TRUE(resolved) << resolved.error().to_string();
    resolve_ = std::move(*resolved);
  }

  TypeId type(std::string_view name) {
    for (wit::TypeDefId id : resolve_.interfaces[0].types) {
      if (resolve_.type_defs[id].name == name) {
        return *wit::ValueTypes(resolve_, types_).of({wit::TypeKind::named, id});
      }
    }
    ADD_FAILURE() << "no type " << name;
    return kNoType;
  }

  // What the text is printed as once it is parsed, and that this parses to the same; or the error.
  std::string again(std::string_view name, std::string_view text) {
    TypeId id = type(name);
    Result<Value> value = parse_value(text, types_, id);
    if (!value) return value.error().to_string();
    std::string printed = print_value(*value, types_, id);
    Result<Value> second = parse_value(printed, types_, id);
    if (!second) return printed + ": " + second.error().to_string();
    EXPECT_EQ(*second, *value) << printed;
    return printed;
  }

  static constexpr std::string_view kTypes = R"(package t:t;
interface types {
  type b = bool; type i8 = s8; type n8 = u8; type i64 = s64; type n64 = u64;
  type f = f32; type d = f64; type c = char; type s = string;
  type l = list<u8>; type three = list<u8, 3>; type t2 = tuple<u8, string>; type t1 = tuple<u8>;
  record r { a: u8, b-c: option<s>, %list: list<bool> }
  record opts { a: option<u8>, b: option<option<u8>> }
  variant v { none, some(u8), two(tuple<u8, u8>), three }
  enum e { ok, other, %true }
  flags fl { a, b, %type }
  type o = option<u8>; type oo = option<option<u8>>; type ol = option<list<o>>;
  type rs = result<u8, string>; type re = result<_, u8>; type r0 = result; type ro = result<o>;
  type m = map<string, u8>; type ml = map<u8, list<u8>>;
  resource res; type own-res = own<res>; type st = list<stream<u8>>;
  record wide { a: opts, b: r, c: list<opts>, d: v, e: opts, f: r }
})";

  wit::Resolve resolve_;
  Types types_{1'000'000};
};

TEST_F(WaveTest, Numbers) {
  EXPECT_EQ(again("b", " true // yes\n"), "true");
  EXPECT_EQ(again("i8", "-128"), "-128");
  EXPECT_EQ(again("n64", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(again("i64", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(again("i8", "128"),
            "invalid: `128` is not of type s8: that is a whole number from -128 to 127 (at 1:1)");
  EXPECT_EQ(again("n8", "-1"),
            "invalid: `-1` is not of type u8: that is a whole number from 0 to 255 (at 1:1)");
  EXPECT_EQ(again("n8", "1.0"),
            "invalid: `1.0` is not of type u8: that is a whole number from 0 to 255 (at 1:1)");
  EXPECT_EQ(again("n8", "01"), "malformed: a number with something behind it (at 1:1)");
  EXPECT_EQ(again("n8", "1 2"), "malformed: unexpected `2`, expected nothing more (at 1:3)");
  EXPECT_EQ(again("n8", ""), "malformed: the text ends here, expected an integer, u8 (at 1:1)");
}

TEST_F(WaveTest, Floats) {
  EXPECT_EQ(again("f", "0.1"), "0.1");
  EXPECT_EQ(again("d", "-1.5e3"), "-1500");
  EXPECT_EQ(again("d", "6.022e+23"), "6.022e+23");
  EXPECT_EQ(again("d", "-0"), "-0");
  EXPECT_EQ(again("d", "nan"), "nan");
  EXPECT_EQ(again("f", "-inf"), "-inf");
  EXPECT_EQ(again("f", "1e39"), "inf");
  EXPECT_EQ(again("f", "-0.5e400"), "-inf");
  EXPECT_EQ(again("d", "123.4e-500"), "0");
  EXPECT_EQ(again("d", "1e99999999999999999999"), "inf");
  EXPECT_EQ(again("d", "1."), "malformed: a character that no token has (at 1:2)");
  EXPECT_EQ(again("d", "-nan"), "malformed: unexpected `-nan`, expected a number (at 1:1)");
}

TEST_F(WaveTest, CharactersAndStrings) {
  EXPECT_EQ(again("c", "'x'"), "'x'");
  EXPECT_EQ(again("c", R"('\'')"), R"('\'')");
  EXPECT_EQ(again("c", R"('\u{1f600}')"), "'\U0001F600'");
  EXPECT_EQ(again("c", "'xy'"), "invalid: one character stands between the quotes (at 1:1)");
  EXPECT_EQ(again("c", "''"), "invalid: one character stands between the quotes (at 1:1)");
  EXPECT_EQ(again("c", R"('\u{d800}')"), "malformed: a wrong escape (at 1:1)");
  EXPECT_EQ(again("c", R"('\u{110000}')"), "malformed: a wrong escape (at 1:1)");
  EXPECT_EQ(again("s", R"("a\t\"\\'\u{0}")"), R"("a\t\"\\'\u{0}")");
  EXPECT_EQ(again("s", "\"\xE2\x80\xAE\""), R"("\u{202e}")");
  EXPECT_EQ(again("s", "\"a\nb\""),
            "malformed: a character or string that does not end in its line (at 1:1)");
  EXPECT_EQ(again("s", "\"\xff\""), "malformed: it is not UTF-8 (at 1:1)");
  EXPECT_EQ(again("s", R"("\x")"), "malformed: a wrong escape (at 1:1)");
}

TEST_F(WaveTest, StringsOfSeveralLines) {
  EXPECT_EQ(again("s", "\"\"\"\nA single line\n\"\"\""), R"("A single line")");
  EXPECT_EQ(again("s", "\"\"\"\n    a\n      b\n  \"\"\""), R"("  a\n    b")");
  EXPECT_EQ(again("s", "\"\"\"\r\na\\r\r\nb\r\n\"\"\""), R"("a\r\nb")");
  EXPECT_EQ(again("s", "\"\"\"\n\"\"\\\"\"\n\"\"\""), R"("\"\"\"\"")");
  EXPECT_EQ(again("s", "\"\"\"\n\"\"\""), R"("")");
  EXPECT_EQ(again("s", "\"\"\"\n\n\"\"\""), R"("")");
  EXPECT_EQ(again("s", "\"\"\"\n\n\n\"\"\""), R"("\n")");
  EXPECT_EQ(again("s", R"("""a""")"),
            "malformed: a line break follows the opening \"\"\" (at 1:1)");
  EXPECT_EQ(again("s", "\"\"\"\na\"\"\""),
            "malformed: the closing \"\"\" stands in a line of its own, with nothing but spaces "
            "before it (at 1:1)");
  EXPECT_EQ(again("s", "\"\"\"\na\n \"\"\""),
            "malformed: a line begins with fewer spaces than the closing \"\"\" (at 1:1)");
}

TEST_F(WaveTest, ListsAndTuples) {
  EXPECT_EQ(again("l", "[]"), "[]");
  EXPECT_EQ(again("l", "[1,2, 3,]"), "[1, 2, 3]");
  EXPECT_EQ(again("l", "[1 2]"),
            "malformed: element 0: unexpected `2`, expected `,` or `]` (at 1:4)");
  EXPECT_EQ(again("l", "[1, x]"),
            "malformed: element 1: unexpected `x`, expected an integer, u8 (at 1:5)");
  EXPECT_EQ(again("l", "[,]"),
            "malformed: element 0: unexpected `,`, expected an integer, u8 (at 1:2)");
  EXPECT_EQ(again("three", "[1, 2, 3]"), "[1, 2, 3]");
  EXPECT_EQ(again("three", "[1, 2]"), "invalid: the list has 2 elements, not 3 (at 1:7)");
  EXPECT_EQ(again("t2", "(1, \"x\",)"), "(1, \"x\")");
  EXPECT_EQ(again("t1", "(7)"), "(7)");
  EXPECT_EQ(again("t2", "(1)"), "malformed: element 0: unexpected `)`, expected `,` (at 1:3)");
  EXPECT_EQ(again("t1", "(1, 2)"), "malformed: unexpected `2`, expected `)` (at 1:5)");
}

TEST_F(WaveTest, RecordsAndFlags) {
  EXPECT_EQ(again("r", "{list: [true], a: 1}"), "{a: 1, list: [true]}");
  EXPECT_EQ(again("r", R"({a: 1, %b-c: "x", %list: [],})"), R"({a: 1, b-c: some("x"), list: []})");
  EXPECT_EQ(again("r", "{a: 1}"), "invalid: the field `list` is missing (at 1:7)");
  EXPECT_EQ(again("r", "{a: 1, a: 2}"), "invalid: the field stands twice (at 1:8)");
  EXPECT_EQ(again("r", "{x: 1}"),
            "invalid: there is no field `x`, only `a`, `b-c`, `list` (at 1:2)");
  EXPECT_EQ(
      again("r", "{a: 300}"),
      "invalid: field `a`: `300` is not of type u8: that is a whole number from 0 to 255 (at 1:5)");
  EXPECT_EQ(again("opts", "{:}"), "{:}");
  EXPECT_EQ(again("opts", "{a: none, b: some(none)}"), "{b: some(none)}");
  EXPECT_EQ(again("opts", "{}"),
            "malformed: unexpected `}`, expected the name of a field (at 1:2)");
  EXPECT_EQ(again("fl", "{}"), "{}");
  EXPECT_EQ(again("fl", "{type, a,}"), "{a, type}");
  EXPECT_EQ(again("fl", "{a, a}"), "invalid: the flag stands twice (at 1:5)");
  EXPECT_EQ(again("fl", "{c}"), "invalid: there is no flag `c`, only `a`, `b`, `type` (at 1:2)");
}

TEST_F(WaveTest, Cases) {
  EXPECT_EQ(again("v", "three"), "three");
  EXPECT_EQ(again("v", "%none"), "%none");
  EXPECT_EQ(again("v", "%some(3)"), "%some(3)");
  EXPECT_EQ(again("v", "two((1, 2))"), "two((1, 2))");
  EXPECT_EQ(again("v", "some(3)").substr(0, 50),
            "malformed: unexpected `some`, expected a case of v");
  EXPECT_EQ(again("v", "two"), "malformed: case `two`: the text ends here, expected `(` (at 1:4)");
  EXPECT_EQ(again("v", "four"),
            "invalid: there is no case `four`, only `none`, `some`, `two`, `three` (at 1:1)");
  EXPECT_EQ(again("e", "%ok"), "%ok");
  EXPECT_EQ(again("e", "other"), "other");
  EXPECT_EQ(again("e", "%true"), "%true");
}

TEST_F(WaveTest, OptionsAndResults) {
  EXPECT_EQ(again("o", "5"), "some(5)");
  EXPECT_EQ(again("o", "some(5)"), "some(5)");
  EXPECT_EQ(again("o", "none"), "none");
  EXPECT_EQ(again("oo", "some(none)"), "some(none)");
  EXPECT_EQ(again("oo", "some(4)"), "some(some(4))");
  EXPECT_EQ(again("oo", "4"), "malformed: unexpected `4`, expected some(...) or none (at 1:1)");
  EXPECT_EQ(again("ol", "[none, 1]"), "some([none, some(1)])");
  EXPECT_EQ(again("rs", "5"), "ok(5)");
  EXPECT_EQ(again("rs", "err(\"x\")"), "err(\"x\")");
  EXPECT_EQ(again("re", "ok"), "ok");
  EXPECT_EQ(again("re", "err(1)"), "err(1)");
  EXPECT_EQ(again("re", "5"),
            "malformed: unexpected `5`, expected ok or err, result<_, u8> (at 1:1)");
  EXPECT_EQ(again("r0", "err"), "err");
  EXPECT_EQ(again("r0", "err(1)"), "malformed: unexpected `(`, expected nothing more (at 1:4)");
  EXPECT_EQ(again("ro", "ok(7)"), "ok(some(7))");
  EXPECT_EQ(again("ro", "7"),
            "malformed: unexpected `7`, expected ok or err, result<option<u8>> (at 1:1)");
}

TEST_F(WaveTest, Maps) {
  EXPECT_EQ(again("m", R"({"a": 1, "b": 2,})"), R"({"a": 1, "b": 2})");
  EXPECT_EQ(again("m", "{}"), "{}");
  EXPECT_EQ(again("m", "{:}"), "{}");
  EXPECT_EQ(again("ml", "{1: [2], 1: []}"), "{1: [2], 1: []}");
}

TEST_F(WaveTest, WhatHasNoText) {
  EXPECT_EQ(again("own-res", "1"),
            "not supported: a value of type own<resource> has no text (at 1:1)");
  EXPECT_EQ(again("st", "[1]"),
            "not supported: element 0: a value of type stream<u8> has no text (at 1:2)");
  EXPECT_EQ(print_value({}, types_, type("own-res")), "<own>");
}

TEST_F(WaveTest, Types) {
  EXPECT_EQ(describe_type(types_, type("r")),
            "record { a: u8, b-c: option<string>, list: list<bool> }");
  EXPECT_EQ(describe_type(types_, type("v")),
            "variant { none, some(u8), two(tuple<u8, u8>), three }");
  EXPECT_EQ(describe_type(types_, type("three")), "list<u8, 3>");
  EXPECT_EQ(describe_type(types_, type("fl")), "flags { a, b, type }");
  EXPECT_EQ(describe_type(types_, type("r0")), "result");
  EXPECT_TRUE(describe_type(types_, type("wide")).contains("..."));
}

// Fields that are left out are values all the same.
TEST_F(WaveTest, ValuesAreCounted) {
  std::string record = "record many {";
  for (int i = 0; i < 1000; ++i) record += "part-" + std::to_string(i) + ": option<u8>,";
  std::vector<wit::PackageSource> sources = {
      {"t", {{"t.wit", "package t:t; interface i { " + record + "} type l = list<many>; }"}}}};
  wit::Resolve resolve = *wit::resolve(sources, {});
  TypeId list =
      *wit::ValueTypes(resolve, types_).of({wit::TypeKind::named, resolve.interfaces[0].types[1]});
  std::string text = "[";
  for (int i = 0; i < 2000; ++i) text += "{:},";
  Result<Value> value = parse_value(text + "]", types_, list);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), ErrorCode::limit);
}

TEST_F(WaveTest, TypesAreAsDeepAsComponentsMayBe) {
  std::string text = "package t:t; interface i { type t0 = list<u8>;";
  for (int i = 1; i < 5000; ++i) {
    text += "type t" + std::to_string(i) + " = list<t" + std::to_string(i - 1) + ">;";
  }
  std::vector<wit::PackageSource> sources = {{"t", {{"t.wit", text + "}"}}}};
  wit::Resolve resolve = *wit::resolve(sources, {});
  wit::ValueTypes types(resolve, types_);
  const std::vector<wit::TypeDefId>& ids = resolve.interfaces[0].types;
  EXPECT_TRUE(types.of({wit::TypeKind::named, ids[90]}));
  Result<TypeId> deep = wit::ValueTypes(resolve, types_).of({wit::TypeKind::named, ids.back()});
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code(), ErrorCode::limit);
}

TEST_F(WaveTest, Calls) {
  CallText call = *split_call(" my:pkg/iface@1.0.0#f (1, \")\") ");
  EXPECT_EQ(call.name, "my:pkg/iface@1.0.0#f");
  EXPECT_EQ(call.arguments, "1, \")\"");
  EXPECT_FALSE(split_call("f")->has_arguments);
  EXPECT_EQ(split_call("f(1").error().to_string(), "malformed: a call ends with `)` (at 1:3)");
  EXPECT_EQ(split_call("(1)").error().code(), ErrorCode::usage);

  std::vector<TypeMember> params = {{"a", type("n8")}, {"b", type("o")}, {"c", type("o")}};
  auto count = [&](std::string_view text) {
    Result<std::vector<Value>> values = parse_arguments(text, types_, params);
    return values ? std::to_string(values->size()) : values.error().to_string();
  };
  EXPECT_EQ(count("1"), "3");
  EXPECT_EQ(count("1, 2, none,"), "3");
  EXPECT_EQ(count(""), "malformed: the text ends here, expected the argument `a`, u8 (at 1:1)");
  EXPECT_EQ(count("1, 2, 3, 4"), "invalid: there are only 3 parameters (at 1:10)");
  EXPECT_EQ(count("1, x"),
            "malformed: argument `b`: unexpected `x`, expected an integer, u8 (at 1:4)");
}

}  // namespace
}  // namespace nacre::component
