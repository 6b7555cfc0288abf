// Binary to text and back: print and parse give the same definitions, for every component of the
// component model's suite.
#include <gtest/gtest.h>

#include "component/binary/decoder.h"
#include "component/binary/encoder.h"
#include "component/suite_for_test.h"
#include "component/text/parser.h"
#include "component/text/printer.h"

namespace nacre::component {
namespace {

TEST(ComponentRoundTrip, Suite) {
  if (!std::filesystem::is_directory(suite_root())) {
    GTEST_SKIP() << "no component suite at " << suite_root() << ": set NACRE_SHARED";
  }
  size_t checked = 0;
  each_suite_component(
      [&](const std::string& where, const wasm::Command& command, const Component& component) {
        std::vector<uint8_t> bytes = encode(component);
        Result<Component> decoded = decode(bytes, wasm::Features());
        ASSERT_TRUE(decoded) << where << ": " << decoded.error().to_string();
        EXPECT_EQ(encode(*decoded), bytes) << where;
        Result<std::string> text = print_component(*decoded, wasm::Features());
        ASSERT_TRUE(text) << where << ": " << text.error().to_string();
        Result<Component> again = parse_component(*text, wasm::Features());
        ASSERT_TRUE(again) << where << ": " << again.error().to_string() << "\n" << *text;
        // Of a component in binary only the definitions come back: custom sections that are no
        // names move behind them.
        if (command.module.form != wasm::ScriptModule::Form::binary) {
          EXPECT_EQ(encode(*again), bytes) << where << "\n" << *text;
        }
        ++checked;
      });
  EXPECT_GT(checked, 600u);
}

TEST(ComponentRoundTrip, NamesAndModules) {
  const char* texts[] = {
      "(component $outer (core module $m) (core module) (core instance $i (instantiate $m)))",
      "(component (core module $m (@name \"other\")) (type $\"a b\" u8) (@custom \"x\" \"\\00y\"))",
      "(component (type $a u8) (@custom \"component-name\" \"\\00\\02\\01c\"))",
      "(component (core rec (type $a (struct (field (ref null 1)))) (type $b (array i8)))"
      " (core type (sub (func))) (core type (module (rec (type (func)) (type (func))))))",
  };
  for (const char* text : texts) {
    Result<Component> component = parse_component(text, wasm::Features());
    ASSERT_TRUE(component) << text << component.error().to_string();
    std::vector<uint8_t> bytes = encode(*component);
    Result<std::string> printed = print_component(*component, wasm::Features());
    ASSERT_TRUE(printed) << text;
    Result<Component> again = parse_component(*printed, wasm::Features());
    ASSERT_TRUE(again) << *printed << again.error().to_string();
    EXPECT_EQ(encode(*again), bytes) << *printed;
  }
}

}  // namespace
}  // namespace nacre::component
