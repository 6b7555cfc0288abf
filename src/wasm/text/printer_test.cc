// What the text of a module looks like, and that nothing of it is lost. The round-trip test covers
// the specification suite.
#include "wasm/text/printer.h"

#include <gtest/gtest.h>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/names.h"
#include "wasm/text/parser.h"

namespace nacre::wasm {
namespace {

constexpr Features kAll = Features::all_built();

std::string print(const Module& module) {
  Result<std::string> text = print_module(module, kAll);
  return text ? *text : text.error().to_string();
}

Module parse_ok(std::string_view text) {
  Result<Module> module = parse_module(text, kAll);
  if (!module) {
    ADD_FAILURE() << text << "\n" << module.error().to_string();
    return Module();
  }
  return *std::move(module);
}

// Prints, parses and encodes; the text, if the bytes are the same.
std::string round_trip(const std::vector<uint8_t>& bytes) {
  Result<Module> module = decode(bytes, nullptr, kAll);
  if (!module) return module.error().to_string();
  std::string text = print(*module);
  EXPECT_EQ(encode(parse_ok(text)), bytes) << text;
  return text;
}
std::string round_trip(const Module& module) { return round_trip(encode(module)); }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Printer, WritesReadableText) {
  EXPECT_EQ(print(parse_ok(R"((module $demo
  (type $t (func (param i32) (result i32)))
  (import "env" "log" (func $log (param $msg i32)))
  (memory 1)
  (func $f (export "f") (type $t) (param $x i32) (result i32) (local i32 i64) (local $y f32)
    (block $out (result i32)
      (if (i32.eqz (local.get $x)) (then (br $out (i32.const -5))) (else (call $log (i32.const 1))))
      (i32.load offset=8 align=1 (local.get 1))))
  (data (i32.const 0) "hi\00"))
)")),
            R"((module $demo
  (type $t (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32)))
  (import "env" "log" (func $log (;0;) (type 1) (param $msg i32)))
  (memory (;0;) 1)
  (export "f" (func $f))
  (func $f (;1;) (type $t) (param $x i32) (result i32)
    (local i32 i64) (local $y f32)
    block $out (result i32)
      local.get $x
      i32.eqz
      if
        i32.const -5
        br $out
      else
        i32.const 1
        call $log
      end
      local.get 1
      i32.load offset=8 align=1
    end
  )
  (data (;0;) (offset i32.const 0) "hi\00")
)
)");
}

TEST(Printer, KeepsForms) {
  const char* cases[] = {
      "(rec (type (func))) (rec) (rec (type (struct)) (type (sub 1 (struct (field i8 (mut "
      "i16))))))",
      "(type (sub (array (mut i32)))) (type (sub final 0 (array (mut i32))))",
      "(import \"m\" (item \"a\" (func (param i32))) (item \"b\" (table i64 1 2 funcref)))",
      "(import \"m\" (item \"a\") (item \"b\") (global (mut i64)))",
      "(import \"m\" \"\" (tag (param i32)))",
      "(table 1 (ref func) ref.func 0) (func)",
      "(memory i64 1 2 shared) (memory 3 (pagesize 1))",
      "(elem (table 0) (i32.const 0) func 0 1) (elem (i32.const 0) func) (elem declare func 0)",
      "(elem externref (ref.null extern)) (elem (i32.const 0) funcref (ref.func 0))",
      "(elem (offset i32.const 1 i32.const 2 i32.add) (ref i31) (item i32.const 1 ref.i31))",
      "(data (memory 0) (i32.const 0) \"\\ff\") (data \"\")",
      "(@nacre.data_count) (data \"x\")",
      "(@custom \"a\" (before first) \"1\") (@custom \"b\" (after type) \"2\") (type (func))"
      "(@custom \"c\" \"\\00\") (func)",
      "(@custom \"only\" \"x\")",
      "(func block (type 0) end block (result (ref null 0)) unreachable end) (type (func))",
      "(func select (result i32) drop)",
      "(func f32.const nan:0x200000 f64.const -nan f32.const 0x1p-149 f64.const -0 f32.const inf)",
      "(func (block $a (block $a (br $a) (br 1))))",
      "(tag) (func try catch 0 rethrow 0 catch_all end block try delegate 0 end)",
      "(func $\"a b\") (func $\"\\u{202e}\") (func (@name \"\")) (func (@name \"a b\"))",
      "(func (local $x i32) (local (@name \"x\") i32) local.get 0 local.get 1)",
      "(func (param $p i32) (@metadata.code.branch_hint \"\\00\") (if (local.get $p) (then)))",
      "(module (@name \"\"))",
  };
  for (const char* text : cases) {
    std::string printed = round_trip(parse_ok(text));
    EXPECT_FALSE(contains(printed, "(@custom \"name\"")) << printed;
    EXPECT_FALSE(contains(printed, "(@custom \"metadata")) << printed;
  }
}

std::vector<uint8_t> with_custom(std::string_view fields, std::string_view name,
                                 const std::vector<uint8_t>& payload, SectionId after) {
  Module module = parse_ok(fields);
  module.customs.push_back({.name = name, .payload = payload, .after = after});
  return encode(module);
}

// Ids alone would give back another section than these.
TEST(Printer, WritesOutNameSectionsThatIdsCannotSay) {
  const SectionId last = SectionId::data;
  NameSection beyond{.functions = {{7, "nobody"}}};
  std::string text = round_trip(with_custom("(func)", "name", encode_names(beyond), last));
  EXPECT_TRUE(contains(text, "(@custom \"name\""));

  NameSection good{.functions = {{0, "f"}}};
  text = round_trip(with_custom("(func)", "name", encode_names(good), last));
  EXPECT_TRUE(contains(text, "(func $f"));
  EXPECT_FALSE(contains(text, "(@custom"));

  // Not at its place; with more than names; broken; twice.
  text = round_trip(with_custom("(func)", "name", encode_names(good), SectionId::type));
  EXPECT_TRUE(contains(text, "(func $f")) << text;
  EXPECT_TRUE(contains(text, "(@custom \"name\" (after type)"));
  std::vector<uint8_t> payload = encode_names(good);
  payload.insert(payload.end(), {0x20, 0x01, 0x00});
  text = round_trip(with_custom("(func)", "name", payload, last));
  EXPECT_TRUE(contains(text, "(@custom \"name\""));
  payload = encode_names(good);
  payload.push_back(0x02);
  round_trip(with_custom("(func)", "name", payload, last));
  round_trip(with_custom("(func) (@custom \"name\" \"\")", "name", encode_names(good), last));
  round_trip(with_custom("(func)", "name", {}, last));
  // Behind "producers", where the parser would not put it.
  round_trip(with_custom("(func) (@custom \"producers\" \"\")", "name", encode_names(good), last));
  round_trip(with_custom("(func) (@custom \"other\" \"\")", "name", encode_names(good), last));
  // One type for two imports leaves no place for their ids.
  NameSection shared{.functions = {{0, "a"}, {1, "b"}}};
  text = round_trip(with_custom("(import \"m\" (item \"a\") (item \"b\") (func)) (func call 1)",
                                "name", encode_names(shared), last));
  EXPECT_TRUE(contains(text, "call 1"));
}

TEST(Printer, WritesOutHintSectionsThatAnnotationsCannotSay) {
  const char* fields = "(func block i32.const 0 br_if 0 end)";
  const SectionId before_code = SectionId::data_count;
  BranchHints good{{0, {{5, true}}}};
  std::string text =
      round_trip(with_custom(fields, kBranchHintSection, encode_branch_hints(good), before_code));
  EXPECT_TRUE(contains(text, "(@metadata.code.branch_hint \"\\01\")"));
  EXPECT_FALSE(contains(text, "(@custom"));
  // Within an instruction, of no function, behind the code.
  BranchHints inside{{0, {{4, true}}}};
  text =
      round_trip(with_custom(fields, kBranchHintSection, encode_branch_hints(inside), before_code));
  EXPECT_TRUE(contains(text, "(@custom"));
  BranchHints nowhere{{3, {{5, true}}}};
  round_trip(with_custom(fields, kBranchHintSection, encode_branch_hints(nowhere), before_code));
  round_trip(with_custom(fields, kBranchHintSection, encode_branch_hints(good), SectionId::code));
}

TEST(Printer, RefusesCodeItCannotRead) {
  for (std::vector<uint8_t> code : {std::vector<uint8_t>{0x00},
                                    {0x00, 0xFF, 0x0B},
                                    {0x00, 0x41},
                                    {0x00, 0x0B, 0x0B},
                                    {0x05, 0x0B},
                                    {0x01, 0xFF, 0xFF, 0x03, 0x7F, 0x0B}}) {
    Module module = parse_ok("(func)");
    module.bodies[0] = code;
    Result<std::string> text = print_module(module, kAll);
    ASSERT_FALSE(text) << *text;
    EXPECT_TRUE(text.error().message().starts_with("function 0: ")) << text.error().to_string();
  }
}

// Invalid, but well-formed: indices of nothing, clauses of no block.
TEST(Printer, PrintsInvalidModules) {
  const char* cases[] = {
      "(func (type 9))",
      "(func br 9 call 9 local.get 9 global.get 9 block (type 9) end)",
      "(export \"x\" (func 9)) (start 9) (elem func 9) (elem (table 9) (i32.const 0) func)",
      "(type (sub 9 (func))) (type (func (param (ref 9))))",
  };
  for (const char* text : cases) round_trip(parse_ok(text));
  Module module = parse_ok("(func)");
  const std::vector<uint8_t> code = {0x00, 0x05, 0x07, 0x00, 0x19, 0x0B};
  module.bodies[0] = code;
  EXPECT_TRUE(print_module(module, kAll));
}

TEST(PrinterTest, AFunctionComesInPieces) {
  Module parsed = parse_ok(R"((module
    (import "m" "f" (func $f))
    (func $g (param $x i32) (result i32) (local i64 f32)
      block $out
        local.get $x
        (@metadata.code.branch_hint "\00") br_if $out
        call $f
      end
      i32.const 7)))");
  std::vector<uint8_t> bytes = encode(parsed);
  Result<Module> module = decode(bytes, nullptr, kAll);
  ASSERT_TRUE(module.has_value());
  Result<FunctionText> text = print_function(*module, kAll, 1);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->head, "(func $g (;1;) (type 1) (param $x i32) (result i32)");
  EXPECT_EQ(text->locals, "(local i64 f32)");
  const std::vector<std::string> wanted = {
      "block $out", "  local.get $x", "  br_if $out", "  call $f", "end", "i32.const 7", "end"};
  ASSERT_EQ(text->instructions.size(), wanted.size());
  Bytes body = module->body_of(1);
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(text->instructions[i].text, wanted[i]);
  EXPECT_EQ(body[text->instructions[3].body_offset], 0x10);  // call
  EXPECT_EQ(text->instructions.back().body_offset, body.size() - 1);
}

}  // namespace
}  // namespace nacre::wasm
