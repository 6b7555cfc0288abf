// Text that was damaged in a random place is parsed or refused, never more; what parses is printed
// and parsed again to the same bytes. Under the sanitizers this is a short fuzzing run.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "wasm/binary/encoder.h"
#include "wasm/text/canonical_code.h"
#include "wasm/text/parser.h"
#include "wasm/text/printer.h"
#include "wasm/text/script.h"

namespace nacre::wasm {
namespace {

constexpr Features kAll = Features::all_built();

constexpr std::string_view kModule = R"wast((module $m (@name "m")
  (type $t (func (param i32) (result i32)))
  (rec (type $s (sub (struct (field $x (mut i32)) (field i8)))) (type (sub final $s (struct))))
  (import "env" "f" (func $i (param $p i32)))
  (import "env" (item "a" (global i32)) (item "b" (memory 1)))
  (import "env" (item "c") (item "d") (global (mut i64)))
  (table $tab 1 10 funcref (ref.null func)) (table i64 funcref (elem $i 0))
  (memory i64 1 2 shared) (memory (data "\00a\u{e9}")) (memory 1 (pagesize 1))
  (global $g f64 (f64.const -0x1.8p-3)) (tag $e (param i32))
  (func $f (export "f") (type $t) (param $x i32) (result i32) (local i32 i64) (local $y v128)
    (block $out (result i32)
      (try_table $h (catch $e $out) (catch_all_ref 0)
        (@metadata.code.branch_hint "\01")
        (if $"a b" (i32.eqz (local.get $x)) (then (nop)) (else (br $out (i32.const -5)))))
      (drop (f32.const nan:0x200000)) (local.set $y (v128.const f32x4 1 2 3 inf))
      (drop (i64.load 1 offset=8 align=1 (i64.const 0)))
      (drop (struct.get $s $x (ref.cast (ref null $s) (ref.null any))))
      (br_table 0 $out (i32.const 1) (select (result i32) (i32.const 0) (i32.const 1)))
      memory.init 0 data.drop $d try (result i32) i32.const 1 catch $e catch_all rethrow 0 end))
  (elem $el (table $tab) (offset i32.const 1) func $f $i) (elem declare (ref null $t) (item ref.func 1))
  (data $d "x" "y") (start $f)
  (@custom "linking" (after func) "xx") (@custom "producers" "pp") ;; end
))wast";

constexpr std::string_view kScript = R"wast((module $m (func (export "f")))
(assert_return (invoke $m "f" (i32.const 1)) (v128.const f32x4 1 nan:canonical 2 3) (ref.null func))
(thread $t (shared (module $m)) (assert_trap (invoke "f") "x")) (wait $t)
(assert_malformed (module quote "(func" "x)") "bad") (register "m" $m) (module binary "\00asm"))wast";

constexpr std::string_view kPieces[] = {"(",
                                        ")",
                                        "\"",
                                        "$x",
                                        "(;",
                                        ";)",
                                        ";;",
                                        "(@name \"n\")",
                                        "(@a",
                                        "0x",
                                        "_",
                                        "i32",
                                        "-1",
                                        "(then",
                                        "end",
                                        "else",
                                        "(param",
                                        "(type 0)",
                                        "$",
                                        "\\u{",
                                        "\xff",
                                        "func",
                                        "(import \"a\" \"b\")",
                                        "(elem",
                                        "(data",
                                        "(rec",
                                        "(sub",
                                        "99999999999",
                                        "nan:0x",
                                        "block",
                                        "loop $x",
                                        "if",
                                        "try",
                                        "delegate 0",
                                        "catch_all"};

std::string mutate(std::string text, std::mt19937_64& random) {
  for (uint64_t edits = 1 + random() % 2; edits != 0; --edits) {
    size_t at = random() % (text.size() + 1);
    size_t length = std::min<size_t>(random() % 12, text.size() - at);
    switch (random() % 4) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 2:
        text.replace(at, length, kPieces[random() % std::size(kPieces)]);
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 40));
        break;
    }
  }
  return text;
}

TEST(TextMutation, ModulesParseOrAreRefused) {
  ASSERT_TRUE(parse_module(kModule, kAll));
  std::mt19937_64 random(3);
  int parsed = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text = mutate(std::string(kModule), random);
    Result<Module> module = parse_module(text, kAll);
    if (!module) {
      EXPECT_FALSE(module.error().message().empty());
      EXPECT_NE(module.error().code(), ErrorCode::internal) << text;
      continue;
    }
    ++parsed;
    Result<std::string> printed = print_module(*module, kAll);
    ASSERT_TRUE(printed) << text << "\n" << printed.error().to_string();
    Result<Module> again = parse_module(*printed, kAll);
    ASSERT_TRUE(again) << *printed << "\n" << again.error().to_string();
    ASSERT_EQ(encode(*again), encode(*module)) << text << "\n" << *printed;
  }
  EXPECT_GT(parsed, 100);
}

TEST(TextMutation, ScriptsParseOrAreRefused) {
  ASSERT_TRUE(parse_script(kScript));
  std::mt19937_64 random(4);
  for (int i = 0; i < 4000; ++i) {
    std::string text = mutate(std::string(kScript), random);
    Result<std::vector<Command>> commands = parse_script(text);
    if (!commands) continue;
    for (const Command& command : *commands) {
      if (command.kind == Command::Kind::module) (void)load_module(command.module, kAll);
    }
  }
}

}  // namespace
}  // namespace nacre::wasm
