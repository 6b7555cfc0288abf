// Sizes, alignments and flat types, worked out by hand from the specification's text.
#include "component/canonical/layout.h"

#include <gtest/gtest.h>

#include "component/canonical/signature.h"
#include "component/canonical/types_for_test.h"

namespace nacre::component {
namespace {

std::string flat_text(const FlatTypes& flat) {
  if (flat.is_too_long()) return "long";
  std::string text;
  for (uint32_t i = 0; i < flat.size(); ++i) {
    constexpr std::string_view kTexts[] = {"i", "l", "f", "d"};  // i32, i64, f32, f64
    text += kTexts[static_cast<size_t>(flat.at(i))];
  }
  return text;
}

// "size/alignment flat" in a memory of this width.
std::string summary(const Layout& layout) {
  return std::to_string(layout.size_bytes) + "/" + std::to_string(layout.align_bytes) + " " +
         flat_text(layout.flat);
}

std::string summary_of(std::string_view declaration, AddressWidth width) {
  TypesForTest types("resource res;\ntype t = " + std::string(declaration) + ";\n");
  Layouts layouts(width);
  return summary(layouts.at(types.layout("t", layouts)));
}

TEST(Layout, ScalarsAndHandles) {
  for (AddressWidth width : kAddressWidths) {
    EXPECT_EQ(summary_of("bool", width), "1/1 i");
    EXPECT_EQ(summary_of("u8", width), "1/1 i");
    EXPECT_EQ(summary_of("s8", width), "1/1 i");
    EXPECT_EQ(summary_of("u16", width), "2/2 i");
    EXPECT_EQ(summary_of("s16", width), "2/2 i");
    EXPECT_EQ(summary_of("u32", width), "4/4 i");
    EXPECT_EQ(summary_of("s32", width), "4/4 i");
    EXPECT_EQ(summary_of("u64", width), "8/8 l");
    EXPECT_EQ(summary_of("s64", width), "8/8 l");
    EXPECT_EQ(summary_of("f32", width), "4/4 f");
    EXPECT_EQ(summary_of("f64", width), "8/8 d");
    EXPECT_EQ(summary_of("char", width), "4/4 i");
    EXPECT_EQ(summary_of("own<res>", width), "4/4 i");
    EXPECT_EQ(summary_of("stream<u64>", width), "4/4 i");
    EXPECT_EQ(summary_of("future", width), "4/4 i");
  }
}

TEST(Layout, RangesHaveTheWidthOfAddresses) {
  for (std::string_view type : {"string", "list<u64>", "list<string>", "map<u8, u64>"}) {
    EXPECT_EQ(summary_of(type, AddressWidth::b32), "8/4 ii") << type;
    EXPECT_EQ(summary_of(type, AddressWidth::b64), "16/8 ll") << type;
  }
  EXPECT_EQ(summary_of("tuple<u8, string>", AddressWidth::b32), "12/4 iii");
  EXPECT_EQ(summary_of("tuple<u8, string>", AddressWidth::b64), "24/8 ill");
}

TEST(Layout, RecordsPadBetweenFieldsAndAtTheEnd) {
  EXPECT_EQ(summary_of("tuple<u8>", AddressWidth::b32), "1/1 i");
  EXPECT_EQ(summary_of("tuple<u8, u16, u8>", AddressWidth::b32), "6/2 iii");
  EXPECT_EQ(summary_of("tuple<u8, u64, u8>", AddressWidth::b32), "24/8 ili");
  EXPECT_EQ(summary_of("tuple<u64, u8, u8, u16, f32>", AddressWidth::b32), "16/8 liiif");
  EXPECT_EQ(summary_of("tuple<u8, tuple<u16, u8>, u8>", AddressWidth::b32), "8/2 iiii");
}

TEST(Layout, CasesShareTheirPayloadsPlace) {
  EXPECT_EQ(summary_of("option<u8>", AddressWidth::b32), "2/1 ii");
  EXPECT_EQ(summary_of("option<u64>", AddressWidth::b32), "16/8 il");
  EXPECT_EQ(summary_of("option<option<u8>>", AddressWidth::b32), "3/1 iii");
  EXPECT_EQ(summary_of("result", AddressWidth::b32), "1/1 i");
  EXPECT_EQ(summary_of("result<_, u16>", AddressWidth::b32), "4/2 ii");
  EXPECT_EQ(summary_of("result<string, u8>", AddressWidth::b32), "12/4 iii");
  EXPECT_EQ(summary_of("result<string, u8>", AddressWidth::b64), "24/8 ill");
  // The larger payload is 9 bytes, the more aligned one 8: 8 + 9, rounded up.
  EXPECT_EQ(summary_of("result<tuple<u8, u32, u8>, u64>", AddressWidth::b32), "24/8 ilii");
}

// join() of the specification, case by case.
TEST(Layout, FlatTypesOfCasesAreJoined) {
  auto joined = [](std::string_view a, std::string_view b) {
    std::string type = "result<" + std::string(a) + ", " + std::string(b) + ">";
    std::string text = summary_of(type, AddressWidth::b32);
    return text.substr(text.find(' ') + 2);
  };
  EXPECT_EQ(joined("u32", "u32"), "i");
  EXPECT_EQ(joined("u32", "f32"), "i");
  EXPECT_EQ(joined("f32", "u32"), "i");
  EXPECT_EQ(joined("f32", "f32"), "f");
  EXPECT_EQ(joined("f64", "f64"), "d");
  EXPECT_EQ(joined("u32", "u64"), "l");
  EXPECT_EQ(joined("f32", "u64"), "l");
  EXPECT_EQ(joined("f32", "f64"), "l");
  EXPECT_EQ(joined("u64", "f64"), "l");
  EXPECT_EQ(joined("u32", "f64"), "l");
  EXPECT_EQ(joined("tuple<f32, u64>", "tuple<u32, u32, f64>"), "ild");
}

std::string labels(uint32_t count) {
  std::string text;
  for (uint32_t i = 0; i < count; ++i) text += "a" + std::to_string(i) + ", ";
  return text;
}

TEST(Layout, DiscriminantsAndFlagsGrow) {
  auto measured = [](std::string_view kind, uint32_t count) {
    TypesForTest types(std::string(kind) + " t { " + labels(count) + "}\n");
    Layouts layouts(AddressWidth::b32);
    return summary(layouts.at(types.layout("t", layouts)));
  };
  EXPECT_EQ(measured("enum", 1), "1/1 i");
  EXPECT_EQ(measured("enum", 256), "1/1 i");
  EXPECT_EQ(measured("enum", 257), "2/2 i");
  EXPECT_EQ(measured("enum", 65536), "2/2 i");
  EXPECT_EQ(measured("enum", 65537), "4/4 i");
  EXPECT_EQ(measured("flags", 1), "1/1 i");
  EXPECT_EQ(measured("flags", 8), "1/1 i");
  EXPECT_EQ(measured("flags", 9), "2/2 i");
  EXPECT_EQ(measured("flags", 16), "2/2 i");
  EXPECT_EQ(measured("flags", 17), "4/4 i");
  EXPECT_EQ(measured("flags", 32), "4/4 i");
}

TEST(Layout, PartsKnowTheirPlaces) {
  TypesForTest types(
      "record r { a: u8, b: u64, c: u16 }\nvariant v { x, y(u32), z(u8) }\n"
      "type m = map<u8, u32>;\ntype l = list<u16, 3>;\n");
  Layouts layouts(AddressWidth::b32);
  const Layout r = layouts.at(types.layout("r", layouts));
  EXPECT_EQ(r.parts[0].offset, 0u);
  EXPECT_EQ(r.parts[1].offset, 8u);
  EXPECT_EQ(r.parts[2].offset, 16u);
  EXPECT_EQ(r.parts[2].label, "c");
  const Layout v = layouts.at(types.layout("v", layouts));
  EXPECT_EQ(v.discriminant_bytes, 1u);
  EXPECT_EQ(v.parts[0].layout, kNoLayout);
  EXPECT_EQ(v.parts[1].offset, 4u);
  EXPECT_EQ(v.parts[2].offset, 4u);  // the place is that of the most aligned payload
  const Layout m = layouts.at(types.layout("m", layouts));
  EXPECT_EQ(summary(layouts.at(m.element)), "8/4 ii");
  const Layout l = layouts.at(types.layout("l", layouts));
  EXPECT_EQ(summary(l), "6/2 iii");
}

TEST(Layout, EqualTypesHaveOneLayout) {
  TypesForTest types(
      "type a = list<tuple<u8, string>>;\ntype b = list<tuple<u8, string>>;\n"
      "type c = list<tuple<u8, u8>>;\nresource p;\nresource q;\n"
      "type op = own<p>;\ntype oq = own<q>;\n");
  Layouts layouts(AddressWidth::b32);
  EXPECT_EQ(types.layout("a", layouts), types.layout("b", layouts));
  EXPECT_NE(types.layout("a", layouts), types.layout("c", layouts));
  EXPECT_NE(types.layout("op", layouts), types.layout("oq", layouts));
  EXPECT_TRUE(layouts.at(types.layout("op", layouts)).has_handles);
  EXPECT_FALSE(layouts.at(types.layout("a", layouts)).has_handles);
}

// ---- functions

FlatTypes flat(std::string_view text) {
  FlatTypes types;
  for (char c : text) {
    types.push(c == 'i' ? FlatType::i32 : c == 'l' ? FlatType::i64 : FlatType::f64);
  }
  return types;
}

TEST(CoreSignature, SixteenParametersAndOneResultAreFlat) {
  constexpr AddressWidth kWidth = AddressWidth::b32;
  std::string sixteen(16, 'l');
  EXPECT_FALSE(lift_signature(flat(sixteen), {}, false, false, kWidth).spills_params);
  EXPECT_TRUE(lift_signature(flat(sixteen + "i"), {}, false, false, kWidth).spills_params);
  EXPECT_EQ(to_string(lift_signature(flat(sixteen + "i"), flat("ii"), false, false, kWidth).type),
            "[i32] -> [i32]");
  EXPECT_EQ(to_string(lower_signature(flat("il"), flat("d"), false, kWidth).type),
            "[i32 i64] -> [f64]");
  EXPECT_EQ(to_string(lower_signature(flat("il"), flat("dd"), false, kWidth).type),
            "[i32 i64 i32] -> []");
  EXPECT_EQ(to_string(lower_signature(flat(sixteen + "i"), flat("dd"), false, kWidth).type),
            "[i32 i32] -> []");
}

TEST(CoreSignature, OfAsyncFunctions) {
  constexpr AddressWidth kWidth = AddressWidth::b32;
  EXPECT_EQ(to_string(lift_signature(flat("l"), flat("d"), true, true, kWidth).type),
            "[i64] -> [i32]");
  EXPECT_EQ(to_string(lift_signature(flat("l"), flat("d"), true, false, kWidth).type),
            "[i64] -> []");
  EXPECT_EQ(to_string(lower_signature(flat("llll"), {}, true, kWidth).type),
            "[i64 i64 i64 i64] -> [i32]");
  EXPECT_EQ(to_string(lower_signature(flat("lllll"), flat("d"), true, kWidth).type),
            "[i32 i32] -> [i32]");
}

TEST(CoreSignature, AddressesAreWide) {
  constexpr AddressWidth kWidth = AddressWidth::b64;
  EXPECT_EQ(to_string(lift_signature(flat("i"), flat("ii"), false, false, kWidth).type),
            "[i32] -> [i64]");
  EXPECT_EQ(to_string(lower_signature(flat("i"), flat("ii"), false, kWidth).type),
            "[i32 i64] -> []");
}

}  // namespace
}  // namespace nacre::component
