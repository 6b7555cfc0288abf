#include "wasm/body_reader.h"

#include <gtest/gtest.h>

#include "wasm/binary/test_modules.h"

namespace nacre::wasm {
namespace {

using test::bytes;

Features with(std::string_view changes) {
  Features features;
  if (!changes.empty()) {
    EXPECT_TRUE(features.apply(changes)) << changes;
  }
  return features;
}

// The immediate of type T at the front of `input`, which it must use up.
template <class T, class Check>
void expect_read(std::string_view input, Check check) {
  std::vector<uint8_t> data = bytes(input);
  BodyReader reader(data, 0, {});
  T i;
  reader.read(i);
  EXPECT_TRUE(reader.ok()) << input << ": " << reader.error().to_string();
  EXPECT_TRUE(reader.at_end()) << input;
  check(i);
}

template <class T>
std::string read_error(std::string_view input, std::string_view features = "") {
  std::vector<uint8_t> data = bytes(input);
  BodyReader reader(data, 0, with(features));
  T i;
  reader.read(i);
  return reader.ok() ? "" : reader.error().message();
}

TEST(BodyReader, Memarg) {
  expect_read<imm::memarg>("02 80 01", [](auto i) {
    EXPECT_EQ(i.align_log2, 2u);
    EXPECT_EQ(i.memory, 0u);
    EXPECT_EQ(i.offset, 128u);
  });
  expect_read<imm::memarg>("43 05 ff ff ff ff ff ff ff ff ff 01", [](auto i) {
    EXPECT_EQ(i.align_log2, 3u);
    EXPECT_EQ(i.memory, 5u);
    EXPECT_EQ(i.offset, ~uint64_t{0});
  });
  expect_read<imm::memarg_lane>("00 00 0f", [](auto i) { EXPECT_EQ(i.lane, 15); });
  EXPECT_EQ(read_error<imm::memarg>("80 01 00"), "malformed memop flags");
  EXPECT_EQ(read_error<imm::memarg>("40 00 00", "-multi-memory"), "malformed memop flags");
}

TEST(BodyReader, ListsAreSpansOfScratch) {
  expect_read<imm::br_table>("03 00 81 01 02 07", [](auto i) {
    EXPECT_EQ((std::vector<uint32_t>(i.depths.begin(), i.depths.end())),
              (std::vector<uint32_t>{0, 129, 2}));
    EXPECT_EQ(i.default_depth, 7u);
  });
  expect_read<imm::select_types>("01 7b", [](auto i) {
    ASSERT_EQ(i.types.size(), 1u);
    EXPECT_EQ(i.types[0], ValType::kV128);
  });
  expect_read<imm::try_table>("40 04 00 05 01 01 06 02 02 03 03 04", [](auto i) {
    ASSERT_EQ(i.catches.size(), 4u);
    EXPECT_EQ(i.catches[0].kind, Catch::kCatch);
    EXPECT_EQ(i.catches[0].tag, 5u);
    EXPECT_EQ(i.catches[0].label, 1u);
    EXPECT_EQ(i.catches[3].kind, Catch::kCatchAllRef);
    EXPECT_EQ(i.catches[3].label, 4u);
  });
  EXPECT_EQ(read_error<imm::br_table>("ff ff ff ff 0f 00"), "unexpected end: length out of bounds");
  EXPECT_EQ(read_error<imm::br_table>("01 00"), "unexpected end");
  EXPECT_EQ(read_error<imm::try_table>("40 01 04 00"), "malformed catch clause");
}

TEST(BodyReader, BlockTypes) {
  expect_read<imm::block_type>("40",
                               [](auto i) { EXPECT_EQ(i.type.kind, BlockType::Kind::empty); });
  expect_read<imm::block_type>("7e", [](auto i) {
    EXPECT_EQ(i.type.kind, BlockType::Kind::value);
    EXPECT_EQ(i.type.value, ValType::kI64);
  });
  expect_read<imm::block_type>("63 05", [](auto i) {
    EXPECT_EQ(i.type.value, ValType::ref(HeapType::concrete(TypeIdx{5}), true));
  });
  expect_read<imm::block_type>("c0 00", [](auto i) {
    EXPECT_EQ(i.type.kind, BlockType::Kind::type);
    EXPECT_EQ(i.type.type, TypeIdx{64});
  });
  EXPECT_NE(read_error<imm::block_type>("41"), "");
  EXPECT_EQ(read_error<imm::block_type>("ff 7f"), "malformed block type");
  EXPECT_EQ(read_error<imm::block_type>("00", "-multi-value"), "malformed block type");
  EXPECT_EQ(read_error<imm::block_type>("80 80 80 02"),
            "unknown type: index beyond every type section");
}

TEST(BodyReader, HeapAndReferenceTypes) {
  expect_read<imm::heap_type>("6e", [](auto i) { EXPECT_EQ(i.type, HeapType::kAny); });
  expect_read<imm::heap_type>("80 01", [](auto i) { EXPECT_EQ(i.type.index(), TypeIdx{128}); });
  EXPECT_EQ(read_error<imm::heap_type>("7f"), "malformed heap type");
  EXPECT_EQ(read_error<imm::heap_type>("6e", "-gc"), "malformed heap type");
  EXPECT_EQ(read_error<imm::heap_type>("69", "-exceptions"), "malformed heap type");
  expect_read<imm::br_on_cast>("01 03 6e 05", [](auto i) {
    EXPECT_EQ(i.depth, 3u);
    EXPECT_EQ(i.from, ValType::ref(HeapType::kAny, true));
    EXPECT_EQ(i.to, ValType::ref(HeapType::concrete(TypeIdx{5}), false));
  });
  EXPECT_EQ(read_error<imm::br_on_cast>("04 00 6e 6e"), "malformed br_on_cast flags");
}

TEST(BodyReader, IndicesThatWereZeroBytes) {
  expect_read<imm::memory>("81 00", [](auto i) { EXPECT_EQ(i.index, 1u); });
  EXPECT_EQ(read_error<imm::memory>("01", "-multi-memory"), "zero byte expected");
  EXPECT_EQ(read_error<imm::memory>("80 00", "-multi-memory"), "zero byte expected");
  EXPECT_EQ(read_error<imm::memory>("00", "-multi-memory"), "");
  EXPECT_EQ(read_error<imm::call_indirect>("00 01", "-reference-types"), "zero byte expected");
  EXPECT_EQ(read_error<imm::fence>("01"), "zero byte expected");
  expect_read<imm::memory_copy>("01 02", [](auto i) {
    EXPECT_EQ(i.to, 1u);
    EXPECT_EQ(i.from, 2u);
  });
  expect_read<imm::call_indirect>("07 02", [](auto i) {
    EXPECT_EQ(i.type, TypeIdx{7});
    EXPECT_EQ(i.table, 2u);
  });
}

TEST(BodyReader, Opcodes) {
  struct Row {
    std::string_view input;
    Op op;
  };
  for (const Row& row : {
           Row{"6a", Op::i32_add},
           Row{"fc 0a", Op::memory_copy},
           Row{"fc 8a 80 00", Op::memory_copy},  // any LEB128 form of the code
           Row{"fd 93 02", Op::i32x4_relaxed_dot_i8x16_i7x16_add_s},
           Row{"ff", kNoOp},
           Row{"f3", kNoOp},
           Row{"fc ff 01", kNoOp},
           Row{"fd ff ff ff ff 0f", kNoOp},
           Row{"fc", kNoOp},
           Row{"", kNoOp},
       }) {
    std::vector<uint8_t> data = bytes(row.input);
    BodyReader reader(data, 0, {});
    EXPECT_EQ(reader.opcode(), row.op) << row.input;
    EXPECT_EQ(reader.ok(), row.op != kNoOp) << row.input;
  }
}

}  // namespace
}  // namespace nacre::wasm
