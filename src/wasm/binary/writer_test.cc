#include "wasm/binary/writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "wasm/binary/test_modules.h"
#include "wasm/body_reader.h"

namespace nacre::wasm {
namespace {

TEST(ByteWriter, UnsignedIntegersAreShortestAndReadBack) {
  for (uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{16383},
                         uint64_t{16384}, uint64_t{0xFFFFFFFF}, ~uint64_t{0}}) {
    ByteWriter out;
    out.u64(value);
    Reader reader(out.bytes());
    EXPECT_EQ(reader.u64(), value);
    EXPECT_TRUE(reader.ok() && reader.at_end());
    size_t bits = value == 0 ? 1 : 64 - static_cast<size_t>(__builtin_clzll(value));
    EXPECT_EQ(out.size(), (bits + 6) / 7) << value;
  }
}

TEST(ByteWriter, SignedIntegersReadBack) {
  for (int64_t value : {int64_t{0}, int64_t{63}, int64_t{64}, int64_t{-64}, int64_t{-65},
                        int64_t{8191}, int64_t{-8192}, int64_t{0x7FFFFFFF}, int64_t{-0x80000000LL},
                        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    ByteWriter out;
    out.s64(value);
    Reader reader(out.bytes());
    EXPECT_EQ(reader.s64(), value);
    EXPECT_TRUE(reader.ok() && reader.at_end()) << value;
  }
  ByteWriter out;
  out.s64(-64);
  out.s64(64);
  EXPECT_EQ(std::move(out).take(), test::bytes("40 c0 00"));
}

TEST(ByteWriter, OpcodesWithAndWithoutPrefix) {
  ByteWriter out;
  out.opcode(Op::i32_add);
  out.opcode(Op::memory_copy);
  out.opcode(Op::i32x4_relaxed_dot_i8x16_i7x16_add_s);
  EXPECT_EQ(std::move(out).take(), test::bytes("6a fc 0a fd 93 02"));
}

TEST(ByteWriter, TypesTakeTheirShortForm) {
  struct Row {
    ValType type;
    std::string_view bytes;
  };
  for (const Row& row : {
           Row{ValType::kI32, "7f"},
           Row{ValType::kV128, "7b"},
           Row{ValType::kI8, "78"},
           Row{ValType::funcref(), "70"},
           Row{ValType::ref(HeapType::kFunc, false), "64 70"},
           Row{ValType::ref(HeapType::kNone, true), "71"},
           Row{ValType::ref(HeapType::concrete(TypeIdx{5}), true), "63 05"},
           Row{ValType::ref(HeapType::concrete(TypeIdx{64}), false), "64 c0 00"},
       }) {
    ByteWriter out;
    out.val_type(row.type);
    EXPECT_EQ(std::move(out).take(), test::bytes(row.bytes)) << to_string(row.type);
  }
}

TEST(ByteWriter, BlockTypesAndMemargs) {
  ByteWriter out;
  out.block_type({});
  out.block_type({.kind = BlockType::Kind::value, .value = ValType::kI64});
  out.block_type({.kind = BlockType::Kind::type, .type = TypeIdx{64}});
  out.write({.align_log2 = 2, .memory = 0, .offset = 0x80});
  out.write({.align_log2 = 3, .memory = 1, .offset = uint64_t{1} << 32});
  EXPECT_EQ(std::move(out).take(), test::bytes("40 7e c0 00  02 80 01  43 01 80 80 80 80 10"));
}

TEST(ByteWriter, WrapFromPutsTheSizeInFront) {
  ByteWriter out;
  out.u8(0xAA);
  size_t start = out.size();
  for (int i = 0; i < 200; ++i) out.u8(0x55);
  out.wrap_from(start);
  std::vector<uint8_t> bytes = std::move(out).take();
  ASSERT_EQ(bytes.size(), 203u);
  EXPECT_EQ(bytes[0], 0xAA);
  EXPECT_EQ(bytes[1], 0xC8);
  EXPECT_EQ(bytes[2], 0x01);
  EXPECT_EQ(bytes[202], 0x55);
}

}  // namespace
}  // namespace nacre::wasm
