#include "wasm/validate/side_table.h"

#include <gtest/gtest.h>

#include <map>

#include "wasm/validate/body.h"
#include "wasm/validate/side_table_check.h"
#include "wasm/validate/test_module.h"

namespace nacre::wasm {
namespace {

// What holds in front of an instruction.
struct Place {
  uint32_t entry = 0;  // of the side table
  uint32_t height = 0;
  bool live = true;
  Op op = kNoOp;
  uint32_t immediates = 0;
  uint32_t entries = 0;  // that the instruction owns
};

// Notes the places of a body, counting the entries by the rules that side_table.h gives.
class Surveyor {
 public:
  Surveyor(const FunctionValidator& validator, const uint8_t* body, uint32_t code_begin)
      : validator_(validator), body_(body), at_(code_begin) {}

  void begin(const uint8_t* pos) {
    at_ = static_cast<uint32_t>(pos - body_);
    places[at_] = {
        .entry = entry_, .height = validator_.height(), .live = !validator_.unreachable()};
  }
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  void name(const imm::imm_& i) { note(Op::name, i); }
#include "wasm/ops.def"
#undef OP

  std::map<uint32_t, Place> places;

 private:
  template <class Imm>
  void note(Op op, const Imm& i) {
    Place& place = places[at_];
    place.op = op;
    place.immediates = at_ + 1;
    if (body_[at_] >= kFirstPrefix) {
      while (body_[place.immediates++] >= 0x80) {
      }
    }
    switch (op) {
      case Op::br:
      case Op::br_if:
      case Op::br_on_null:
      case Op::br_on_non_null:
      case Op::br_on_cast:
      case Op::br_on_cast_fail:
      case Op::if_:
      case Op::else_:
      case Op::catch_:
      case Op::catch_all:
      case Op::rethrow:
        place.entries = 1;
        break;
      case Op::br_table:
        if constexpr (std::is_same_v<Imm, imm::br_table>) {
          place.entries = static_cast<uint32_t>(i.depths.size() + 1);
        }
        break;
      default:
        break;
    }
    entry_ += place.entries;
  }

  const FunctionValidator& validator_;
  const uint8_t* body_;
  uint32_t at_;
  uint32_t entry_ = 0;
};

// Operands that the instruction takes before it branches.
uint32_t operands_taken(Op op) {
  return op == Op::br_if || op == Op::if_ || op == Op::br_table || op == Op::br_on_null ? 1 : 0;
}

class Comparison {
 public:
  Comparison(const SideTable& table, const FunctionShape& shape,
             const std::map<uint32_t, Place>& places)
      : table_(table), shape_(shape), places_(places) {}

  std::string run() const {
    uint32_t entries = 0;
    for (const auto& [pc, place] : places_) {
      if (place.height > shape_.max_operands) return text("max_operands too small", pc);
      for (uint32_t k = 0; k < place.entries; ++k, ++entries) {
        if (entries != place.entry + k || entries >= table_.branches.size()) {
          return text("entries out of step", pc);
        }
        std::string wrong = check_branch(pc, place, place.entry + k);
        if (!wrong.empty()) return wrong;
      }
    }
    if (entries != table_.branches.size()) return "entries without an instruction";
    for (const ExceptionHandler& handler : table_.handlers) {
      std::string wrong = check_handler(handler);
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

 private:
  static std::string text(const std::string& what, uint32_t pc) {
    return what + " at " + std::to_string(pc);
  }

  std::string check_branch(uint32_t pc, const Place& place, uint32_t index) const {
    const BranchEntry& entry = table_.branches[index];
    if (place.op == Op::rethrow) {
      return entry.pop < shape_.exception_slots ? "" : text("no such exception slot", pc);
    }
    uint32_t target = place.immediates + static_cast<uint32_t>(entry.delta_pc);
    uint32_t cursor = index + static_cast<uint32_t>(entry.delta_entry);
    if (!place.live) return check_target(target, cursor, 0, false, pc);
    uint32_t height = place.height - operands_taken(place.op);
    // The arm above `else` and catch was completed: what is there are the block's results.
    if (uint32_t{entry.pop} + uint32_t{entry.keep} > height) return text("pops too much", pc);
    return check_target(target, cursor, height - entry.pop, true, pc);
  }

  std::string check_target(uint32_t target, uint32_t cursor, uint32_t height, bool live,
                           uint32_t pc) const {
    auto found = places_.find(target);
    if (found == places_.end()) return text("target is not an instruction", pc);
    if (target == shape_.code_end - 1) {
      if (cursor != table_.branches.size()) return text("return does not end the table", pc);
      return !live || height == shape_.result_count ? "" : text("return of a wrong height", pc);
    }
    if (cursor != found->second.entry) return text("cursor does not fit the target", pc);
    if (live && height != found->second.height) return text("height does not fit the target", pc);
    return "";
  }

  std::string check_handler(const ExceptionHandler& handler) const {
    uint32_t pc = handler.begin;
    if (handler.begin > handler.end) return text("handler of a negative range", pc);
    if (!places_.contains(handler.begin) || !places_.contains(handler.end)) {
      return text("handler range is not of whole instructions", pc);
    }
    if (handler.kind == ExceptionHandler::Kind::delegate) {
      return places_.contains(handler.target_pc) ? "" : text("delegate to nowhere", pc);
    }
    return check_target(handler.target_pc, handler.target_entry, 0, false, pc);
  }

  const SideTable& table_;
  const FunctionShape& shape_;
  const std::map<uint32_t, Place>& places_;
};

}  // namespace

std::string check_side_table(const ValidModuleInfo& info, uint32_t function) {
  SideTable table;
  Result<FunctionShape> shape = build_side_table(info, function, table);
  if (!shape) return shape.error().to_string();
  Bytes body = info.module().body_of(function);
  if (shape->code_end != body.size()) return "code_end is not the end of the body";
  FunctionValidator validator(info.context());
  Surveyor surveyor(validator, body.data(), shape->code_begin);
  Result<void> walked = walk_body(info.context(), validator, function,
                                  [&](BodyReader&) -> Surveyor& { return surveyor; });
  if (!walked) return walked.error().to_string();
  return Comparison(table, *shape, surveyor.places).run();
}

namespace {

constexpr ValType kI32(ValType::kI32);
constexpr int kI32Code = 0x7F;

struct Built {
  SideTable table;
  FunctionShape shape;
};

// The side table of the last function, checked against its body.
Built build(TestModule& test) {
  Built built;
  Result<ValidModuleInfo> info = test.validate();
  EXPECT_TRUE(info) << info.error().to_string();
  uint32_t function = static_cast<uint32_t>(test.module.functions.size() - 1);
  Result<FunctionShape> shape = build_side_table(*info, function, built.table);
  EXPECT_TRUE(shape);
  built.shape = *shape;
  EXPECT_EQ(check_side_table(*info, function), "");
  return built;
}

void expect_entry(const BranchEntry& entry, int pc, int cursor, uint32_t pop, uint32_t keep) {
  EXPECT_EQ(entry.delta_pc, pc);
  EXPECT_EQ(entry.delta_entry, cursor);
  EXPECT_EQ(entry.pop, pop);
  EXPECT_EQ(entry.keep, keep);
}

TEST(SideTable, BranchOutOfABlockDropsWhatIsBeneath) {
  TestModule test;
  Code code;  // 1: block i32, 3: const, 5: const, 7: br 0, 9: end, 10: drop
  code.op(Op::block).raw({kI32Code}).i32(1).i32(2).op(Op::br, 0).op(Op::end).op(Op::drop);
  test.function({}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 1u);
  // From 8, the immediate of br, to 10, behind the end.
  expect_entry(built.table.branches[0], 2, 1, 1, 1);
  EXPECT_EQ(built.shape.code_begin, 1u);
  EXPECT_EQ(built.shape.max_operands, 2u);
}

TEST(SideTable, LoopsGoBackWithTheCursor) {
  TestModule test;
  Code code;  // 1: block, 3: loop, 5: local.get 0, 7: br_if 1, 9: br 0, 11: end, 12: end
  code.op(Op::block).raw({kEmptyBlock}).op(Op::loop).raw({kEmptyBlock});
  code.op(Op::local_get, 0).op(Op::br_if, 1).op(Op::br, 0).op(Op::end).op(Op::end);
  test.function({kI32}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 2u);
  expect_entry(built.table.branches[0], 13 - 8, 2, 0, 0);
  expect_entry(built.table.branches[1], 5 - 10, -1, 0, 0);
  EXPECT_EQ(built.shape.param_count, 1u);
  EXPECT_EQ(built.shape.local_count, 1u);
}

TEST(SideTable, LoopsGoBackBehindTheirFirstBlocks) {
  TestModule test;
  // 1: loop, 3: block, 5: block, 7: br 2, 9: end, 10: block, 12: br 2, 14: end, 15: end, 16: end
  Code code;
  code.op(Op::loop).raw({kEmptyBlock}).op(Op::block).raw({kEmptyBlock});
  code.op(Op::block).raw({kEmptyBlock}).op(Op::br, 2).op(Op::end);
  code.op(Op::block).raw({kEmptyBlock}).op(Op::br, 2).op(Op::end).op(Op::end).op(Op::end);
  test.function({}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 2u);
  expect_entry(built.table.branches[0], 7 - 8, 0, 0, 0);
  expect_entry(built.table.branches[1], 7 - 13, -1, 0, 0);
}

TEST(SideTable, IfJumpsBehindElseAndElseBehindEnd) {
  TestModule test;
  Code code;  // 1: const, 3: if i32, 5: const, 7: else, 8: const, 10: end, 11: end
  code.i32(1).op(Op::if_).raw({kI32Code}).i32(2).op(Op::else_).i32(3).op(Op::end);
  test.function({}, {kI32}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 2u);
  expect_entry(built.table.branches[0], 8 - 4, 2, 0, 0);
  expect_entry(built.table.branches[1], 11 - 8, 1, 0, 0);
}

TEST(SideTable, IfWithoutElseJumpsBehindEnd) {
  TestModule test;
  Code code;  // 1: const, 3: if, 5: nop, 6: end, 7: end
  code.i32(1).op(Op::if_).raw({kEmptyBlock}).op(Op::nop).op(Op::end);
  test.function({}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 1u);
  expect_entry(built.table.branches[0], 7 - 4, 1, 0, 0);
}

TEST(SideTable, TableHasAnEntryALabelAndTheDefault) {
  TestModule test;
  Code code;  // 1: block, 3: block, 5: const, 7: br_table 0 1 2, 12: end, 13: end, 14: end
  code.op(Op::block).raw({kEmptyBlock}).op(Op::block).raw({kEmptyBlock}).i32(0);
  code.op(Op::br_table).raw({2, 0, 1, 2}).op(Op::end).op(Op::end);
  test.function({}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 3u);
  expect_entry(built.table.branches[0], 13 - 8, 3, 0, 0);
  expect_entry(built.table.branches[1], 14 - 8, 2, 0, 0);
  expect_entry(built.table.branches[2], 14 - 8, 1, 0, 0);  // a return: on the final end
  EXPECT_EQ(built.shape.code_end, 15u);
}

TEST(SideTable, PrefixedBranchesCountFromTheirImmediates) {
  TestModule test;
  Code code;  // 1: block (ref i31), 4: ref.null any, 6: br_on_cast (2 bytes), 12: unreachable ...
  code.op(Op::block).raw({0x64, 0x6C}).raw({0xD0, 0x6E});
  code.op(Op::br_on_cast).raw({1, 0, 0x6E, 0x6C}).op(Op::unreachable).op(Op::end).op(Op::drop);
  test.function({}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.branches.size(), 1u);
  expect_entry(built.table.branches[0], 14 - 8, 1, 0, 1);
}

TEST(SideTable, TryTableNamesItsHandlers) {
  TestModule test;
  test.module.tags.push_back({test.func_type({kI32}, {})});
  // 1: const, 3: block i32, 5: try_table (catch 0 0), 11: nop, 12: end, 13: const, 15: end
  Code code;
  code.i32(9).op(Op::block).raw({kI32Code}).op(Op::try_table).raw({kEmptyBlock, 1, 0, 0, 0});
  code.op(Op::nop).op(Op::end).i32(2).op(Op::end).op(Op::i32_add);
  test.function({}, {kI32}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.handlers.size(), 1u);
  const ExceptionHandler& handler = built.table.handlers[0];
  EXPECT_EQ(handler.kind, ExceptionHandler::Kind::catch_);
  EXPECT_EQ(handler.begin, 11u);
  EXPECT_EQ(handler.end, 12u);
  EXPECT_EQ(handler.target_pc, 16u);
  EXPECT_EQ(handler.target_entry, 0u);
  EXPECT_EQ(handler.height, 1u);
}

TEST(SideTable, LegacyCatchesKeepTheirExceptionAndDelegateSkips) {
  TestModule test;
  test.module.tags.push_back({test.func_type({}, {})});
  Code code;  // 1: try, 3: try, 5: throw 0, 7: delegate 0, 9: catch 0, 11: rethrow 0, 13: end
  code.op(Op::try_).raw({kEmptyBlock}).op(Op::try_).raw({kEmptyBlock}).op(Op::throw_, 0);
  code.op(Op::delegate, 0).op(Op::catch_, 0).op(Op::rethrow, 0).op(Op::end);
  test.function({}, {}, code);
  Built built = build(test);
  ASSERT_EQ(built.table.handlers.size(), 2u);
  const ExceptionHandler& delegate = built.table.handlers[0];
  EXPECT_EQ(delegate.kind, ExceptionHandler::Kind::delegate);
  EXPECT_EQ(delegate.begin, 5u);
  EXPECT_EQ(delegate.end, 7u);
  EXPECT_EQ(delegate.target_pc, 3u);
  const ExceptionHandler& handler = built.table.handlers[1];
  EXPECT_EQ(handler.begin, 3u);
  EXPECT_EQ(handler.end, 9u);
  EXPECT_EQ(handler.target_pc, 11u);
  EXPECT_EQ(handler.target_entry, 1u);
  EXPECT_EQ(handler.exception_slot, 0u);
  EXPECT_EQ(built.shape.exception_slots, 1u);
  ASSERT_EQ(built.table.branches.size(), 2u);  // catch, rethrow
  EXPECT_EQ(built.table.branches[1].pop, 0u);
}

TEST(SideTable, ShapeSaysWhetherVectorsOccur) {
  TestModule plain;
  plain.function({}, {kI32}, Code().i32(1));
  EXPECT_FALSE(build(plain).shape.uses_v128);
  TestModule local;
  local.function({}, {}, Code(), {{1, 0x7B}});
  EXPECT_TRUE(build(local).shape.uses_v128);
  TestModule called;
  called.function({}, {ValType::kV128}, Code().op(Op::unreachable));
  called.function({}, {}, Code().op(Op::call, 0).op(Op::drop));
  EXPECT_TRUE(build(called).shape.uses_v128);
  TestModule made;
  made.function({kI32}, {}, Code().op(Op::local_get, 0).op(Op::i32x4_splat).op(Op::drop));
  EXPECT_TRUE(build(made).shape.uses_v128);
}

TEST(SideTable, InvalidBodiesHaveNone) {
  TestModule test;
  test.function({}, {}, Code().op(Op::drop));
  Result<ValidModuleInfo> info = test.validate({.bodies = false});
  ASSERT_TRUE(info);
  SideTable table;
  Result<FunctionShape> shape = build_side_table(*info, 0, table);
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().code(), ErrorCode::invalid);
}

}  // namespace
}  // namespace nacre::wasm
