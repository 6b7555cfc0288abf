// Rules of modules.
#include "wasm/validate/validate.h"

#include <gtest/gtest.h>

#include "wasm/validate/test_module.h"

namespace nacre::wasm {
namespace {

constexpr ValType kI32(ValType::kI32);
constexpr ValType kI64(ValType::kI64);

testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" lacks \"" << part << "\"";
}

SubType open_struct(std::vector<FieldType> fields, std::optional<TypeIdx> super = {}) {
  SubType type;
  type.kind = SubType::Kind::structure;
  type.is_final = false;
  type.super = super;
  type.fields = std::move(fields);
  return type;
}

TEST(ValidateModule, AnEmptyModuleIsValid) {
  TestModule test;
  EXPECT_EQ(test.verdict(), "");
}

TEST(ValidateModule, TypesReferToEarlierGroupsOrTheirOwn) {
  ValType third = ValType::ref(HeapType::concrete(TypeIdx{2}), true);
  TestModule apart;
  apart.struct_type({});
  apart.struct_type({{third, false}});
  apart.struct_type({});
  EXPECT_TRUE(contains(apart.verdict(), "type 1: unknown type 2"));
  apart.module.rec_groups = {{.first = 0, .count = 1}, {.first = 1, .count = 2}};
  EXPECT_EQ(apart.verdict(), "");
}

TEST(ValidateModule, SubtypesMatchTheirSupertype) {
  TestModule test;
  TypeIdx base = test.add_type(open_struct({{kI32, false}}));
  test.add_type(open_struct({{kI32, false}, {kI64, true}}, base));
  EXPECT_EQ(test.verdict(), "");
  test.add_type(open_struct({{kI64, false}}, base));
  EXPECT_TRUE(contains(test.verdict(), "type 2: sub type does not match its supertype 0"));
  TestModule sealed;
  TypeIdx last = sealed.struct_type({});
  sealed.add_type(open_struct({}, last));
  EXPECT_TRUE(contains(sealed.verdict(), "supertype 0 is final"));
}

TEST(ValidateModule, SubtypeChainsAreBounded) {
  TestModule test;
  TypeIdx type = test.add_type(open_struct({}));
  for (int i = 0; i < 63; ++i) type = test.add_type(open_struct({}, type));
  EXPECT_EQ(test.verdict(), "");
  test.add_type(open_struct({}, type));
  EXPECT_TRUE(contains(test.verdict(), "limit reached"));
}

TEST(ValidateModule, MemoryAndTableLimits) {
  auto memory = [](MemoryType type) {
    TestModule test;
    test.module.memories.push_back(type);
    return test.verdict();
  };
  EXPECT_EQ(memory({.limits = {.min = 65536}}), "");
  EXPECT_TRUE(contains(memory({.limits = {.min = 65537}}), "memory size"));
  EXPECT_TRUE(contains(memory({.limits = {.min = 2, .max = 1}}), "size minimum"));
  EXPECT_EQ(memory({.limits = {.min = uint64_t{1} << 48, .address = AddressType::i64}}), "");
  EXPECT_TRUE(
      contains(memory({.limits = {.min = (uint64_t{1} << 48) + 1, .address = AddressType::i64}}),
               "memory size"));
  EXPECT_TRUE(contains(memory({.limits = {.min = 1}, .shared = true}), "must have maximum"));
  EXPECT_EQ(memory({.limits = {.min = 0xFFFFFFFF}, .page_size_log2 = 0}), "");
  EXPECT_TRUE(
      contains(memory({.limits = {.min = 1}, .page_size_log2 = 3}), "invalid custom page size"));
  TestModule table;
  table.module.tables.push_back({.type = {ValType::funcref(), {.min = 0x100000000}}});
  EXPECT_TRUE(contains(table.verdict(), "table size"));
  table.module.tables[0].type.limits.address = AddressType::i64;
  EXPECT_EQ(table.verdict(), "");
}

TEST(ValidateModule, CustomPageSizesAreOffByDefault) {
  TestModule test;
  test.module.memories.push_back({.limits = {.min = 1}, .page_size_log2 = 0});
  EXPECT_TRUE(contains(test.verdict(Features()), "switched off"));
}

TEST(ValidateModule, TablesOfNonNullReferencesNeedAValue) {
  TestModule test;
  test.table(ValType::ref(HeapType::kFunc, false));
  EXPECT_TRUE(contains(test.verdict(), "table 0: type mismatch"));
}

TEST(ValidateModule, ConstantExpressionsAreConstant) {
  TestModule test;
  test.global(kI32, false, Code().i32(1).i32(2).op(Op::i32_mul));
  test.global(kI32, false, Code().op(Op::global_get, 0));
  EXPECT_EQ(test.verdict(), "");
  Features strict;
  strict.set(Feature::extended_const, false);
  EXPECT_TRUE(contains(test.verdict(strict), "constant expression required: i32.mul"));
  test.global(kI32, false, Code().op(Op::global_get, 2));
  EXPECT_TRUE(contains(test.verdict(), "global 2: unknown global 2"));
  TestModule computed;
  computed.global(kI32, false, Code().i32(1).op(Op::i32_clz));
  EXPECT_TRUE(contains(computed.verdict(), "global 0: constant expression required"));
  TestModule mutated;
  mutated.global(kI32, true, Code().i32(1));
  mutated.global(kI32, false, Code().op(Op::global_get, 0));
  EXPECT_TRUE(contains(mutated.verdict(), "global 1: constant expression required"));
  TestModule wrong;
  wrong.global(kI64, false, Code().i32(1));
  EXPECT_TRUE(contains(wrong.verdict(), "type mismatch: expected i64, found i32"));
}

TEST(ValidateModule, ElementSegmentsFitTheirTable) {
  TestModule test;
  test.function({}, {}, Code());
  test.table(ValType::externref());
  ElementSegment segment;
  segment.offset = test.expr(Code().i32(0));
  segment.functions = {0};
  test.module.elements.push_back(segment);
  EXPECT_TRUE(contains(test.verdict(), "element segment 0: type mismatch"));
  test.module.tables[0].type.element = ValType::funcref();
  EXPECT_EQ(test.verdict(), "");
  test.module.elements[0].functions = {1};
  EXPECT_TRUE(contains(test.verdict(), "element segment 0: unknown function 1"));
}

TEST(ValidateModule, ExportsAreUniqueAndExist) {
  TestModule test;
  test.function({}, {}, Code());
  test.module.exports.push_back({.name = "a", .kind = ExternKind::func, .index = 0});
  test.module.exports.push_back({.name = "a", .kind = ExternKind::func, .index = 0});
  EXPECT_TRUE(contains(test.verdict(), "export \"a\": duplicate export name"));
  test.module.exports[1] = {.name = "b", .kind = ExternKind::memory, .index = 0};
  EXPECT_TRUE(contains(test.verdict(), "export \"b\": unknown memory 0"));
}

TEST(ValidateModule, StartTakesAndGivesNothing) {
  TestModule test;
  test.function({kI32}, {}, Code());
  test.module.start = 0;
  EXPECT_TRUE(contains(test.verdict(), "start function"));
  test.module.start = 1;
  EXPECT_TRUE(contains(test.verdict(), "start function: unknown function 1"));
}

TEST(ValidateModule, TagsHaveNoResults) {
  TestModule test;
  test.module.tags.push_back({test.func_type({}, {kI32})});
  EXPECT_TRUE(contains(test.verdict(), "non-empty tag result type"));
}

TEST(ValidateModule, BinariesNeedADataCountForBulkInstructions) {
  TestModule test;
  test.module.data.push_back({.mode = DataSegment::Mode::passive});
  test.function({}, {}, Code().op(Op::data_drop, 0));
  EXPECT_EQ(test.verdict(), "");  // from text
  std::vector<uint8_t> bytes(8);
  test.module.bytes = bytes;
  EXPECT_TRUE(contains(test.verdict(), "malformed: function 0: data count section required"));
  test.module.data_count = 1;
  EXPECT_EQ(test.verdict(), "");
}

TEST(ValidateModule, BodiesCanWait) {
  TestModule test;
  test.function({}, {}, Code().op(Op::drop));
  Result<ValidModuleInfo> info = test.validate({.bodies = false});
  ASSERT_TRUE(info);
  EXPECT_FALSE(validate_function(*info, 0));
}

TEST(ValidateModule, TheLowestFaultyFunctionIsNamedOnAnyNumberOfThreads) {
  TestModule test;
  TypeIdx type = test.func_type({}, {});
  Code large;
  for (int i = 0; i < 10'000; ++i) large.op(Op::nop);
  for (int i = 0; i < 200; ++i) {
    bool faulty = i % 40 == 37;
    test.function(type, faulty ? Code(large).op(Op::drop) : large);
  }
  for (uint32_t threads : {1u, 2u, 8u}) {
    Result<ValidModuleInfo> info = test.validate({.threads = threads});
    ASSERT_FALSE(info);
    EXPECT_TRUE(contains(info.error().to_string(), "function 37:")) << threads;
  }
}

TEST(ValidateModule, BodiesThatAreCutShortAreMalformed) {
  TestModule test;
  TypeIdx type = test.func_type({}, {});
  test.raw_function(type, {});
  EXPECT_TRUE(contains(test.verdict(), "malformed: function 0: unexpected end"));
  TestModule open;
  open.raw_function(open.func_type({}, {}), {0, 0x01});
  EXPECT_TRUE(contains(open.verdict(), "malformed: function 0: unexpected end"));
  TestModule illegal;
  illegal.raw_function(illegal.func_type({}, {}), {0, 0x27, 0x0B});
  EXPECT_TRUE(contains(illegal.verdict(), "malformed: function 0: illegal opcode"));
}

}  // namespace
}  // namespace nacre::wasm
