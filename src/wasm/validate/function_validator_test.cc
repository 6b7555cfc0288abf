// Rules of instructions, on bodies of a few bytes.
#include "wasm/validate/function_validator.h"

#include <gtest/gtest.h>

#include "wasm/validate/test_module.h"

namespace nacre::wasm {
namespace {

constexpr ValType kI32(ValType::kI32);
constexpr ValType kI64(ValType::kI64);
constexpr ValType kF32(ValType::kF32);
constexpr ValType kV128(ValType::kV128);
constexpr int kI32Code = 0x7F;

// The verdict on one function of a module with one memory, one table and one mutable i32 global.
std::string check(std::vector<ValType> params, std::vector<ValType> results, const Code& code,
                  const Locals& locals = {}) {
  TestModule test;
  test.memory();
  test.table(ValType::funcref());
  test.global(kI32, true, Code().i32(0));
  test.function(std::move(params), std::move(results), code, locals);
  return test.verdict();
}

testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" lacks \"" << part << "\"";
}

TEST(FunctionValidator, NumericRowsFollowTheirSignature) {
  EXPECT_EQ(check({}, {kI32}, Code().i32(1).i32(2).op(Op::i32_add)), "");
  std::string error = check({kI64}, {kI32}, Code().i32(1).op(Op::local_get, 0).op(Op::i32_add));
  EXPECT_TRUE(contains(error, "invalid: function 0: type mismatch: expected i32, found i64"));
  error = check({}, {kI32}, Code().i32(1).op(Op::i32_add));
  EXPECT_TRUE(contains(error, "expected i32, but the operand stack is empty"));
}

TEST(FunctionValidator, ErrorsHoldTheOffsetOfTheInstruction) {
  TestModule test;
  TypeIdx type = test.func_type({}, {});
  // A module of 100 bytes whose only body stands at 40: no locals, nop, drop, end.
  std::vector<uint8_t> bytes(100, 0x01);
  bytes[40] = 0;
  bytes[42] = 0x1A;
  bytes[43] = 0x0B;
  test.module.bytes = bytes;
  test.module.functions.push_back(type);
  test.module.bodies.push_back(test.module.bytes.subspan(40, 4));
  Result<ValidModuleInfo> info = test.validate();
  ASSERT_FALSE(info);
  ASSERT_TRUE(info.error().where());
  EXPECT_EQ(info.error().where()->offset, 42u);
}

TEST(FunctionValidator, ResultsMustBeThereAndNothingElse) {
  EXPECT_TRUE(contains(check({}, {kI32}, Code()), "the operand stack is empty"));
  EXPECT_TRUE(contains(check({}, {}, Code().i32(1)), "too many"));
  EXPECT_EQ(check({}, {kI32, kI64}, Code().i32(1).raw({0x42, 0})), "");
}

TEST(FunctionValidator, UnreachableCodeHasAnyOperands) {
  EXPECT_EQ(check({}, {kI32}, Code().op(Op::unreachable).op(Op::i32_add)), "");
  EXPECT_EQ(check({}, {kI64}, Code().op(Op::unreachable).op(Op::drop)), "");
  EXPECT_EQ(check({}, {}, Code().op(Op::unreachable).op(Op::select).op(Op::drop)), "");
  EXPECT_TRUE(contains(check({}, {}, Code().op(Op::unreachable).raw({0x42, 0}).op(Op::i32_eqz)),
                       "expected i32, found i64"));
  EXPECT_TRUE(contains(check({}, {kI64}, Code().op(Op::unreachable).op(Op::i32_add)),
                       "expected i64, found i32"));
}

TEST(FunctionValidator, SelectWithoutTypeTakesNumbersAndVectors) {
  EXPECT_EQ(check({kV128}, {kV128},
                  Code().op(Op::local_get, 0).op(Op::local_get, 0).i32(1).op(Op::select)),
            "");
  Code references;
  references.raw({0xD0, 0x70}).raw({0xD0, 0x70}).i32(1).op(Op::select).op(Op::drop);
  EXPECT_TRUE(contains(check({}, {}, references), "select of references"));
  EXPECT_TRUE(contains(
      check({kF32}, {}, Code().op(Op::local_get, 0).i32(1).i32(1).op(Op::select).op(Op::drop)),
      "type mismatch"));
}

TEST(FunctionValidator, BlocksHaveTheirOwnOperands) {
  Code code;
  code.i32(1).op(Op::block).raw({kEmptyBlock}).op(Op::drop).op(Op::end);
  EXPECT_TRUE(contains(check({}, {}, code), "the operand stack is empty"));
  Code loop;  // a label of a loop takes the loop's parameters, not its results
  loop.op(Op::loop).raw({kI32Code}).op(Op::br, 0).op(Op::end).op(Op::drop);
  EXPECT_EQ(check({}, {}, loop), "");
}

TEST(FunctionValidator, IfWithoutElsePassesItsParametersOn) {
  EXPECT_TRUE(
      contains(check({}, {kI32}, Code().i32(1).op(Op::if_).raw({kI32Code}).i32(2).op(Op::end)),
               "if without else"));
  EXPECT_EQ(
      check({}, {kI32},
            Code().i32(1).op(Op::if_).raw({kI32Code}).i32(2).op(Op::else_).i32(3).op(Op::end)),
      "");
}

TEST(FunctionValidator, ElseAndEndWithoutPartnerAreMalformed) {
  EXPECT_TRUE(contains(check({}, {}, Code().op(Op::else_)), "malformed: function 0: else"));
  EXPECT_TRUE(contains(check({}, {}, Code().op(Op::end)), "malformed: function 0: bytes left"));
  EXPECT_TRUE(contains(check({}, {}, Code().op(Op::block).raw({kEmptyBlock})), "malformed"));
}

TEST(FunctionValidator, BranchesCarryTheLabelsTypes) {
  EXPECT_TRUE(contains(check({}, {}, Code().op(Op::br, 1)), "unknown label 1"));
  EXPECT_TRUE(contains(check({}, {kI32}, Code().op(Op::br, 0)), "type mismatch"));
  EXPECT_EQ(check({}, {kI32}, Code().i32(1).op(Op::br, 0)), "");
  Code table;
  table.op(Op::block).raw({kI32Code}).i32(7).i32(0);
  table.op(Op::br_table).raw({2, 0, 1, 1}).op(Op::end);
  EXPECT_EQ(check({}, {kI32}, table), "");
  Code uneven;
  uneven.op(Op::block).raw({kEmptyBlock}).i32(7).i32(0);
  uneven.op(Op::br_table).raw({1, 0, 1}).op(Op::end).i32(1);
  EXPECT_TRUE(contains(check({}, {kI32}, uneven), "different numbers of values"));
}

TEST(FunctionValidator, MemoryAccessesCheckAlignmentOffsetAndIndex) {
  EXPECT_EQ(check({}, {kI32}, Code().i32(0).op(Op::i32_load, 2, 0)), "");
  EXPECT_TRUE(contains(check({}, {kI32}, Code().i32(0).op(Op::i32_load, 3, 0)),
                       "alignment must not be larger than natural"));
  EXPECT_TRUE(contains(check({}, {kI32}, Code().i32(0).op(Op::i32_load, 0x40).raw({1, 0})),
                       "unknown memory 1"));
  Code far;
  far.i32(0).op(Op::i32_load, 2).raw({0x80, 0x80, 0x80, 0x80, 0x10});
  EXPECT_TRUE(contains(check({}, {kI32}, far), "offset out of range"));
  EXPECT_TRUE(contains(check({}, {kI32}, Code().i32(0).op(Op::i32_atomic_load, 1, 0)),
                       "alignment of an atomic access must be natural"));
}

TEST(FunctionValidator, Memory64AddressesAreI64) {
  TestModule test;
  test.memory(AddressType::i64);
  test.memory(AddressType::i32);
  // memory.copy 0 1: the length has the smaller type.
  test.function({}, {}, Code().raw({0x42, 0}).i32(0).i32(1).op(Op::memory_copy, 0, 1));
  EXPECT_EQ(test.verdict(), "");
  test.function({}, {}, Code().i32(0).op(Op::i32_load, 2, 0).op(Op::drop));
  EXPECT_TRUE(contains(test.verdict(), "function 1: type mismatch: expected i64, found i32"));
}

TEST(FunctionValidator, LanesAreInRange) {
  Code good;
  good.op(Op::local_get, 0).op(Op::i32x4_extract_lane).raw({3});
  EXPECT_EQ(check({kV128}, {kI32}, good), "");
  Code bad;
  bad.op(Op::local_get, 0).op(Op::i32x4_extract_lane).raw({4});
  EXPECT_TRUE(contains(check({kV128}, {kI32}, bad), "invalid lane index"));
}

TEST(FunctionValidator, LocalsWithoutDefaultAreSetFirst) {
  TestModule test;
  TypeIdx type = test.func_type({}, {});
  // (local (ref 0)): bytes 0x64 0x00, declared by hand.
  auto body = [&](std::initializer_list<int> code) {
    std::vector<uint8_t> bytes{1, 1, 0x64, 0};
    for (int byte : code) bytes.push_back(static_cast<uint8_t>(byte));
    bytes.push_back(0x0B);
    return bytes;
  };
  test.module.exports.push_back({.name = "f", .kind = ExternKind::func, .index = 0});
  test.raw_function(type, body({0xD2, 0, 0x21, 0, 0x20, 0, 0x1A}));  // set, get
  EXPECT_EQ(test.verdict(), "");
  test.raw_function(type, body({0x20, 0, 0x1A}));
  EXPECT_TRUE(contains(test.verdict(), "function 1: uninitialized local 0"));
  // Set inside a block only.
  test.module.bodies.pop_back();
  test.module.functions.pop_back();
  test.raw_function(type, body({0x02, 0x40, 0xD2, 0, 0x21, 0, 0x0B, 0x20, 0, 0x1A}));
  EXPECT_TRUE(contains(test.verdict(), "function 1: uninitialized local 0"));
}

TEST(FunctionValidator, ManyLocalsAreKnownBeyondTheFlatPart) {
  Code last;
  last.op(Op::local_get, 49'999).op(Op::drop).op(Op::local_get, 300).op(Op::drop);
  EXPECT_EQ(check({}, {}, last, {{25'000, 0x7E}, {25'000, kI32Code}}), "");
  Code typed;
  typed.op(Op::local_get, 25'000).op(Op::i32_eqz).op(Op::drop);
  typed.op(Op::local_get, 24'999).op(Op::i64_eqz).op(Op::drop).i32(0).op(Op::local_set, 25'000);
  EXPECT_EQ(check({}, {}, typed, {{25'000, 0x7E}, {25'000, kI32Code}}), "");
  EXPECT_TRUE(
      contains(check({}, {}, Code().op(Op::local_get, 50'000).op(Op::drop), {{50'000, kI32Code}}),
               "unknown local 50000"));
  EXPECT_TRUE(contains(check({}, {}, Code(), {{50'001, kI32Code}}), "limit reached"));
  EXPECT_TRUE(contains(check({}, {}, Code(), {{0xFFFFFFFF, kI32Code}, {1, kI32Code}}),
                       "malformed: function 0: too many locals"));
}

TEST(FunctionValidator, TailCallsReturnWhatTheCallerPromises) {
  TestModule test;
  test.function({kI32}, {kI64}, Code().raw({0x42, 0}));
  test.function({}, {kI64}, Code().i32(1).op(Op::return_call, 0));
  EXPECT_EQ(test.verdict(), "");
  test.function({}, {kI32}, Code().i32(1).op(Op::return_call, 0));
  EXPECT_TRUE(contains(test.verdict(), "function 2: type mismatch: results of a tail call"));
}

TEST(FunctionValidator, FunctionReferencesMustBeDeclared) {
  TestModule test;
  test.function({}, {}, Code().op(Op::ref_func, 0).op(Op::drop));
  EXPECT_TRUE(contains(test.verdict(), "undeclared function reference"));
  test.module.exports.push_back({.name = "f", .kind = ExternKind::func, .index = 0});
  EXPECT_EQ(test.verdict(), "");
}

TEST(FunctionValidator, CallRefTakesAReferenceToTheTypeOrASubtype) {
  TestModule test;
  TypeIdx one = test.func_type({kI32}, {kI32});
  TypeIdx same = test.func_type({kI32}, {kI32});
  TypeIdx other = test.func_type({}, {});
  EXPECT_EQ(index_of(same), 1u);
  uint32_t callee = test.function(one, Code().op(Op::local_get, 0));
  test.module.exports.push_back({.name = "f", .kind = ExternKind::func, .index = callee});
  // Equivalent types are the same type.
  test.function({}, {kI32}, Code().i32(1).op(Op::ref_func, callee).op(Op::call_ref, 1));
  EXPECT_EQ(test.verdict(), "");
  test.function({}, {}, Code().op(Op::ref_func, callee).op(Op::call_ref, index_of(other)));
  EXPECT_TRUE(contains(test.verdict(), "function 2: type mismatch: expected (ref null 2)"));
}

TEST(FunctionValidator, StructuresAndArrays) {
  TestModule test;
  TypeIdx pair = test.struct_type({{ValType::kI8, true}, {kI64, false}});
  TypeIdx bytes = test.array_type({ValType::kI8, true});
  ASSERT_EQ(index_of(bytes), 1u);
  Code make;
  make.i32(1).raw({0x42, 2}).op(Op::struct_new, 0).op(Op::struct_get_s, 0, 0);
  test.function({}, {kI32}, make);
  test.function({}, {kI32},
                Code().i32(3).op(Op::array_new_default, 1).i32(0).op(Op::array_get_u, 1));
  EXPECT_EQ(test.verdict(), "");

  Code unsigned_get;
  unsigned_get.op(Op::struct_new_default, 0).op(Op::struct_get, 0, 0);
  TestModule packed;
  packed.struct_type({{ValType::kI8, true}});
  packed.function({}, {kI32}, unsigned_get);
  EXPECT_TRUE(contains(packed.verdict(), "field is packed"));

  Code write;
  write.op(Op::struct_new_default, 0).raw({0x42, 2}).op(Op::struct_set, index_of(pair), 1);
  test.function({}, {}, write);
  EXPECT_TRUE(contains(test.verdict(), "immutable field 1"));
}

TEST(FunctionValidator, HugeArrayLengthsInUnreachableCodeAreBounded) {
  TestModule test;
  test.array_type({kI32, true});
  test.function({}, {},
                Code().op(Op::unreachable).op(Op::array_new_fixed, 0, 0xFFFFFFFF).op(Op::drop));
  EXPECT_EQ(test.verdict(), "");
}

TEST(FunctionValidator, CastsStayInTheirHierarchy) {
  // ref.cast (ref i31) of an anyref, of a funcref
  EXPECT_EQ(check({}, {}, Code().raw({0xD0, 0x6E}).op(Op::ref_cast).raw({0x6C}).op(Op::drop)), "");
  EXPECT_TRUE(
      contains(check({}, {}, Code().raw({0xD0, 0x70}).op(Op::ref_cast).raw({0x6C}).op(Op::drop)),
               "type mismatch: expected anyref, found funcref"));
  // br_on_cast 0 (ref null any) (ref i31): the block's result takes the i31.
  Code cast;
  cast.op(Op::block).raw({0x64, 0x6C}).raw({0xD0, 0x6E});
  cast.op(Op::br_on_cast).raw({1, 0, 0x6E, 0x6C}).op(Op::unreachable).op(Op::end).op(Op::drop);
  EXPECT_EQ(check({}, {}, cast), "");
}

TEST(FunctionValidator, ExceptionsOfBothKinds) {
  TestModule test;
  TypeIdx payload = test.func_type({kI32}, {});
  test.module.tags.push_back({payload});
  Code table;  // (block (result i32) (try_table (catch 0 0) (throw 0 (i32.const 1))) (i32.const 2))
  table.op(Op::block).raw({kI32Code}).op(Op::try_table).raw({kEmptyBlock, 1, 0, 0, 0});
  table.i32(1).op(Op::throw_, 0).op(Op::end).i32(2).op(Op::end);
  test.function({}, {kI32}, table);
  Code legacy;  // try i32 ... catch 0 ... catch_all ... end
  legacy.op(Op::try_).raw({kI32Code}).i32(1).op(Op::throw_, 0).op(Op::catch_, 0);
  legacy.op(Op::catch_all).op(Op::rethrow, 0).op(Op::end);
  test.function({}, {kI32}, legacy);
  Code delegated;  // try (try throw delegate 0) catch_all end
  delegated.op(Op::try_).raw({kEmptyBlock}).op(Op::try_).raw({kEmptyBlock});
  delegated.i32(1).op(Op::throw_, 0).op(Op::delegate, 0).op(Op::catch_all).op(Op::end);
  test.function({}, {}, delegated);
  EXPECT_EQ(test.verdict(), "");
  test.function({}, {}, Code().op(Op::block).raw({kEmptyBlock}).op(Op::rethrow, 0).op(Op::end));
  EXPECT_TRUE(contains(test.verdict(), "function 3: invalid rethrow label"));
}

TEST(FunctionValidator, CatchAllRefGivesANonNullReference) {
  TestModule test;
  Code code;  // (block (result (ref exn)) (try_table (catch_all_ref 0)) unreachable) drop
  code.op(Op::block).raw({0x64, 0x69}).op(Op::try_table).raw({kEmptyBlock, 1, 3, 0});
  code.op(Op::end).op(Op::unreachable).op(Op::end).op(Op::drop);
  test.function({}, {}, code);
  EXPECT_EQ(test.verdict(), "");
}

TEST(FunctionValidator, WideArithmeticHasTwoResults) {
  Code code;
  for (uint32_t i = 0; i < 4; ++i) code.op(Op::local_get, i);
  code.op(Op::i64_add128);
  EXPECT_EQ(check({kI64, kI64, kI64, kI64}, {kI64, kI64}, code), "");
}

TEST(FunctionValidator, FeaturesThatAreOffMakeOpcodesIllegal) {
  TestModule test;
  test.function({}, {kI32}, Code().i32(1).op(Op::i32_extend8_s));
  Features features;
  features.set(Feature::sign_extension, false);
  EXPECT_TRUE(contains(test.verdict(features), "malformed: function 0: illegal opcode"));
}

TEST(FunctionValidator, OperandStackIsBounded) {
  // Results of calls grow the stack fastest: 1 000 at two bytes.
  TestModule test;
  Code give;
  for (int i = 0; i < 1000; ++i) give.i32(0);
  test.function({}, std::vector<ValType>(1000, kI32), give);
  Code flood;
  for (int i = 0; i < 1100; ++i) flood.op(Op::call, 0);
  flood.op(Op::unreachable);
  test.function({}, {}, flood);
  EXPECT_TRUE(contains(test.verdict(), "limit reached: function 1: more than 1048576 operands"));
}

TEST(FunctionValidator, DeepNestingAndLargeTablesAreQuick) {
  Code deep;
  for (int i = 0; i < 10'000; ++i) deep.op(Op::block).raw({kEmptyBlock});
  for (int i = 0; i < 10'000; ++i) deep.op(Op::end);
  EXPECT_EQ(check({}, {}, deep), "");
  Code table;
  table.i32(0).op(Op::br_table, 1'000'000);
  for (int i = 0; i <= 1'000'000; ++i) table.raw({0});
  EXPECT_EQ(check({}, {}, table), "");
}

}  // namespace
}  // namespace nacre::wasm
