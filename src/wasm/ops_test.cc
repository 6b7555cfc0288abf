#include "wasm/ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace nacre::wasm {
namespace {

TEST(Ops, OpcodesFindTheirRows) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& info = kOpInfos[i];
    Op op = info.prefix == 0 ? find_one_byte_op(static_cast<uint8_t>(info.code))
                             : find_prefixed_op(info.prefix, info.code);
    EXPECT_EQ(op, static_cast<Op>(i)) << info.text;
  }
}

TEST(Ops, OtherOpcodesFindNothing) {
  std::set<std::pair<uint32_t, uint32_t>> known;
  for (const OpInfo& info : kOpInfos) known.insert({info.prefix, info.code});
  for (uint32_t code = 0; code < 256; ++code) {
    EXPECT_EQ(find_one_byte_op(static_cast<uint8_t>(code)) != kNoOp, known.contains({0, code}))
        << code;
  }
  for (uint32_t prefix = 0xF0; prefix <= 0xFF; ++prefix) {
    for (uint32_t code = 0; code < 0x400; ++code) {
      EXPECT_EQ(find_prefixed_op(static_cast<uint8_t>(prefix), code) != kNoOp,
                known.contains({prefix, code}))
          << prefix << " " << code;
    }
    EXPECT_EQ(find_prefixed_op(static_cast<uint8_t>(prefix), 0xFFFFFFFF), kNoOp);
  }
}

TEST(Ops, MnemonicsFindTheirFirstRow) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    std::optional<Op> found = find_op(kOpInfos[i].text);
    ASSERT_TRUE(found) << kOpInfos[i].text;
    EXPECT_EQ(op_info(*found).text, kOpInfos[i].text);
    EXPECT_LE(static_cast<uint32_t>(*found), i);
  }
  EXPECT_EQ(find_op("select"), Op::select);
  EXPECT_EQ(find_op("ref.test"), Op::ref_test);
  EXPECT_EQ(find_op("i32.addd"), std::nullopt);
  EXPECT_EQ(find_op(""), std::nullopt);
}

TEST(Ops, RowsStandInOrder) {
  for (uint32_t i = 1; i < kOpCount; ++i) {
    const OpInfo& a = kOpInfos[i - 1];
    const OpInfo& b = kOpInfos[i];
    EXPECT_LT(std::pair(a.prefix, a.code), std::pair(b.prefix, b.code)) << b.text;
  }
}

TEST(Ops, ColumnsAreWellFormed) {
  constexpr std::string_view kFlags[] = {
#define OP(name, text, prefix, code, imm, sig, feature, flags) flags,
#include "wasm/ops.def"
#undef OP
  };
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& info = kOpInfos[i];
    std::string_view flags = kFlags[i];
    std::string text(info.text);
    EXPECT_EQ(flags.find_first_not_of("CTRWABKSMEJDNF01234"), std::string_view::npos) << text;
    for (char flag : flags) EXPECT_EQ(std::ranges::count(flags, flag), 1) << text;
    if (!info.signature.empty()) {
      EXPECT_EQ(std::ranges::count(info.signature, ':'), 1) << text;
      EXPECT_EQ(info.signature.find_first_not_of("ilfdva:"), std::string_view::npos) << text;
    }
    bool is_memarg = info.imm == ImmKind::memarg || info.imm == ImmKind::memarg_lane;
    if (is_memarg) {
      EXPECT_TRUE(info.signature.starts_with('a')) << text;
      EXPECT_TRUE(info.has_flag('R') || info.has_flag('W')) << text;
      EXPECT_TRUE(info.has_flag('T')) << text;
    }
    bool has_digit = flags.find_first_of("01234") != std::string_view::npos;
    EXPECT_EQ(has_digit, is_memarg || info.imm == ImmKind::lane) << text;
    bool atomic = text.find("atomic") != std::string::npos && info.imm == ImmKind::memarg;
    EXPECT_EQ(info.has_flag('A'), atomic) << text;
    // What begins a block has its type; what has a data segment's index needs their count.
    bool has_block_type = info.imm == ImmKind::block_type || info.imm == ImmKind::try_table;
    EXPECT_EQ(info.begins_block(), has_block_type) << text;
    bool has_data = info.imm == ImmKind::data || info.imm == ImmKind::memory_init ||
                    info.imm == ImmKind::type_data;
    EXPECT_EQ(info.needs_data_count(), has_data) << text;
    // Branches own entries but for delegate, which only hands exceptions on.
    bool branches = info.imm == ImmKind::label || info.imm == ImmKind::br_table ||
                    info.imm == ImmKind::br_on_cast;
    EXPECT_TRUE(info.owns_branch_entries() || !branches || text == "delegate") << text;
    EXPECT_LE(info.begins_block() + info.splits_block() + info.ends_block(), 1) << text;
  }
}

// The table has no second source in the program; these are fixed points to anchor it.
TEST(Ops, AnchorsFromTheSpecification) {
  struct Row {
    Op op;
    uint8_t prefix;
    uint16_t code;
    std::string_view signature;
  };
  for (const Row& row : {
           Row{Op::i32_const, 0, 0x41, ":i"},
           Row{Op::i32_add, 0, 0x6A, "ii:i"},
           Row{Op::f64_reinterpret_i64, 0, 0xBF, "l:d"},
           Row{Op::i64_extend32_s, 0, 0xC4, "l:l"},
           Row{Op::i31_get_u, 0xFB, 0x1E, ""},
           Row{Op::table_fill, 0xFC, 0x11, ""},
           Row{Op::i64_mul_wide_u, 0xFC, 0x16, "ll:ll"},
           Row{Op::f64x2_convert_low_i32x4_u, 0xFD, 0xFF, "v:v"},
           Row{Op::i32x4_relaxed_dot_i8x16_i7x16_add_s, 0xFD, 0x113, "vvv:v"},
           Row{Op::i64_atomic_rmw32_cmpxchg_u, 0xFE, 0x4E, "all:l"},
       }) {
    const OpInfo& info = op_info(row.op);
    EXPECT_EQ(info.prefix, row.prefix) << info.text;
    EXPECT_EQ(info.code, row.code) << info.text;
    EXPECT_EQ(info.signature, row.signature) << info.text;
  }
  EXPECT_EQ(op_info(Op::v128_load).width_log2(), 4u);
  EXPECT_TRUE(op_info(Op::i32_add).has_flag('C'));
}

}  // namespace
}  // namespace nacre::wasm
