#include "wasm/binary/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "wasm/binary/encoder.h"
#include "wasm/binary/test_modules.h"
#include "wasm/limits.h"

namespace nacre::wasm {
namespace {

using test::bytes;
using test::ByteVector;
using test::custom;
using test::module;
using test::section;

Features with(std::string_view changes) {
  Features features;
  EXPECT_TRUE(features.apply(changes)) << changes;
  return features;
}

ValType ref_to(uint32_t index, bool nullable) {
  return ValType::ref(HeapType::concrete(TypeIdx{index}), nullable);
}

TEST(Decoder, TypesAndTheirGroups) {
  Module m = decode(test::everything(), {}).value();
  ASSERT_EQ(m.types.size(), 8u);
  ASSERT_EQ(m.rec_groups.size(), 7u);
  EXPECT_EQ(m.rec_groups[2].first, 2u);
  EXPECT_EQ(m.rec_groups[2].count, 2u);
  EXPECT_TRUE(m.rec_groups[3].explicit_rec);
  EXPECT_FALSE(m.rec_groups[4].explicit_rec);
  EXPECT_EQ(to_string(m.types[0].func), "[i32 i64] -> [f32]");
  EXPECT_FALSE(m.types[2].is_final);
  EXPECT_EQ(m.types[3].super, TypeIdx{2});
  EXPECT_EQ(m.types[3].fields,
            (std::vector<FieldType>{
                {ValType::kI8, true}, {ref_to(3, false), false}, {ValType::kI32, false}}));
  EXPECT_EQ(m.types[4].kind, SubType::Kind::array);
  EXPECT_TRUE(m.types[5].is_final);
  EXPECT_EQ(m.types[5].super, TypeIdx{3});
}

TEST(Decoder, ImportsEnterTheIndexSpacesInOrder) {
  Module m = decode(test::everything(), {}).value();
  ASSERT_EQ(m.imports.size(), 6u);
  EXPECT_EQ(m.imports[2].module, "m");
  EXPECT_EQ(m.imports[2].name, "h");
  EXPECT_EQ(m.imports[4].module, "n");
  EXPECT_EQ(m.imports[4].name, "t");
  ASSERT_EQ(m.import_groups.size(), 4u);
  EXPECT_EQ(m.import_groups[1].form, ImportGroup::Form::shared_module);
  EXPECT_EQ(m.import_groups[2].form, ImportGroup::Form::shared_module_and_type);
  EXPECT_EQ(m.import_groups[2].count, 2u);
  EXPECT_EQ(m.imported_functions, 1u);
  EXPECT_EQ(m.imported_tables, 2u);
  EXPECT_EQ(m.imported_globals, 2u);
  EXPECT_EQ(m.imported_tags, 1u);
  EXPECT_EQ(m.functions, (std::vector<TypeIdx>{TypeIdx{1}, TypeIdx{1}, TypeIdx{0}}));
  EXPECT_TRUE(m.globals[0].type.is_mutable);
  EXPECT_EQ(m.globals[1].type.type, ValType::externref());
}

TEST(Decoder, DefinitionsAndSegments) {
  Module m = decode(test::everything(), {}).value();
  ASSERT_EQ(m.tables.size(), 5u);
  EXPECT_FALSE(m.tables[2].init);
  ASSERT_TRUE(m.tables[3].init);
  EXPECT_EQ(m.tables[3].init->code.size(), 3u);
  EXPECT_EQ(m.tables[4].type.limits.address, AddressType::i64);
  EXPECT_EQ(m.tables[4].type.limits.max, uint64_t{1} << 32);
  ASSERT_EQ(m.memories.size(), 3u);
  EXPECT_TRUE(m.memories[1].shared);
  EXPECT_EQ(m.memories[2].limits.max, uint64_t{1} << 35);
  EXPECT_EQ(m.start, 1u);
  EXPECT_EQ(m.exports[4].kind, ExternKind::tag);

  using Mode = ElementSegment::Mode;
  ASSERT_EQ(m.elements.size(), 8u);
  for (size_t i = 0; i < 8; ++i) {
    Mode mode = (i & 1) == 0 ? Mode::active : (i & 2) == 0 ? Mode::passive : Mode::declarative;
    EXPECT_EQ(m.elements[i].mode, mode) << i;
    EXPECT_EQ(m.elements[i].uses_exprs, i >= 4) << i;
    EXPECT_EQ(m.elements[i].explicit_table, mode == Mode::active && (i & 2) != 0) << i;
    EXPECT_EQ(m.elements[i].size(), i == 7 ? 0u : 1u) << i;
  }
  EXPECT_EQ(m.elements[0].type, ValType::ref(HeapType::kFunc, false));
  EXPECT_EQ(m.elements[4].type, ValType::funcref());
  EXPECT_EQ(m.elements[6].type, ValType::externref());
  EXPECT_EQ(m.elements[6].table, 4u);

  ASSERT_EQ(m.data.size(), 3u);
  EXPECT_EQ(as_text(m.data[0].bytes), "hi");
  EXPECT_EQ(m.data[1].mode, DataSegment::Mode::passive);
  EXPECT_EQ(m.data[2].memory, 1u);
  EXPECT_EQ(m.data_count, 3u);
}

TEST(Decoder, BodiesAndCustomSectionsAreViewsOfTheInput) {
  ByteVector input = test::everything();
  Module m = decode(Bytes(input), nullptr, {}).value();
  ASSERT_EQ(m.bodies.size(), 2u);
  EXPECT_EQ(m.body_of(1).data(), m.bodies[0].data());
  uint64_t offset = m.offset_of(m.bodies[1].data());
  EXPECT_EQ(m.bodies[1].data(), input.data() + offset);
  EXPECT_EQ(input[offset - 1], m.bodies[1].size());
  ASSERT_EQ(m.customs.size(), 3u);
  EXPECT_EQ(m.customs[0].name, "first");
  EXPECT_EQ(m.customs[0].after, SectionId::custom);
  EXPECT_EQ(m.customs[1].after, SectionId::element);
  EXPECT_EQ(m.customs[2].after, SectionId::data);
}

TEST(Decoder, OwnsItsInputWhenAsked) {
  auto owner = std::make_shared<ByteVector>(module({custom("name", "'payload'")}));
  std::weak_ptr<ByteVector> watch = owner;
  {
    Bytes view(*owner);
    Module m = decode(view, std::move(owner), {}).value();
    EXPECT_FALSE(watch.expired());
    EXPECT_EQ(as_text(m.customs[0].payload), "payload");
  }
  EXPECT_TRUE(watch.expired());
}

struct BadRow {
  ByteVector input;
  std::string_view message;  // how it begins
  uint64_t offset;
  ErrorCode code = ErrorCode::malformed;
};

void expect_refused(const BadRow& row, Features features = {}) {
  Result<Module> m = decode(row.input, features);
  ASSERT_FALSE(m) << "accepted, but expected: " << row.message;
  std::string text = m.error().to_string();
  EXPECT_EQ(m.error().code(), row.code) << text;
  EXPECT_TRUE(m.error().message().starts_with(row.message)) << text << "\n  not " << row.message;
  ASSERT_TRUE(m.error().where()) << text;
  EXPECT_EQ(m.error().where()->offset, row.offset) << text;
}

TEST(Decoder, RefusesOtherFiles) {
  for (const BadRow& row : {
           BadRow{{}, "unexpected end: the input is empty", 0},
           BadRow{bytes("00 'as'"), "unexpected end", 3},
           BadRow{bytes("00 'asm' 01 00 00"), "unexpected end", 7},
           BadRow{bytes("'(module)'"), "magic header not detected: this is text", 0},
           BadRow{bytes("0a ';; a comment'"), "magic header not detected: this is text", 0},
           BadRow{bytes("7f 'ELF' 02 01 01 00"), "magic header not detected", 0},
           BadRow{bytes("00 'asm' 02 00 00 00"), "unknown binary version", 4},
           BadRow{bytes("00 'asm' 0d 00 00 00"), "unknown binary version", 4},
           BadRow{bytes("00 'asm' 0d 00 01 00"), "this is a component", 4, ErrorCode::unsupported},
       }) {
    expect_refused(row);
  }
  EXPECT_TRUE(looks_binary(bytes("00 'asm' 0d 00 01 00")));
  EXPECT_FALSE(looks_binary(bytes("'(module)'")));
  EXPECT_FALSE(looks_binary(bytes("00 'as'")));
}

TEST(Decoder, RefusesWrongFraming) {
  for (const BadRow& row : {
           BadRow{module({bytes("0e 00")}), "malformed section id", 8},
           BadRow{module({bytes("01 05 00")}), "unexpected end: length out of bounds", 10},
           BadRow{module({bytes("01 80")}), "unexpected end", 10},
           BadRow{module({bytes("01 ff ff ff ff 7f")}), "integer too large", 9},
           BadRow{module({bytes("01 80 80 80 80 80 00")}), "integer representation too long", 9},
           BadRow{module({section(1, "00 00")}), "section size mismatch", 11},
           BadRow{module({section(2, "00"), section(1, "00")}), "unexpected content after", 11},
           BadRow{module({section(1, "00"), section(1, "00")}), "unexpected content after", 11},
           BadRow{module({section(6, "00"), section(13, "00")}), "unexpected content after", 11},
           BadRow{module({section(10, "00"), section(12, "00")}), "unexpected content after", 11},
           BadRow{module({bytes("00 00")}), "unexpected end", 10},
           BadRow{module({section(0, "02 c3 28")}), "malformed UTF-8 encoding", 11},
           BadRow{module({section(0, "05 'abc'")}), "unexpected end", 11},
           BadRow{module({section(1, "01 60 00 00"), section(3, "01 00")}),
                  "function and code section have inconsistent lengths", 18},
           BadRow{module({section(10, "01 02 00 0b")}),
                  "function and code section have inconsistent lengths", 10},
           BadRow{module({section(12, "01")}),
                  "data count and data section have inconsistent lengths", 11},
           BadRow{module({section(12, "01"), section(11, "00")}),
                  "data count and data section have inconsistent lengths", 13},
       }) {
    expect_refused(row);
  }
}

TEST(Decoder, RefusesWrongItems) {
  for (const BadRow& row : {
           // Counts that the bytes cannot hold: before any allocation.
           BadRow{module({section(1, "ff ff ff ff 0f")}), "unexpected end", 10},
           BadRow{module({section(3, "ff ff ff ff 0f")}), "unexpected end", 10},
           BadRow{module({section(2, "02 00 00 00 00")}), "unexpected end", 10},
           BadRow{module({section(1, "02 60 00 00 60")}), "unexpected end", 15},
           BadRow{module({section(1, "01 61 00")}), "malformed type", 11},
           BadRow{module({section(1, "01 60 01 6b")}), "unexpected end", 14},
           BadRow{module({section(1, "01 60 01 00 00")}), "malformed value type", 13},
           BadRow{module({section(1, "01 60 01 78 00")}), "malformed value type", 13},
           BadRow{module({section(1, "01 5e 78 02")}), "malformed mutability", 13},
           BadRow{module({section(1, "01 50 02 00 00 60 00 00")}), "sub type", 12,
                  ErrorCode::invalid},
           BadRow{module({section(2, "01 00 00 05 00")}), "malformed import kind", 13},
           BadRow{module({section(2, "01 01 'a' 01 'b' 7f 01")}), "malformed import kind", 15},
           BadRow{module({section(2, "01 01 ff 00 00 00")}), "malformed UTF-8 encoding", 12},
           BadRow{module({section(4, "01 70 02 00")}), "malformed limits flags", 12},
           BadRow{module({section(4, "01 7f 00 00")}), "malformed reference type", 11},
           BadRow{module({section(4, "01 40 01 70 00 00")}), "zero byte expected", 12},
           BadRow{module({section(5, "01 08 00 00")}), "malformed limits flags", 11},
           BadRow{module({section(5, "01 81 00 00 00")}), "malformed limits flags", 11},
           BadRow{module({section(13, "01 01 00")}), "malformed tag attribute", 11},
           BadRow{module({section(6, "01 7f 02 41 00 0b")}), "malformed mutability", 12},
           BadRow{module({section(6, "01 7f 00 41 00")}), "unexpected end of section", 15},
           BadRow{module({section(6, "01 7f 00 ff 0b")}), "illegal opcode", 13},
           BadRow{module({section(7, "01 00 05 00")}), "malformed export kind", 12},
           BadRow{module({section(9, "01 08 00")}), "malformed elements segment kind", 11},
           BadRow{module({section(9, "01 01 01 00")}), "malformed element kind", 12},
           BadRow{module({section(11, "01 03 00")}), "malformed data segment kind", 11},
           BadRow{module({section(11, "01 01 05 'abcd'")}), "unexpected end: length", 13},
       }) {
    expect_refused(row);
  }
}

TEST(Decoder, LimitsAreNotMalformed) {
  ByteVector many = bytes("e9 07");  // 1001 parameters
  ByteWriter out;
  out.raw(bytes("01 60"));
  out.raw(many);
  for (int i = 0; i < 1001; ++i) out.u8(ValType::kI32);
  out.u8(0);
  ByteWriter framed;
  framed.u8(1);
  framed.sized(out.bytes());
  expect_refused({module({std::move(framed).take()}), "too many items", 13, ErrorCode::limit});

  ByteWriter memories;
  memories.u32(kMaxMemories + 1);
  for (uint32_t i = 0; i <= kMaxMemories; ++i) memories.raw(bytes("00 00"));
  ByteWriter memory_section;
  memory_section.u8(5);
  memory_section.sized(memories.bytes());
  expect_refused(
      {module({std::move(memory_section).take()}), "too many items", 11, ErrorCode::limit});
}

TEST(Decoder, FeaturesDecideWhatIsKnown) {
  struct Row {
    std::string_view off;
    ByteVector input;
  };
  for (const Row& row : {
           Row{"-gc", module({section(1, "01 5e 7f 00")})},
           Row{"-gc", module({section(1, "01 4e 00")})},
           Row{"-gc", module({section(1, "01 50 00 60 00 00")})},
           Row{"-gc", module({section(4, "01 6e 00 00")})},
           Row{"-simd", module({section(1, "01 60 01 7b 00")})},
           Row{"-reference-types", module({section(1, "01 60 01 6f 00")})},
           Row{"-exceptions,-legacy-exceptions", module({section(13, "00")})},
           Row{"-bulk-memory", module({section(12, "00")})},
           Row{"-bulk-memory", module({section(11, "01 01 00")})},
           Row{"-bulk-memory,-reference-types", module({section(9, "01 01 00 00")})},
           Row{"-memory64", module({section(5, "01 04 00")})},
           Row{"-memory64", module({section(4, "01 70 04 00")})},
           Row{"-threads", module({section(5, "01 03 00 01")})},
           Row{"-compact-import-section", module({section(2, "01 01 'a' 00 7f 00")})},
           Row{"-gc,-function-references", module({section(4, "01 40 00 70 00 00 d0 70 0b")})},
           Row{"-saturating-float-to-int",
               module({section(6, "01 7f 00 43 00 00 00 00 fc 00 0b")})},
       }) {
    EXPECT_TRUE(decode(row.input, {})) << row.off;
    Result<Module> refused = decode(row.input, with(row.off));
    ASSERT_FALSE(refused) << row.off;
    EXPECT_EQ(refused.error().code(), ErrorCode::malformed) << row.off;
  }
}

TEST(Decoder, CustomPageSizes) {
  ByteVector small = module({section(5, "01 08 00 00")});
  EXPECT_FALSE(decode(small, {}));
  Features on = with("+custom-page-sizes");
  Module m = decode(small, on).value();
  EXPECT_EQ(m.memories[0].page_size_log2, 0);
  EXPECT_EQ(encode(m), small);
  expect_refused({module({section(5, "01 08 00 41")}), "invalid custom page size", 13}, on);
}

TEST(Decoder, EmptyCompactGroupsLeaveNothing) {
  Module m = decode(module({section(2, "01 01 'x' 00 7f 00")}), {}).value();
  EXPECT_TRUE(m.imports.empty());
  EXPECT_TRUE(m.import_groups.empty());
}

TEST(Decoder, ConstantExpressionsEndAtTheirOwnEnd) {
  Module m = decode(module({section(6, "01 7f 00 02 7f 41 0b 0b 0b")}), {}).value();
  EXPECT_EQ(m.globals[0].init.code.size(), 6u);
}

}  // namespace
}  // namespace nacre::wasm
