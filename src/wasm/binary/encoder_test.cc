#include "wasm/binary/encoder.h"

#include <gtest/gtest.h>

#include "wasm/binary/decoder.h"
#include "wasm/binary/test_modules.h"

namespace nacre::wasm {
namespace {

using test::bytes;
using test::ByteVector;
using test::module;
using test::section;

TEST(Encoder, CanonicalModulesSurviveARoundTrip) {
  for (const ByteVector& input : {
           module({}),
           test::everything(),
           module({section(1, "01 4e 00")}),           // an empty group
           module({section(1, "01 50 00 60 00 00")}),  // open, no supertype
           module({section(12, "00")}),                // a data count alone
           module({test::custom("a", ""), test::custom("", "00")}),
       }) {
    Module m = decode(input, {}).value();
    EXPECT_EQ(encode(m), input);
  }
}

TEST(Encoder, OtherFormsBecomeCanonical) {
  struct Row {
    ByteVector input;
    ByteVector canonical;
  };
  for (const Row& row : {
           // Empty sections, long integers, long forms of short types.
           Row{module({section(1, "00"), section(3, "00"), section(10, "00")}), module({})},
           Row{module({bytes("01 84 80 80 80 00 01 60 00 00")}),
               module({section(1, "01 60 00 00")})},
           Row{module({section(1, "01 4f 00 60 00 00")}), module({section(1, "01 60 00 00")})},
           Row{module({section(1, "01 60 01 63 70 00")}), module({section(1, "01 60 01 70 00")})},
           Row{module({section(5, "01 00 80 80 00")}), module({section(5, "01 00 00")})},
       }) {
    Module m = decode(row.input, {}).value();
    EXPECT_EQ(encode(m), row.canonical);
    EXPECT_EQ(encode(decode(encode(m), {}).value()), row.canonical);
  }
}

// Modules made by the text parser do not say which form of a segment to write.
TEST(Encoder, ChoosesAFormThatCanSayIt) {
  Module m;
  ByteVector offset = bytes("41 00 0b");
  ByteVector null = bytes("d0 6f 0b");
  m.elements.push_back({.table = 3, .offset = {offset}, .functions = {1}});
  m.elements.push_back(
      {.offset = {offset}, .type = ValType::externref(), .uses_exprs = true, .exprs = {{null}}});
  m.data.push_back({.memory = 2, .offset = {offset}, .bytes = {}});
  m.imports.push_back({"m", "g", {.kind = ExternKind::global, .global = {ValType::kI32, false}}});
  m.import_groups.push_back({});
  EXPECT_EQ(encode(m), module({section(2, "01 01 'm' 01 'g' 03 7f 00"),
                               section(9,
                                       "02  02 03 41 00 0b 00 01 01"
                                       "    06 00 41 00 0b 6f 01 d0 6f 0b"),
                               section(11, "01 02 02 41 00 0b 00")}));
}

}  // namespace
}  // namespace nacre::wasm
