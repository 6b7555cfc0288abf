// What the component model's scripts (tests/component) do not ask: gates, limits, and that hostile
// components end soon.
#include "component/validate/validate.h"

#include <gtest/gtest.h>

#include <chrono>

#include "component/binary/decoder.h"
#include "component/binary/encoder.h"
#include "component/load.h"
#include "component/text/parser.h"

namespace nacre::component {
namespace {

std::string verdict(const std::string& text, const Features& features = Features()) {
  Result<void> valid = validate(as_bytes(text), features);
  return valid ? "valid" : valid.error().to_string();
}

TEST(Validate, EachGate) {
  struct Row {
    Feature feature;
    const char* fields;
  };
  constexpr Row kRows[] = {
      {Feature::async, "(type (func async))"},
      {Feature::async, "(type (stream u8))"},
      {Feature::async, "(core func (canon task.cancel))"},
      {Feature::map, "(type (map string u8))"},
      {Feature::implements, "(import \"a\" (implements \"a:b/c\") (instance))"},
      {Feature::implements, "(import \"a\" (external-id \"x\") (func))"},
      {Feature::more_async_builtins, "(core func (canon subtask.cancel async))"},
      {Feature::more_async_builtins, "(type $s (stream)) (core func (canon stream.read $s))"},
      {Feature::async_stackful,
       "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))"
       "(func async (canon lift (core func $i \"f\") async))"},
      {Feature::threading, "(core func (canon thread.index))"},
      {Feature::error_context, "(type (list error-context))"},
      {Feature::error_context, "(core func (canon error-context.drop))"},
      {Feature::fixed_length_lists, "(type (list u8 4))"},
  };
  for (const Row& row : kRows) {
    std::string text = "(component " + std::string(row.fields) + ")";
    Features features = Features::all();
    EXPECT_EQ(verdict(text, features), "valid") << text;
    features.set(row.feature, false);
    std::string refused = verdict(text, features);
    EXPECT_NE(refused.find(feature_info(row.feature).text), std::string::npos) << refused;
    EXPECT_EQ(Features().has(row.feature), feature_info(row.feature).on_by_default);
  }
}

TEST(Validate, FeaturesByName) {
  Features features;
  ASSERT_TRUE(features.apply("+cm-threading,-cm-map,-simd"));
  EXPECT_TRUE(features.has(Feature::threading));
  EXPECT_FALSE(features.has(Feature::map));
  EXPECT_FALSE(features.core.has(wasm::Feature::simd));
  EXPECT_FALSE(features.apply("+cm-nothing"));
  EXPECT_FALSE(features.apply("+nothing"));
}

TEST(Validate, ErrorsHavePlaces) {
  EXPECT_EQ(verdict("(component\n  (import \"f\" (func))\n  (import \"F\" (func)))"),
            "invalid: import name `F` conflicts with previous name `f` (at 3:3)");
  std::string text = "(component (core module (func unreachable i32.add drop)))";
  EXPECT_EQ(verdict(text), "valid");
  EXPECT_NE(verdict("(component (core module (func i32.add)))").find("core module 0: function 0"),
            std::string::npos);
}

std::string nested(int depth, const std::string& open, const std::string& inner) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += inner;
  return text + std::string(static_cast<size_t>(depth), ')');
}

TEST(Validate, NestingHasALimit) {
  EXPECT_EQ(verdict(nested(90, "(component ", "")), "valid");
  EXPECT_EQ(verdict(nested(200, "(component ", "")).substr(0, 13), "limit reached");
  EXPECT_EQ(verdict("(component (type " + nested(90, "(option ", "u8") + "))"), "valid");
  EXPECT_EQ(verdict("(component (type " + nested(100'000, "(option ", "u8") + "))").substr(0, 13),
            "limit reached");
  EXPECT_EQ(verdict("(component (type " + nested(100'000, "(instance (type ", "u8") +
                    std::string(100'000, ')') + "))")
                .substr(0, 13),
            "limit reached");
  // Definitions, one after the other, nest as well.
  std::string text = "(component (type u8)";
  for (int i = 0; i < 200; ++i) text += "(type (option " + std::to_string(i) + "))";
  EXPECT_EQ(verdict(text + ")").substr(0, 13), "limit reached");
}

class Timed {
 public:
  ~Timed() {
    auto took = std::chrono::steady_clock::now() - begin_;
    EXPECT_LT(took, std::chrono::seconds(20));
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// Types that double at each step have 2^90 parts, and are compared, copied and laid out.
TEST(Validate, SharedTypesAreCheap) {
  Timed timed;
  std::string types = "(import \"r\" (type (sub resource))) (type (tuple (own 0) (own 0)))";
  for (int i = 1; i < 90; ++i) {
    std::string last = std::to_string(i);
    types += "(type (result " + last + " (error " + last + ")))";
  }
  EXPECT_EQ(verdict("(component " + types +
                    "(import \"f\" (func (param \"a\" 90)))"
                    "(component $c " +
                    types +
                    "(import \"f\" (func (param \"a\" 90))) (export \"g\" (func 0)))"
                    "(instance (instantiate $c (with \"r\" (type 0)) (with \"f\" (func 0)))))"),
            "valid");
}

// Instances of instances: each level twice as many resources as the one below.
TEST(Validate, ResourcesThatDoubleEnd) {
  Timed timed;
  std::string text =
      "(component (component $c0 (type $r (resource (rep i32)))"
      "(export \"a\" (type $r)))";
  for (int i = 1; i < 60; ++i) {
    std::string below = std::to_string(i - 1);
    std::string here = std::to_string(i);
    text += "(component $c" + here + " (alias outer 1 " + below +
            " (component $b)) (instance $x (instantiate $b)) (instance $y (instantiate $b))"
            "(export \"x\" (instance $x)) (export \"y\" (instance $y)))";
  }
  EXPECT_EQ(verdict(text + ")").substr(0, 13), "limit reached");
}

}  // namespace
}  // namespace nacre::component
