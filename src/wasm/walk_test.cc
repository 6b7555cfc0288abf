#include "wasm/walk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wasm/binary/test_modules.h"

namespace nacre::wasm {
namespace {

using test::bytes;

// Writes down what it is told.
struct Recorder {
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  void name(const imm::imm_&) { seen.push_back(text); }
#include "wasm/ops.def"
#undef OP
  void begin(const uint8_t* pos) { starts.push_back(pos); }
  std::vector<std::string_view> seen;
  std::vector<const uint8_t*> starts;
};
static_assert(OpVisitor<Recorder>);
static_assert(OpVisitor<NullVisitor>);

struct Outcome {
  std::vector<std::string_view> seen;
  std::vector<size_t> starts;
  std::string error;
  size_t left;
};

Outcome run(std::string_view input, Features features = {}) {
  std::vector<uint8_t> data = bytes(input);
  BodyReader reader(data, 0, features);
  Trusted checker;
  Recorder recorder;
  walk(reader, checker, recorder);
  std::vector<size_t> starts;
  for (const uint8_t* start : recorder.starts) {
    starts.push_back(static_cast<size_t>(start - data.data()));
  }
  EXPECT_EQ(checker.done(), reader.ok()) << input;
  return {recorder.seen, starts, reader.ok() ? "" : reader.error().message(), reader.remaining()};
}

using Names = std::vector<std::string_view>;

TEST(Walk, StopsAtTheEndThatClosesTheExpression) {
  Outcome flat = run("41 05 1a 0b 6a 6a");
  EXPECT_EQ(flat.seen, (Names{"i32.const", "drop", "end"}));
  EXPECT_EQ(flat.starts, (std::vector<size_t>{0, 2, 3}));
  EXPECT_EQ(flat.left, 2u);

  Outcome nested = run("02 40 03 40 41 00 04 40 05 0b 0b 0b 0b");
  EXPECT_EQ(nested.seen,
            (Names{"block", "loop", "i32.const", "if", "else", "end", "end", "end", "end"}));
  EXPECT_EQ(nested.left, 0u);

  Outcome legacy = run("06 40 06 40 18 00 19 0b 1f 40 00 0b 0b");
  EXPECT_EQ(legacy.seen,
            (Names{"try", "try", "delegate", "catch_all", "end", "try_table", "end", "end"}));
  EXPECT_EQ(legacy.left, 0u);
}

TEST(Walk, FailsOnBytesThatAreNoInstructions) {
  EXPECT_EQ(run("41 05").error, "unexpected end of section or function");
  EXPECT_EQ(run("41").error, "unexpected end");
  EXPECT_EQ(run("02 40 0b").error, "unexpected end of section or function");
  EXPECT_EQ(run("01 ff 0b").error, "illegal opcode");
  EXPECT_EQ(run("01 ff 0b").seen, Names{"nop"});
  EXPECT_EQ(run("28 80 01 00 0b").error, "malformed memop flags");
}

TEST(Walk, FeaturesMakeOpcodesIllegal) {
  struct Row {
    std::string_view off;
    std::string_view input;
  };
  for (const Row& row : {
           Row{"-sign-extension", "c0 0b"},
           Row{"-tail-call", "12 00 0b"},
           Row{"-function-references", "14 00 0b"},
           Row{"-gc", "d3 0b"},
           Row{"-exceptions", "0a 0b"},
           Row{"-legacy-exceptions", "09 00 0b"},
           Row{"-relaxed-simd", "fd 80 02 0b"},
           Row{"-simd", "fd 0e 0b"},
           Row{"-threads", "fe 03 00 0b"},
           Row{"-wide-arithmetic", "fc 13 0b"},
           Row{"-bulk-memory", "fc 0b 00 0b"},
       }) {
    EXPECT_EQ(run(row.input).error, "") << row.off;
    Features features;
    ASSERT_TRUE(features.apply(row.off));
    EXPECT_TRUE(run(row.input, features).error.starts_with("illegal opcode: ")) << row.off;
  }
}

// Every row once: the reader consumes exactly the immediate that the row names.
TEST(Walk, EveryInstructionIsDecoded) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    Op op = static_cast<Op>(i);
    if (op == Op::end || op == Op::delegate) continue;  // they close the expression
    const OpInfo& info = op_info(op);
    ByteWriter out;
    out.opcode(op);
    size_t immediate = out.size();
    switch (info.imm) {
      case ImmKind::none:
        break;
      case ImmKind::block_type:
        out.u8(0x40);
        break;
      case ImmKind::br_table:
      case ImmKind::memarg:
      case ImmKind::call_indirect:
      case ImmKind::struct_field:
      case ImmKind::array_fixed:
      case ImmKind::type_data:
      case ImmKind::type_elem:
      case ImmKind::type_type:
      case ImmKind::memory_init:
      case ImmKind::memory_copy:
      case ImmKind::table_init:
      case ImmKind::table_copy:
        out.raw(bytes("00 00"));
        break;
      case ImmKind::try_table:
        out.raw(bytes("40 00"));
        break;
      case ImmKind::select_types:
        out.raw(bytes("01 7f"));
        break;
      case ImmKind::memarg_lane:
        out.raw(bytes("00 00 00"));
        break;
      case ImmKind::shuffle:
      case ImmKind::v128:
        for (int k = 0; k < 16; ++k) out.u8(0);
        break;
      case ImmKind::f32:
        out.fixed<uint32_t>(0);
        break;
      case ImmKind::f64:
        out.fixed<uint64_t>(0);
        break;
      case ImmKind::heap_type:
        out.u8(HeapType::kFunc);
        break;
      case ImmKind::br_on_cast:
        out.raw(bytes("00 00 6e 6d"));
        break;
      default:  // one index, lane, integer or zero byte
        out.u8(0);
    }
    // Every number above is one byte.
    ImmLength length = length_of(info.imm);
    EXPECT_TRUE(!length.known || length.lebs + length.bytes == out.size() - immediate) << info.text;
    if (info.begins_block()) out.opcode(Op::end);
    out.opcode(Op::end);
    BodyReader reader(out.bytes(), 0, Features::all_built());
    Trusted checker;
    Recorder recorder;
    walk(reader, checker, recorder);
    EXPECT_TRUE(reader.ok() && reader.at_end() && checker.done()) << info.text;
    ASSERT_FALSE(recorder.seen.empty()) << info.text;
    EXPECT_EQ(recorder.seen[0], info.text);
  }
}

}  // namespace
}  // namespace nacre::wasm
