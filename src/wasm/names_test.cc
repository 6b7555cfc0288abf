#include "wasm/names.h"

#include <gtest/gtest.h>

#include "wasm/binary/decoder.h"
#include "wasm/binary/test_modules.h"

namespace nacre::wasm {
namespace {

using test::bytes;
using test::ByteVector;
using test::section;

NameSection sample() {
  NameSection names;
  names.module = "m";
  names.functions = {{0, "f"}, {7, "g"}};
  names.locals = {{0, {{0, "x"}, {2, "y"}}}, {7, {}}};
  names.labels = {{7, {{0, "l"}}}};
  names.types = {{1, "t"}};
  names.tables = {{0, "tab"}};
  names.memories = {{0, "mem"}};
  names.globals = {{200, "glob"}};
  names.elements = {{0, "el"}};
  names.data = {{3, "da"}};
  names.fields = {{1, {{0, "field"}}}};
  names.tags = {{0, "tag"}};
  return names;
}

TEST(Names, SurviveARoundTrip) {
  NameSection names = sample();
  ByteVector payload = encode_names(names);
  EXPECT_EQ(decode_names(payload, 0).value(), names);
  EXPECT_TRUE(encode_names({}).empty());
  EXPECT_TRUE(NameSection{}.empty());
  EXPECT_FALSE(names.empty());
}

TEST(Names, BinaryForm) {
  NameSection names;
  names.module = "m";
  names.functions = {{1, "f"}};
  names.locals = {{1, {{0, "x"}}}};
  EXPECT_EQ(encode_names(names),
            bytes("00 02 01 'm'  01 04 01 01 01 'f'  02 06 01 01 01 00 01 'x'"));
}

TEST(Names, StrictRefuses) {
  struct Row {
    std::string_view input;
    std::string_view message;
    uint64_t offset;
  };
  for (const Row& row : {
           Row{"01 01 00 01 01 00", "a subsection twice or out of order", 53},
           Row{"04 01 00 01 01 00", "a subsection twice or out of order", 53},
           Row{"01 07 02 05 01 'a' 05 01 'b'", "duplicate index", 56},
           Row{"01 07 02 05 01 'a' 04 01 'b'", "index out of order", 56},
           Row{"02 05 02 01 00 01 00", "duplicate index", 55},
           Row{"01 02 00 00", "section size mismatch", 53},
           Row{"01 05 01 00 05 'ab'", "unexpected end: length out of bounds", 55},
           Row{"01 04 01 00 01 ff", "malformed UTF-8 encoding", 55},
           Row{"01 05 ff ff ff ff 0f", "unexpected end: length out of bounds", 52},
           Row{"01 09 00", "unexpected end: length out of bounds", 52},
       }) {
    Result<NameSection> names = decode_names(bytes(row.input), 50);
    ASSERT_FALSE(names) << row.input;
    EXPECT_EQ(names.error().message(), "name section: " + std::string(row.message)) << row.input;
    EXPECT_EQ(names.error().where()->offset, row.offset) << row.input;
  }
}

TEST(Names, UnknownSubsectionsAreSkipped) {
  ByteVector payload = bytes("01 04 01 00 01 'f'  7f 02 aa bb");
  EXPECT_EQ(decode_names(payload, 0)->functions.size(), 1u);
}

TEST(Names, LenientKeepsWhatPrecedesTheError) {
  ByteVector input = test::module({test::custom("name",
                                                "00 02 01 'm'  01 07 02 05 01 'a' 04 01 'b'"
                                                " 04 01 00")});
  Module m = decode(input, {}).value();
  NameSection names = module_names(m);
  EXPECT_EQ(names.module, "m");
  EXPECT_EQ(names.functions, (NameMap{{5, "a"}}));
  EXPECT_TRUE(module_names(Module{}).empty());
}

TEST(Names, LookUp) {
  NameSection names = sample();
  EXPECT_EQ(find_name(names.functions, 7), "g");
  EXPECT_EQ(find_name(names.functions, 6), std::nullopt);
  EXPECT_EQ(find_name(names.functions, 8), std::nullopt);
  ASSERT_NE(find_names(names.locals, 0), nullptr);
  EXPECT_EQ(find_names(names.locals, 0)->size(), 2u);
  EXPECT_EQ(find_names(names.locals, 1), nullptr);
}

TEST(FunctionNames, FallBackToExportsAndImports) {
  Module m = decode(test::module({
                        section(1, "01 60 00 00"),
                        section(2, "02 01 'm' 01 'i' 00 00  01 'm' 01 'j' 00 00"),
                        section(3, "03 00 00 00"),
                        section(7, "02 01 'e' 00 02  01 'n' 00 03"),
                        section(10, "03 02 00 0b 02 00 0b 02 00 0b"),
                        test::custom("name", "00 02 01 'm'  01 07 02 00 01 'a' 03 01 'b'"),
                    }),
                    {})
                 .value();
  FunctionNames names(m);
  EXPECT_EQ(names.find(0), "a");
  EXPECT_EQ(names.find(1), "j");
  EXPECT_EQ(names.find(2), "e");
  EXPECT_EQ(names.find(3), "b");
  EXPECT_EQ(names.find(4), std::nullopt);
  EXPECT_EQ(names.find(99), std::nullopt);
}

TEST(Producers, Decode) {
  ByteVector payload =
      bytes("02  08 'language' 02 04 'Rust' 00 01 'C' 02 '11'  03 'sdk' 01 01 'x' 01 '1'");
  auto fields = decode_producers(payload, 0).value();
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].field, "language");
  EXPECT_EQ(fields[0].values, (std::vector<Producer>{{"Rust", ""}, {"C", "11"}}));
  EXPECT_EQ(fields[1].field, "sdk");
  EXPECT_FALSE(decode_producers(bytes("01 01 'x' 00 00"), 0));
  EXPECT_FALSE(decode_producers(bytes("01 01 'x' 02 00 00"), 0));
}

// Function 1: block, if (at offset 5), br_if (at 12).
ByteVector branching_module() {
  return test::module({
      section(1, "01 60 00 00"),
      section(2, "01 01 'm' 01 'i' 00 00"),
      section(3, "01 00"),
      section(10, "01 11 00 02 40 41 01 04 40 01 0b 41 01 01 0d 00 0b 01 0b"),
  });
}

TEST(BranchHints, SurviveARoundTrip) {
  BranchHints hints = {{1, {{5, true}, {12, false}}}, {9, {{300, true}}}};
  ByteVector payload = encode_branch_hints(hints);
  EXPECT_EQ(payload, bytes("02  01 02 05 01 01 0c 01 00  09 01 ac 02 01 01"));
  EXPECT_EQ(decode_branch_hints(payload, 0).value(), hints);
}

TEST(BranchHints, StrictRefuses) {
  for (std::string_view input : {
           "01 01 02 05 01 01 05 01 00",  // one place twice
           "01 01 02 05 01 01 04 01 00",  // backwards
           "02 01 00 01 00",              // one function twice
           "01 01 01 05 02 01 00",        // two bytes
           "01 01 01 05 01 02",           // neither 0 nor 1
           "01 01 01 05 01",              // cut off
           "00 00",                       // bytes left over
       }) {
    Result<BranchHints> hints = decode_branch_hints(bytes(input), 0);
    ASSERT_FALSE(hints) << input;
    EXPECT_EQ(hints.error().code(), ErrorCode::malformed);
  }
}

TEST(BranchHints, MustStandAtABranch) {
  Module m = decode(branching_module(), {}).value();
  EXPECT_TRUE(check_branch_hints(m, {{1, {{5, true}, {12, false}}}}, {}));
  for (uint32_t offset : {0u, 1u, 6u, 11u, 13u, 500u}) {
    Result<void> result = check_branch_hints(m, {{1, {{offset, true}}}}, {});
    ASSERT_FALSE(result) << offset;
    EXPECT_EQ(result.error().message(), "@metadata.code.branch_hint annotation: invalid target");
  }
  EXPECT_FALSE(check_branch_hints(m, {{0, {{5, true}}}}, {}));
  EXPECT_FALSE(check_branch_hints(m, {{2, {{5, true}}}}, {}));
}

}  // namespace
}  // namespace nacre::wasm
