// Text to bytes. The suite test covers the grammar's breadth; these are the places where bytes, not
// only acceptance, matter, and the errors.
#include "wasm/text/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "wasm/binary/encoder.h"
#include "wasm/names.h"

namespace nacre::wasm {
namespace {

constexpr Features kAll = Features::all_built();

std::string hex(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : bytes) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Module parse_ok(std::string_view text) {
  Result<Module> module = parse_module(text, kAll);
  if (!module) {
    ADD_FAILURE() << text << "\n" << module.error().to_string();
    return Module();
  }
  return *std::move(module);
}

std::string error_of(std::string_view text, Features features = kAll) {
  Result<Module> module = parse_module(text, features);
  return module ? "no error" : module.error().to_string();
}

// The first body of a module of these fields, without its final `end`.
std::string body_of(const std::string& fields) {
  Module module = parse_ok(fields);
  if (module.bodies.empty()) return "no body";
  std::string text = hex(module.bodies[0]);
  EXPECT_TRUE(text.ends_with(" 0b"));
  return text.substr(0, text.size() - 3);
}

// The code of "(func CODE)" behind some fields.
std::string code_of(const std::string& code, const std::string& fields = "") {
  std::string body = body_of(fields + "(func " + code + ")");
  EXPECT_TRUE(body.starts_with("00")) << body;
  return body == "00" ? "" : body.substr(3);
}

TEST(TextParser, FoldsAndUnfoldsAlike) {
  const std::pair<const char*, const char*> cases[] = {
      {"(i32.add (i32.const 1) (i32.const 2))", "i32.const 1 i32.const 2 i32.add"},
      {"(if (i32.const 1) (then nop))", "i32.const 1 if nop end"},
      {"(if (i32.const 1) (then nop) (else drop))", "i32.const 1 if nop else drop end"},
      {"(if $a (result i32) (i32.const 1) (then (br $a)) (else (br 0)))",
       "i32.const 1 if $a (result i32) br $a else $a br 0 end $a"},
      {"(block $a (loop $b (br $a) (br $b)))", "block loop br 1 br 0 end end"},
      {"(block $a (block $a (br $a)) (br $a))", "block block br 0 end br 0 end"},
      {"(drop (block (result i32) (i32.const 1)))", "block (result i32) i32.const 1 end drop"},
      {"(try (do nop) (catch 0 drop) (catch_all nop))", "try nop catch 0 drop catch_all nop end"},
      {"(block $a (try (do nop) (delegate $a)))", "block try nop delegate 0 end"},
      {"(try_table $t (catch_all 0) (br $t))", "try_table (catch_all 0) br 0 end"},
      {"(br_if 0 (if (result i32) (i32.const 0) (then (i32.const 1)) (else (i32.const 2))))",
       "i32.const 0 if (result i32) i32.const 1 else i32.const 2 end br_if 0"},
  };
  for (auto [folded, flat] : cases) EXPECT_EQ(code_of(folded), code_of(flat)) << folded;
}

TEST(TextParser, EncodesImmediates) {
  const std::pair<const char*, const char*> cases[] = {
      {"i32.const -1", "41 7f"},
      {"i32.const 0xffffffff", "41 7f"},
      {"i64.const 0x8000000000000000", "42 80 80 80 80 80 80 80 80 80 7f"},
      {"f32.const -nan:0x1", "43 01 00 80 ff"},
      {"f64.const 1", "44 00 00 00 00 00 00 f0 3f"},
      {"v128.const i16x8 1 -1 0 0 0 0 0 0x8000",
       "fd 0c 01 00 ff ff 00 00 00 00 00 00 00 00 00 00 00 80"},
      {"v128.const f64x2 0 -0", "fd 0c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80"},
      {"i32.load", "28 02 00"},
      {"i32.load offset=8 align=1", "28 00 08"},
      {"i32.load 1 align=0x4", "28 42 01 00"},
      {"i32.load offset=0x1_0000_0000_0", "28 02 80 80 80 80 80 02"},
      {"v128.load8_lane 3", "fd 54 00 00 03"},
      {"v128.load8_lane 1 3", "fd 54 40 01 00 03"},
      {"v128.load8_lane offset=2 3", "fd 54 00 02 03"},
      {"v128.load8_lane 1 offset=2 3", "fd 54 40 01 02 03"},
      {"i8x16.extract_lane_s 255", "fd 15 ff"},
      {"memory.copy", "fc 0a 00 00"},
      {"memory.copy 1 2", "fc 0a 01 02"},
      {"memory.init 3", "fc 08 03 00"},
      {"memory.init 1 3", "fc 08 03 01"},
      {"table.init 1 3", "fc 0c 03 01"},
      {"table.get", "25 00"},
      {"table.grow 2", "fc 0f 02"},
      {"br_table 0", "0e 00 00"},
      {"br_table 0 1 2", "0e 02 00 01 02"},
      {"select", "1b"},
      {"select (result i32) (result)", "1c 01 7f"},
      {"ref.null func", "d0 70"},
      {"ref.null 5", "d0 05"},
      {"ref.test (ref 1)", "fb 14 01"},
      {"ref.test nullref", "fb 15 71"},
      {"ref.cast anyref", "fb 17 6e"},
      {"br_on_cast 0 anyref (ref i31)", "fb 18 01 00 6e 6c"},
      {"br_on_cast_fail 0 (ref any) (ref null i31)", "fb 19 02 00 6e 6c"},
      {"array.new_fixed 1 2", "fb 08 01 02"},
      {"atomic.fence", "fe 03 00"},
      {"i32.atomic.rmw8.add_u offset=1", "fe 20 00 01"},
      {"i64.add128", "fc 13"},
      {"call_indirect 1 (type 7)", "11 07 01"},
      {"block (type 7) end", "02 07 0b"},
      {"block (result (ref null 1)) end", "02 63 01 0b"},
      {"block (result funcref) end", "02 70 0b"},
  };
  for (auto [code, bytes] : cases) EXPECT_EQ(code_of(code), bytes) << code;
}

TEST(TextParser, JoinsRunsOfLocals) {
  EXPECT_EQ(body_of("(func (local i32) (local $a i32 ) (local i64 i32) (local))"),
            "03 02 7f 01 7e 01 7f");
  EXPECT_EQ(body_of("(func (param $p i32) (local $l i64) local.get $p local.get $l)"),
            "01 01 7e 20 00 20 01");
}

TEST(TextParser, FindsOrAppendsTypes) {
  // $f and $g use the one written behind them; $h needs a new one.
  Module module = parse_ok(
      "(func $f (param i32)) (func $g (param i32)) (type $t (func (param i32)))"
      "(func $h (result i64) i64.const 0 (block (param i64) (result i64)))");
  ASSERT_EQ(module.types.size(), 3u);
  EXPECT_EQ(module.functions, (std::vector{TypeIdx{0}, TypeIdx{0}, TypeIdx{1}}));
  EXPECT_EQ(module.types[2].func.params.size(), 1u);
  // Not those of larger groups, and no others than plain function types.
  module = parse_ok("(rec (type (func)) (type (func))) (type (sub (func))) (func)");
  EXPECT_EQ(module.functions[0], TypeIdx{3});
  module = parse_ok("(rec (type (func))) (func)");
  EXPECT_EQ(module.functions[0], TypeIdx{0});
  EXPECT_TRUE(module.rec_groups[0].explicit_rec);
}

TEST(TextParser, ExpandsAbbreviations) {
  const std::pair<const char*, const char*> cases[] = {
      {"(func (export \"a\") (export \"b\"))",
       "(func) (export \"a\" (func 0)) (export \"b\" (func 0))"},
      {"(memory (import \"m\" \"n\") 1 2)", "(import \"m\" \"n\" (memory 1 2))"},
      {"(global (import \"m\" \"n\") (mut i32))", "(import \"m\" \"n\" (global (mut i32)))"},
      {"(tag (import \"m\" \"n\") (param i32))", "(import \"m\" \"n\" (tag (param i32)))"},
      {"(memory (data \"ab\" \"c\"))", "(memory 1 1) (data (i32.const 0) \"abc\")"},
      {"(memory i64 (data))", "(memory i64 0 0) (data (i64.const 0))"},
      {"(memory (pagesize 1) (data \"abc\"))",
       "(memory 3 3 (pagesize 1)) (data (i32.const 0) \"abc\")"},
      {"(func $f) (table funcref (elem $f $f))",
       "(func) (table 2 2 funcref) (elem (i32.const 0) 0 0)"},
      {"(table funcref (elem (ref.null func)))",
       "(table 1 1 funcref) (elem (offset i32.const 0) funcref (item ref.null func))"},
      {"(type $t (func)) (func $f) (table (ref null $t) (elem $f))",
       "(type (func)) (func) (table 1 1 (ref null 0))"
       "(elem (table 0) (i32.const 0) (ref null 0) (ref.func 0))"},
      {"(elem (i32.const 0) func 0)", "(elem (i32.const 0) 0)"},
  };
  for (auto [shorter, longer] : cases) {
    Module a = parse_ok(shorter);
    Module b = parse_ok(longer);
    a.customs.clear();  // ids give a name section
    b.customs.clear();
    EXPECT_EQ(hex(encode(a)), hex(encode(b))) << shorter;
  }
}

TEST(TextParser, KeepsFormsOfSegments) {
  Module module = parse_ok(
      "(elem (i32.const 0) func 0) (elem (table 0) (i32.const 0) func 0)"
      "(elem (i32.const 0) funcref) (elem (i32.const 0) externref) (elem declare func)"
      "(elem func) (data (i32.const 0)) (data (memory 0) (i32.const 0)) (data)");
  ASSERT_EQ(module.elements.size(), 6u);
  EXPECT_FALSE(module.elements[0].explicit_table);
  EXPECT_TRUE(module.elements[1].explicit_table);
  EXPECT_FALSE(module.elements[2].explicit_table);
  EXPECT_TRUE(module.elements[2].uses_exprs);
  EXPECT_TRUE(module.elements[3].explicit_table);
  EXPECT_EQ(module.elements[4].mode, ElementSegment::Mode::declarative);
  EXPECT_EQ(module.elements[5].mode, ElementSegment::Mode::passive);
  EXPECT_FALSE(module.data[0].explicit_memory);
  EXPECT_TRUE(module.data[1].explicit_memory);
  EXPECT_EQ(module.data[2].mode, DataSegment::Mode::passive);
}

TEST(TextParser, CountsDataWhereAnInstructionNeedsIt) {
  EXPECT_FALSE(parse_ok("(data)").data_count);
  for (const char* code :
       {"memory.init 0", "data.drop 0", "array.new_data 0 0", "array.init_data 0 0"}) {
    EXPECT_EQ(parse_ok(std::string("(data) (func ") + code + ")").data_count, 1u) << code;
  }
  EXPECT_EQ(parse_ok("(@nacre.data_count) (data) (data)").data_count, 2u);
}

TEST(TextParser, GroupsImports) {
  Module module = parse_ok(
      "(import \"m\" \"a\" (func)) (import \"m\" (item \"b\" (func)) (item \"c\" (memory 1)))"
      "(import \"m\" (item \"d\") (item \"e\") (global i32))");
  ASSERT_EQ(module.import_groups.size(), 3u);
  EXPECT_EQ(module.import_groups[1].form, ImportGroup::Form::shared_module);
  EXPECT_EQ(module.import_groups[2].form, ImportGroup::Form::shared_module_and_type);
  EXPECT_EQ(module.import_groups[2].count, 2u);
  EXPECT_EQ(module.imports[4].name, "e");
  EXPECT_EQ(module.imported_globals, 2u);
}

TEST(TextParser, MakesANameSection) {
  Module module = parse_ok(
      "(module $m (type $t (struct (field $x i32) (field $y i32)))"
      "(import \"\" \"\" (func $i (param $ip i32)))"
      "(func $f (param $p i32) (local i32) (local $l i32) (block $b (loop (block (@name \"n\")))))"
      "(func $\"g h\" (@name \"other\")) (table $tab 0 funcref) (memory $mem 0)"
      "(global $g i32 i32.const 0) (elem $e func) (data $d) (tag $e))");
  NameSection names = module_names(module);
  EXPECT_EQ(names.module, "m");
  EXPECT_EQ(names.types, (NameMap{{0, "t"}}));
  EXPECT_EQ(names.fields, (IndirectNameMap{{0, {{0, "x"}, {1, "y"}}}}));
  EXPECT_EQ(names.functions, (NameMap{{0, "i"}, {1, "f"}, {2, "other"}}));
  EXPECT_EQ(names.locals, (IndirectNameMap{{0, {{0, "ip"}}}, {1, {{0, "p"}, {2, "l"}}}}));
  EXPECT_EQ(names.labels, (IndirectNameMap{{1, {{0, "b"}, {2, "n"}}}}));
  EXPECT_EQ(names.tables, (NameMap{{0, "tab"}}));
  EXPECT_EQ(names.memories, (NameMap{{0, "mem"}}));
  EXPECT_EQ(names.globals, (NameMap{{0, "g"}}));
  EXPECT_EQ(names.elements, (NameMap{{0, "e"}}));
  EXPECT_EQ(names.data, (NameMap{{0, "d"}}));
  EXPECT_EQ(names.tags, (NameMap{{0, "e"}}));
  EXPECT_TRUE(parse_ok("(func)").customs.empty());
}

TEST(TextParser, PlacesCustomSections) {
  Module module = parse_ok(
      "(func $f) (@custom \"a\" \"x\" \"\\00y\") (@custom \"b\" (before func)) (@custom "
      "\"producers\")"
      "(@custom \"c\" (after func)) (@custom \"d\" (before first)) (@custom \"e\" (after last))");
  ASSERT_EQ(module.customs.size(), 7u);
  EXPECT_EQ(as_text(module.customs[0].payload), std::string_view("x\0y", 3));
  EXPECT_EQ(module.customs[1].after, SectionId::import);
  EXPECT_EQ(module.customs[2].name, "name");  // in front of "producers"
  EXPECT_EQ(module.customs[4].after, SectionId::function);
  EXPECT_EQ(module.customs[5].after, SectionId::custom);
  EXPECT_EQ(module.customs[6].after, SectionId::data);
  // One that is written out takes the place of ids.
  module = parse_ok("(func $f) (@custom \"name\" \"\")");
  ASSERT_EQ(module.customs.size(), 1u);
  EXPECT_TRUE(module.customs[0].payload.empty());
}

TEST(TextParser, MakesBranchHints) {
  Module module = parse_ok(
      "(func) (func (local i32) (block (@metadata.code.branch_hint \"\\01\") (br_if 0 (i32.const "
      "1)))"
      "i32.const 0 (@metadata.code.branch_hint \"\\00\") if end)");
  ASSERT_EQ(module.customs.size(), 1u);
  EXPECT_EQ(module.customs[0].name, kBranchHintSection);
  BranchHints hints = *decode_branch_hints(module.customs[0].payload, 0);
  // 01 01 7f | 02 40 | 41 01 | 0d 00 | 0b | 41 00 | 04
  EXPECT_EQ(hints, (BranchHints{{1, {{7, true}, {12, false}}}}));
}

TEST(TextParser, SaysWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"(func\n  (i32.foo))", "malformed: unknown operator \"i32.foo\" (at 2:4)"},
      {"(func br $x)", "malformed: unknown label $x (at 1:10)"},
      {"(func call $x)", "malformed: unknown func $x (at 1:12)"},
      {"(func local.get $x)", "malformed: unknown local $x (at 1:17)"},
      {"(func $x) (func $x)", "malformed: duplicate func $x (at 1:17)"},
      {"(func (local $x i32) (local $x i32))", "malformed: duplicate local $x (at 1:29)"},
      {"(func", "malformed: unexpected end: a closing parenthesis is missing (at 1:6)"},
      {"(func))", "malformed: unexpected token \")\": expected the end of the text (at 1:7)"},
      {"(foo)", "malformed: unexpected token \"foo\": no such module field (at 1:2)"},
      {"(func i32.const 4294967296)", "malformed: i32 constant out of range: 4294967296 (at 1:17)"},
      {"(func block $a end $b)", "malformed: mismatching label $b (at 1:20)"},
      {"(func block)", "malformed: unexpected token \")\": expected the end of a block (at 1:12)"},
      {"(func end)",
       "malformed: unexpected token \"end\": no block is open that it belongs to (at 1:7)"},
      {"(func i32.load align=3)", "malformed: alignment must be a power of two (at 1:22)"},
      {"(start 0) (start 0)", "malformed: multiple start sections (at 1:18)"},
      {"\"\xff\"", "malformed: malformed UTF-8 encoding in this line (at 1:1)"},
      {"(type (sub 0 1 (func)))", "invalid: sub type with more than one supertype (at 1:14)"},
      {"(func ref.null 4194304)", "invalid: unknown type 4194304 (at 1:16)"},
      {"(module binary \"\")",
       "not supported: (module binary ...) belongs in specification scripts (nacre wast); give the "
       "module itself (at 1:9)"},
      {"(func (@name \"a\") (@name \"b\"))",
       "malformed annotation: misplaced @name annotation (at 1:21)"},
  };
  for (auto [text, error] : cases) EXPECT_EQ(error_of(text), error) << text;
}

TEST(TextParser, RefusesWhatIsOff) {
  Features none;
  none.set(Feature::simd, false);
  none.set(Feature::threads, false);
  none.set(Feature::compact_import_section, false);
  EXPECT_NE(error_of("(func v128.not)", none).find("without the feature simd"), std::string::npos);
  EXPECT_NE(error_of("(memory 1 1 shared)", none).find("threads"), std::string::npos);
  EXPECT_NE(error_of("(memory 1 (pagesize 1))", none).find("custom-page-sizes"), std::string::npos);
  EXPECT_NE(error_of("(import \"m\" (item \"a\" (func)))", none).find("compact-import-section"),
            std::string::npos);
}

std::string repeat(std::string_view text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(TextParser, BoundsNestingWithoutRecursion) {
  std::string folded = "(func " + repeat("(block ", 10'000) + repeat(")", 10'000) + ")";
  EXPECT_EQ(error_of(folded), "no error");
  folded = "(func " + repeat("(block ", 10'001) + repeat(")", 10'001) + ")";
  EXPECT_TRUE(error_of(folded).starts_with("limit reached: folded instructions nested deeper"));
  std::string flat = "(func " + repeat("block ", 100'000) + repeat("end ", 100'000) + ")";
  EXPECT_EQ(error_of(flat), "no error");
  flat = "(func " + repeat("block ", (1 << 20) + 1) + ")";
  EXPECT_TRUE(error_of(flat).starts_with("limit reached: blocks nested too deeply"));
  EXPECT_TRUE(error_of(repeat("(", 1'000'000)).starts_with("malformed"));
  EXPECT_TRUE(error_of("(type " + repeat("(sub ", 1'000'000)).starts_with("malformed"));
}

TEST(TextParser, BoundsListsOfOneFunction) {
  EXPECT_TRUE(error_of("(func (param " + repeat("i32 ", 1001) + "))").starts_with("limit reached"));
  EXPECT_TRUE(
      error_of("(func (result " + repeat("i32 ", 1001) + "))").starts_with("limit reached"));
  EXPECT_TRUE(
      error_of("(func (local " + repeat("i32 ", 50'001) + "))").starts_with("limit reached"));
  EXPECT_EQ(error_of("(func (local " + repeat("i32 ", 50'000) + "))"), "no error");
}

// Looking an id up must not take time for each open block.
TEST(TextParser, FindsLabelsFast) {
  std::string text = "(func block $a " + repeat("block $b ", 100'000);
  text += repeat("br $a br $b ", 100'000);
  text += repeat("end $b ", 100'000) + "end $a)";
  EXPECT_EQ(error_of(text), "no error");
}

TEST(TextParser, OwnsWhatItViews) {
  Module module;
  {
    std::string text =
        "(import \"mod\" \"name\" (func)) (export \"out\" (func 0)) (data \"bytes\")";
    module = parse_ok(text);
    text.assign(text.size(), '#');
  }
  EXPECT_EQ(module.imports[0].module, "mod");
  EXPECT_EQ(module.exports[0].name, "out");
  EXPECT_EQ(as_text(module.data[0].bytes), "bytes");
}

}  // namespace
}  // namespace nacre::wasm
