// What came with a feature goes with it: each module is valid with all features, and refused with
// that one switched off by a message that names it, as text and as binary.
#include <gtest/gtest.h>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/features.h"
#include "wasm/text/parser.h"
#include "wasm/validate/validate.h"

namespace nacre::wasm {
namespace {

struct Row {
  std::string_view feature;
  std::string_view fields;
};

constexpr Row kRows[] = {
    {"sign-extension", "(func (drop (i32.extend8_s (i32.const 1))))"},
    {"sign-extension", "(func (drop (i64.extend32_s (i64.const 1))))"},
    {"saturating-float-to-int", "(func (drop (i32.trunc_sat_f32_s (f32.const 1))))"},
    {"multi-value", "(func (result i32 i32) i32.const 1 i32.const 2)"},
    {"multi-value", "(type (func (result i32 i32)))"},
    {"multi-value", R"((import "m" "f" (func (result i32 i64))))"},
    {"multi-value", "(func i32.const 1 block (param i32) drop end)"},
    {"multi-value", "(type $t (func)) (func (block (type $t)))"},
    {"multi-value", "(func (loop (result i32 i32) i32.const 1 i32.const 2) drop drop)"},
    {"reference-types", "(func (param externref))"},
    {"reference-types", "(func (local funcref))"},
    {"reference-types", "(func (result funcref) unreachable)"},
    {"reference-types", "(table 1 externref)"},
    {"reference-types", "(table 1 funcref) (table 1 funcref)"},
    {"reference-types", R"((import "m" "g" (global funcref)))"},
    {"reference-types", "(global funcref (ref.null func))"},
    {"reference-types", "(func $f) (elem declare func $f)"},
    {"reference-types", "(func (drop (ref.is_null (ref.null extern))))"},
    {"reference-types", "(table 1 funcref) (func (drop (table.size)))"},
    {"reference-types", "(table 1 funcref) (elem (i32.const 0) funcref (ref.null func))"},
    {"reference-types",
     "(func (drop (select (result i32) (i32.const 1) (i32.const 2) "
     "(i32.const 3))))"},
    {"reference-types",
     "(table 1 funcref) (table 1 funcref) (func (call_indirect 1 "
     "(i32.const 0)))"},
    {"bulk-memory", R"((data "passive"))"},
    {"bulk-memory", "(func $f) (elem func $f)"},
    {"bulk-memory", "(elem funcref (ref.null func))"},
    {"bulk-memory", R"((memory 1) (data (memory 0) (i32.const 0) "x"))"},
    {"bulk-memory", "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"},
    {"bulk-memory",
     "(table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) "
     "(i32.const 0)))"},
    {"bulk-memory", R"((data "x") (func (data.drop 0)))"},
    {"simd", "(func (param v128))"},
    {"simd", "(global v128 (v128.const i64x2 0 0))"},
    {"simd", "(func (local v128))"},
    {"simd", "(type (func (result v128)))"},
    {"simd", "(func (block (result v128) unreachable) drop)"},
    {"simd", "(memory 1) (func (drop (v128.load (i32.const 0))))"},
    {"extended-const", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"},
    {"extended-const", R"((memory 1) (data (i32.sub (i32.const 2) (i32.const 1)) "x"))"},
    {"extended-const", "(table 9 funcref) (elem (i32.mul (i32.const 2) (i32.const 1)))"},
    {"extended-const", "(global i64 (i64.mul (i64.const 1) (i64.const 2)))"},
    {"tail-call", "(func $f (return_call $f))"},
    {"tail-call", "(table 1 funcref) (func (return_call_indirect (i32.const 0)))"},
    {"function-references", "(type $t (func)) (func (param (ref $t)))"},
    {"function-references", "(type $t (func)) (func (param (ref null $t)))"},
    {"function-references", "(func (param (ref func)))"},
    {"function-references", "(type $t (func)) (func (drop (ref.null $t)))"},
    {"function-references", "(func $f) (table 1 funcref (ref.func $f))"},
    {"function-references", "(type $t (func)) (func (param funcref) (local (ref null $t)))"},
    {"function-references", "(type $t (func)) (func (call_ref $t (ref.null $t)))"},
    {"function-references", "(func (param funcref) (drop (ref.as_non_null (local.get 0))))"},
    {"function-references", "(type $t (func)) (type (func (param (ref $t))))"},
    {"function-references", "(func $f) (elem (ref func) (ref.func $f))"},
    {"function-references", "(type $t (func)) (func (drop (block (result (ref $t)) unreachable)))"},
    {"gc", "(type $t (func (param (ref null $t))))"},
    {"gc", "(type $t (func (result (ref $t))))"},
    {"gc", "(rec (type (func)))"},
    {"gc", "(rec (type $a (func (param (ref $b)))) (type $b (func (param (ref $a)))))"},
    {"gc", "(rec)"},
    {"gc", "(type (sub (func)))"},
    {"gc", "(type $a (sub (func))) (type (sub $a (func)))"},
    {"gc", "(type (struct (field i32)))"},
    {"gc", "(type (struct))"},
    {"gc", "(type (array i8))"},
    {"gc", "(global $a i32 (i32.const 1)) (global i32 (global.get $a))"},
    {"gc", R"((global $a i32 (i32.const 1)) (memory 1) (data (global.get $a) "x"))"},
    {"gc", "(global $a i32 (i32.const 1)) (table 9 funcref) (elem (global.get $a))"},
    {"gc", "(global $a funcref (ref.null func)) (elem funcref (global.get $a))"},
    {"gc", "(func (param anyref))"},
    {"gc", "(func (param eqref))"},
    {"gc", "(func (param i31ref))"},
    {"gc", "(func (param structref))"},
    {"gc", "(func (param arrayref))"},
    {"gc", "(func (param nullref))"},
    {"gc", "(func (param nullfuncref))"},
    {"gc", "(func (param nullexternref))"},
    {"gc", "(func (param (ref any)))"},
    {"gc", "(table 1 i31ref)"},
    {"gc", "(func (drop (ref.null none)))"},
    {"gc", "(func (drop (ref.i31 (i32.const 1))))"},
    {"gc", "(global i31ref (ref.i31 (i32.const 1)))"},
    {"gc", "(func (param funcref) (drop (ref.test (ref nofunc) (local.get 0))))"},
    {"exceptions", "(tag)"},
    {"exceptions", R"((import "m" "t" (tag (param i32))))"},
    {"exceptions", R"((tag $t) (export "t" (tag $t)))"},
    {"exceptions", "(func (param exnref))"},
    {"exceptions", "(func (param nullexnref))"},
    {"exceptions", "(func (drop (ref.null exn)))"},
    {"exceptions", "(func (try_table (catch_all 0)))"},
    {"exceptions", "(tag $t) (func (throw $t))"},
    {"multi-memory", "(memory 1) (memory 1)"},
    {"multi-memory", R"((import "m" "a" (memory 1)) (memory 1))"},
    {"multi-memory", "(memory 1) (memory 1) (func (drop (i32.load 1 (i32.const 0))))"},
    {"multi-memory", "(memory 1) (memory 1) (func (drop (memory.size 1)))"},
    {"memory64", "(memory i64 1)"},
    {"memory64", R"((import "m" "a" (memory i64 1)))"},
    {"memory64", "(table i64 1 funcref)"},
    {"memory64", R"((import "m" "t" (table i64 1 funcref)))"},
    {"relaxed-simd",
     "(func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) "
     "(v128.const i64x2 0 0))))"},
    {"threads", "(memory 1 1 shared)"},
    {"threads", R"((import "m" "a" (memory 1 1 shared)))"},
    {"threads", "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"},
    {"threads", "(func (atomic.fence))"},
    {"wide-arithmetic", "(func (i64.mul_wide_s (i64.const 1) (i64.const 2)) drop drop)"},
    {"compact-import-section", R"((import "m" (item "a" (func)) (item "b" (func))))"},
    {"compact-import-section", R"((import "m" (item "a") (item "b") (func)))"},
    {"legacy-exceptions", "(func try catch_all end)"},
    {"legacy-exceptions", "(func try delegate 0)"},
    {"legacy-exceptions", "(func try catch_all rethrow 0 end)"},
    {"custom-page-sizes", "(memory 1 (pagesize 1))"},
    {"custom-page-sizes", R"((import "m" "a" (memory 1 (pagesize 1))))"},
};

Result<void> check_binary(const std::vector<uint8_t>& bytes, Features features) {
  Module module = TRY(decode(bytes, nullptr, features));
  TypeRegistry registry;
  TRY(validate_module(module, features, registry, {}));
  return {};
}

TEST(FeaturesOff, WhatCameWithAFeatureGoesWithIt) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.feature) + ": " + std::string(row.fields));
    Features all = Features::all_built();
    Features without = all;
    ASSERT_TRUE(without.apply("-" + std::string(row.feature)));
    Result<Module> module = parse_module(row.fields, all);
    ASSERT_TRUE(module) << module.error().to_string();
    std::vector<uint8_t> bytes = encode(*module);
    Result<void> valid = check_binary(bytes, all);
    ASSERT_TRUE(valid) << valid.error().to_string();

    std::string wanted = "the feature ";
    Result<void> refused = check_binary(bytes, without);
    ASSERT_FALSE(refused);
    // Several may be missing; the first is named.
    EXPECT_NE(refused.error().message().find(wanted + std::string(row.feature)), std::string::npos)
        << refused.error().to_string();
    Result<Module> text = parse_module(row.fields, without);
    Result<void> from_text = {};
    if (!text) {
      from_text = std::unexpected(std::move(text).error());
    } else {
      from_text = check_binary(encode(*text), without);
    }
    ASSERT_FALSE(from_text);
    EXPECT_NE(from_text.error().message().find(wanted + std::string(row.feature)),
              std::string::npos)
        << from_text.error().to_string();
  }
}

// A row for each feature, with a module that needs it.
TEST(FeaturesOff, EveryFeatureHasRows) {
  for (std::string_view feature : {
#define FEATURE(name, text, on, decoded, runs, proposal, summary) \
  std::string_view(decoded ? text : "mvp"),
#include "wasm/features.def"
#undef FEATURE
       }) {
    if (feature == "mvp") continue;
    bool found = false;
    for (const Row& row : kRows) found |= row.feature == feature;
    EXPECT_TRUE(found) << feature;
  }
}

// What is older than every feature, and passes through the same code.
TEST(FeaturesOff, TheFirstVersionStays) {
  Features first;
#define FEATURE(name, text, on, decoded, runs, proposal, summary) \
  if (Feature::name != Feature::mvp) first.set(Feature::name, false);
#include "wasm/features.def"
#undef FEATURE
  for (std::string_view fields : {
           R"((import "m" "t" (table 1 funcref)) (import "m" "g" (global $g i32)) (func $f)
              (elem (global.get $g) $f) (start $f))",
           R"((table 1 2 funcref) (memory 1 2) (data (i32.const 0) "x") (global (mut i64)
              (i64.const 1)) (func (export "f") (param i32) (result i32) (local f64)
              (block (result i32) (call_indirect (type $t) (i32.const 0)) (i32.const 1)
                (br_table 0 0 (i32.const 1)))) (type $t (func)))",
           "(type $a (func)) (type $b (func (param i32 i64 f32 f64)))",
           "(memory 1) (func (drop (memory.grow (memory.size))) (drop (i32.load offset=9 "
           "(i32.const 0))))",
       }) {
    Result<Module> module = parse_module(fields, first);
    ASSERT_TRUE(module) << fields << module.error().to_string();
    Result<void> valid = check_binary(encode(*module), first);
    EXPECT_TRUE(valid) << fields << valid.error().to_string();
  }
}

}  // namespace
}  // namespace nacre::wasm
