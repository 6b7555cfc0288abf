#include "wasm/text/script.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace nacre::wasm {
namespace {

using Kind = Command::Kind;

std::vector<Command> parse_ok(std::string_view source) {
  Result<std::vector<Command>> commands = parse_script(source);
  if (!commands) {
    ADD_FAILURE() << source << "\n" << commands.error().to_string();
    return {};
  }
  return *std::move(commands);
}

TEST(Script, ReadsModules) {
  constexpr std::string_view kSource =
      "(module $a (func))\n(module binary \"\\00as\" \"m\")\n(module $q quote \"(fu\" \"nc)\")\n"
      "(module definition $d (func))\n(module instance $i $d)\n(module)\n(func) (memory 0)\n"
      "(register \"r\" $a)";
  std::vector<Command> commands = parse_ok(kSource);
  ASSERT_EQ(commands.size(), 8u);
  for (size_t i = 0; i < commands.size(); ++i) EXPECT_EQ(commands[i].line, i + 1);
  EXPECT_EQ(commands[0].module.id, "$a");
  EXPECT_EQ(commands[0].module.text, "(module $a (func))");
  EXPECT_EQ(commands[1].module.form, ScriptModule::Form::binary);
  EXPECT_EQ(commands[1].module.content, std::string("\0asm", 4));
  EXPECT_EQ(commands[2].module.content, "(func)");
  EXPECT_TRUE(commands[3].module.definition);
  EXPECT_EQ(commands[4].kind, Kind::instance);
  EXPECT_EQ(commands[4].id, "$i");
  EXPECT_EQ(commands[4].source_id, "$d");
  EXPECT_EQ(commands[6].module.text, "(func) (memory 0)");
  EXPECT_EQ(commands[7].kind, Kind::register_);
  EXPECT_EQ(commands[7].name, "r");
  for (size_t i : {0, 2, 3, 5, 6}) EXPECT_TRUE(load_module(commands[i].module, Features())) << i;
}

TEST(Script, ReadsFieldsBetweenCommands) {
  std::vector<Command> commands =
      parse_ok("(func $f) (export \"f\" (func $f)) (invoke \"f\") (table 1 funcref) (module)");
  ASSERT_EQ(commands.size(), 4u);
  EXPECT_EQ(commands[0].kind, Kind::module);
  EXPECT_EQ(commands[1].kind, Kind::action);
  EXPECT_EQ(commands[2].module.text, "(table 1 funcref)");
}

TEST(Script, ReadsActionsAndAssertions) {
  std::vector<Command> commands = parse_ok(R"(
    (assert_return (invoke $m "f" (i32.const -1) (ref.null func) (ref.extern 7)) (i64.const 2))
    (assert_return (get "g"))
    (assert_trap (invoke "f") "why")
    (assert_trap (module) "start")
    (assert_exhaustion (invoke "f") "stack")
    (assert_exception (invoke "f"))
    (assert_invalid (module (func (result i32))) "type mismatch")
    (assert_malformed (module quote "(") "unexpected end")
    (assert_unlinkable (module) "unknown import")
    (assert_malformed_custom (module) "x")
    (assert_invalid_custom (module) "y"))");
  const Kind kinds[] = {
      Kind::assert_return,           Kind::assert_return,        Kind::assert_trap,
      Kind::assert_module_trap,      Kind::assert_exhaustion,    Kind::assert_exception,
      Kind::assert_invalid,          Kind::assert_malformed,     Kind::assert_unlinkable,
      Kind::assert_malformed_custom, Kind::assert_invalid_custom};
  ASSERT_EQ(commands.size(), std::size(kinds));
  for (size_t i = 0; i < commands.size(); ++i) {
    EXPECT_EQ(commands[i].kind, kinds[i]) << i;
    EXPECT_TRUE(is_assertion(commands[i].kind));
  }
  const Action& action = commands[0].action;
  EXPECT_EQ(action.module_id, "$m");
  EXPECT_EQ(action.name, "f");
  ASSERT_EQ(action.args.size(), 3u);
  EXPECT_EQ(action.args[0].type, ValType::kI32);
  EXPECT_EQ(load_le<uint32_t>(action.args[0].bits.data()), 0xFFFFFFFFu);
  EXPECT_EQ(action.args[1].kind, ScriptValue::Kind::null);
  EXPECT_EQ(action.args[1].heap, HeapType(HeapType::kFunc));
  EXPECT_EQ(action.args[2].kind, ScriptValue::Kind::external);
  EXPECT_EQ(action.args[2].number, 7u);
  EXPECT_EQ(commands[1].action.kind, Action::Kind::get);
  EXPECT_EQ(commands[2].message, "why");
}

TEST(Script, ReadsResultPatterns) {
  std::vector<Command> commands = parse_ok(R"((assert_return (invoke "f")
    (f32.const nan:canonical) (f64.const nan:arithmetic) (f32.const nan:0x1)
    (v128.const f32x4 1 nan:canonical nan:arithmetic -0) (v128.const i64x2 1 -1)
    (ref.null) (ref.extern) (ref.func) (ref.struct) (either (i32.const 1) (i32.const 2))
    (ref.null 3)))");
  ASSERT_EQ(commands.size(), 1u);
  const std::vector<ScriptValue>& results = commands[0].results;
  ASSERT_EQ(results.size(), 11u);
  using Nan = ScriptValue::Nan;
  EXPECT_EQ(results[0].nan[0], Nan::canonical);
  EXPECT_EQ(results[1].nan[0], Nan::arithmetic);
  EXPECT_EQ(load_le<uint32_t>(results[2].bits.data()), 0x7F800001u);
  EXPECT_TRUE(results[3].float_lanes);
  EXPECT_EQ(results[3].nan, (std::array{Nan::none, Nan::canonical, Nan::arithmetic, Nan::none}));
  EXPECT_EQ(load_le<uint32_t>(results[3].bits.data()), 0x3F800000u);
  EXPECT_EQ(load_le<uint32_t>(results[3].bits.data() + 12), 0x80000000u);
  EXPECT_EQ(results[4].lane_bytes, 8);
  EXPECT_EQ(load_le<uint64_t>(results[4].bits.data() + 8), ~uint64_t{0});
  EXPECT_FALSE(results[5].heap);
  EXPECT_EQ(results[6].kind, ScriptValue::Kind::any_ref);
  EXPECT_EQ(results[6].heap, HeapType(HeapType::kExtern));
  EXPECT_EQ(results[8].heap, HeapType(HeapType::kStruct));
  EXPECT_EQ(results[9].kind, ScriptValue::Kind::either);
  EXPECT_EQ(results[9].alternatives.size(), 2u);
  EXPECT_EQ(results[10].kind, ScriptValue::Kind::null);
}

TEST(Script, ReadsThreads) {
  std::vector<Command> commands = parse_ok(
      "(thread $t (shared (module $m)) (register \"mem\" $m)\n(thread (invoke \"f\"))) (wait $t)");
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(commands[0].kind, Kind::thread);
  EXPECT_EQ(commands[0].id, "$t");
  EXPECT_EQ(commands[0].source_id, "$m");
  ASSERT_EQ(commands[0].commands.size(), 2u);
  EXPECT_EQ(commands[0].commands[1].kind, Kind::thread);
  EXPECT_EQ(commands[0].commands[1].line, 2u);
  EXPECT_EQ(commands[1].kind, Kind::wait);
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += "(thread ";
  EXPECT_EQ(parse_script(nested).error().code(), ErrorCode::limit);
}

TEST(Script, SurvivesBrokenModules) {
  std::vector<Command> commands =
      parse_ok("(assert_malformed (module (func i32.nonsense 0x (0a)))\n\"m\")\n(module (foo))");
  ASSERT_EQ(commands.size(), 2u);
  Result<Module> module = load_module(commands[1].module, Features());
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().where()->line, 3u);  // of the script
}

TEST(Script, RefusesWhatIsNoScript) {
  for (std::string_view source :
       {"(", ")", "x", "(foo)", "(invoke)", "(invoke \"f\" (i32.const))",
        "(assert_return (module))", "(assert_return (invoke \"f\") (i32.const x))",
        "(invoke \"f\" (i32.const 1)", "(module", "(assert_invalid (invoke \"f\") \"x\")",
        "(assert_malformed (module))", "\xff",
        "(assert_return (invoke \"f\") (v128.const i32x4 1 2 3))"}) {
    Result<std::vector<Command>> commands = parse_script(source);
    ASSERT_FALSE(commands) << source;
    EXPECT_EQ(commands.error().code(), ErrorCode::malformed) << source;
  }
}

}  // namespace
}  // namespace nacre::wasm
