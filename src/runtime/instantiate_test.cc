#include <gtest/gtest.h>

#include "runtime/backtrace.h"
#include "runtime/test_support.h"

namespace nacre::runtime {
namespace {

uint32_t i32_of(Instance* instance, std::string_view name) {
  return instance->find_export(name)->global()->value.i32;
}
uint64_t i64_of(Instance* instance, std::string_view name) {
  return instance->find_export(name)->global()->value.i64;
}

TEST(Instantiate, EvaluatesConstantExpressions) {
  World world;
  Instance* instance = world.instantiate(R"((module
    (func $f)
    (global $a (export "a") i32 (i32.const -3))
    (global (export "b") i32 (i32.add (i32.mul (global.get $a) (i32.const 5)) (i32.const 1)))
    (global (export "c") i64 (i64.sub (i64.const 1) (i64.mul (i64.const 3) (i64.const 5))))
    (global (export "d") f64 (f64.const -0))
    (global (export "e") v128 (v128.const i32x4 1 2 3 4))
    (global (export "f") funcref (ref.func $f))
    (global (export "g") externref (ref.null extern))
    (export "func" (func $f))))");
  ASSERT_NE(instance, nullptr);
  EXPECT_EQ(i32_of(instance, "a"), static_cast<uint32_t>(-3));
  EXPECT_EQ(i32_of(instance, "b"), static_cast<uint32_t>(-14));
  EXPECT_EQ(i64_of(instance, "c"), static_cast<uint64_t>(-14));
  EXPECT_EQ(i64_of(instance, "d"), uint64_t{1} << 63);
  EXPECT_EQ(instance->find_export("e")->global()->value.v128[12], 4);
  EXPECT_EQ(i64_of(instance, "f"), Store::ref_of(*instance->find_export("func")->func()));
  EXPECT_EQ(i64_of(instance, "g"), abi::kNullRef);
  EXPECT_EQ(instance->find_export("h"), std::nullopt);
  EXPECT_EQ(instance->export_count(), 8u);
}

TEST(Instantiate, GarbageCollectedConstantsAreNotBuilt) {
  World world;
  ModulePtr module = world.parse(R"((module (global (ref i31) (ref.i31 (i32.const 1)))))");
  auto instance = instantiate(*world.store, module, {});
  ASSERT_FALSE(instance);
  ASSERT_TRUE(instance.error().is_trap());
  EXPECT_EQ(instance.error().trap().kind, abi::TrapKind::not_built);
  EXPECT_NE(instance.error().to_string().find("ref.i31"), std::string::npos);
  EXPECT_EQ(world.store->instance_count(), 0u);
}

TEST(Instantiate, WritesActiveSegments) {
  World world;
  Instance* instance = world.instantiate(R"((module
    (memory (export "m") 1)
    (table (export "t") 4 funcref)
    (table (export "u") i64 3 funcref (ref.func $f))
    (func $f (export "f")) (func $g (export "g"))
    (data (i32.const 65533) "abc")
    (data "passive")
    (elem (i32.const 1) $f $g)
    (elem (table 1) (offset (i64.const 2)) funcref (ref.null func))
    (elem funcref (ref.func $g) (ref.null func))
    (elem declare func $f)))");
  ASSERT_NE(instance, nullptr);
  Memory& memory = *instance->find_export("m")->memory();
  EXPECT_EQ(memory.base()[65535], 'c');
  abi::Ref f = Store::ref_of(*instance->find_export("f")->func());
  abi::Ref g = Store::ref_of(*instance->find_export("g")->func());
  Table& table = *instance->find_export("t")->table();
  EXPECT_EQ(table.get(0), abi::kNullRef);
  EXPECT_EQ(table.get(1), f);
  EXPECT_EQ(table.get(2), g);
  Table& wide = *instance->find_export("u")->table();
  EXPECT_EQ(wide.get(1), f);
  EXPECT_EQ(wide.get(2), abi::kNullRef);
  EXPECT_EQ(instance->data(0).size(), 0u);  // dropped
  EXPECT_EQ(instance->data(1).size(), 7u);
  EXPECT_EQ(instance->element_count(0), 0u);
  EXPECT_EQ(instance->element_count(2), 2u);
  EXPECT_EQ(instance->element(2, 0), g);
  EXPECT_EQ(instance->element_count(3), 0u);
}

TEST(Instantiate, ATrapKeepsWhatHappenedBefore) {
  World world;
  Instance* owner = world.instantiate(R"((module
    (memory (export "m") 1) (table (export "t") 4 funcref)))");
  std::vector<Extern> imports = {*owner->find_export("m"), *owner->find_export("t")};
  ModulePtr module = world.parse(R"((module
    (import "a" "m" (memory 1)) (import "a" "t" (table 4 funcref))
    (func $f)
    (elem (i32.const 0) $f)
    (data (i32.const 0) "x")
    (data (i32.const 65536) "y")
    (data (i32.const 1) "z")))");
  auto instance = instantiate(*world.store, module, imports);
  ASSERT_FALSE(instance);
  ASSERT_TRUE(instance.error().is_trap());
  EXPECT_EQ(instance.error().trap().kind, abi::TrapKind::memory_out_of_bounds);
  EXPECT_EQ(imports[0].memory()->base()[0], 'x');
  EXPECT_EQ(imports[0].memory()->base()[1], 0);
  // The escaped function lives on and can be called.
  abi::FuncObject* func = world.store->func_of(*imports[1].table()->get(0));
  ASSERT_NE(func, nullptr);
  EXPECT_TRUE(call(*world.store, *func, {}, {}));
}

TEST(Instantiate, SegmentsOutOfBoundsTrap) {
  for (std::string_view text : {
           "(module (memory 1) (data (i32.const -1) \"a\"))",
           "(module (memory 0) (data (i32.const 1)))",
           "(module (memory i64 1) (data (i64.const -1) \"ab\"))",
           "(module (memory i64 1) (data (i64.const 0x100000000) \"a\"))",
           "(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))",
           "(module (table 1 funcref) (func $f) (elem (i32.const -1) $f $f))",
       }) {
    World world;
    auto instance = instantiate(*world.store, world.parse(text), {});
    ASSERT_FALSE(instance) << text;
    EXPECT_TRUE(instance.error().is_trap()) << text;
  }
}

TEST(Instantiate, RunsTheStartFunctionLast) {
  World world;
  uint32_t seen = 0;
  *world.behaviour = [&](abi::ExecContext&, abi::FuncObject& function, abi::Value*) {
    seen = function.vmctx->memory0_base[0];
    return abi::make_trap(abi::TrapKind::unreachable);
  };
  ModulePtr module =
      world.parse("(module (memory 1) (data (i32.const 0) \"A\") (func $s) (start $s))");
  auto instance = instantiate(*world.store, module, {});
  EXPECT_EQ(seen, uint32_t{'A'});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().trap().kind, abi::TrapKind::unreachable);
}

struct ImportCase {
  std::string_view exported;
  std::string_view imported;
  std::string_view error;  // empty: fits
};

class ImportTest : public testing::TestWithParam<ImportCase> {};

TEST_P(ImportTest, MatchesAsTheSpecificationSays) {
  const ImportCase& c = GetParam();
  World world;
  Instance* owner = world.instantiate("(module " + std::string(c.exported) + ")");
  ASSERT_NE(owner, nullptr);
  ModulePtr module = world.parse("(module " + std::string(c.imported) + ")");
  ASSERT_NE(module, nullptr);
  auto instance = instantiate(*world.store, module, {{*owner->find_export("x")}});
  if (c.error.empty()) {
    EXPECT_TRUE(instance) << instance.error().to_string();
    return;
  }
  ASSERT_FALSE(instance);
  ASSERT_FALSE(instance.error().is_trap());
  EXPECT_EQ(instance.error().error().code(), ErrorCode::unlinkable);
  EXPECT_EQ(instance.error().error().message(),
            "incompatible import type: a.x: the module wants " + std::string(c.error));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ImportTest,
    testing::Values(
        ImportCase{"(func (export \"x\") (param i32))", "(import \"a\" \"x\" (func (param i32)))",
                   ""},
        ImportCase{"(func (export \"x\") (param i32))",
                   "(import \"a\" \"x\" (func (param i64) (result f32)))",
                   "func [i64] -> [f32], what is offered is func [i32] -> []"},
        ImportCase{
            "(type $s (sub (func))) (type $t (sub $s (func))) (func (export \"x\") (type $t))",
            "(type $s (sub (func))) (import \"a\" \"x\" (func (type $s)))", ""},
        ImportCase{
            "(type $s (sub (func))) (func (export \"x\") (type $s))",
            "(type $s (sub (func))) (type $t (sub $s (func))) (import \"a\" \"x\" (func (type "
            "$t)))",
            "func [] -> [], what is offered is func [] -> []"},
        ImportCase{"(memory (export \"x\") 2 4)", "(import \"a\" \"x\" (memory 1 4))", ""},
        ImportCase{"(memory (export \"x\") 1)", "(import \"a\" \"x\" (memory 2))",
                   "memory 2, what is offered is memory 1"},
        ImportCase{"(memory (export \"x\") 1)", "(import \"a\" \"x\" (memory 1 2))",
                   "memory 1..2, what is offered is memory 1"},
        ImportCase{"(memory (export \"x\") 1 3)", "(import \"a\" \"x\" (memory 1 2))",
                   "memory 1..2, what is offered is memory 1..3"},
        ImportCase{"(memory (export \"x\") i64 1)", "(import \"a\" \"x\" (memory 1))",
                   "memory 1, what is offered is memory i64 1"},
        ImportCase{"(memory (export \"x\") 1 2 shared)", "(import \"a\" \"x\" (memory 1 2))",
                   "memory 1..2, what is offered is memory 1..2 shared"},
        ImportCase{"(table (export \"x\") 1 funcref)", "(import \"a\" \"x\" (table 1 externref))",
                   "table 1 externref, what is offered is table 1 funcref"},
        ImportCase{"(global (export \"x\") (mut i32) (i32.const 1))",
                   "(import \"a\" \"x\" (global i32))",
                   "global i32, what is offered is global mut i32"},
        ImportCase{"(func $f) (global (export \"x\") (ref func) (ref.func $f))",
                   "(import \"a\" \"x\" (global funcref))", ""},
        ImportCase{"(func $f) (global (export \"x\") (mut (ref func)) (ref.func $f))",
                   "(import \"a\" \"x\" (global (mut funcref)))",
                   "global mut funcref, what is offered is global mut (ref func)"},
        ImportCase{"(tag (export \"x\") (param i32))", "(import \"a\" \"x\" (tag (param i32)))",
                   ""},
        ImportCase{"(tag (export \"x\") (param i32))", "(import \"a\" \"x\" (tag (param i64)))",
                   "tag [i64] -> [], what is offered is tag [i32] -> []"},
        ImportCase{"(memory (export \"x\") 1)", "(import \"a\" \"x\" (func))",
                   "func [] -> [], what is offered is memory 1"}));

TEST(Instantiate, MatchesThePresentSize) {
  World world;
  Instance* owner = world.instantiate("(module (memory (export \"x\") 1 5))");
  ModulePtr module = world.parse("(module (import \"a\" \"x\" (memory 3)))");
  std::vector<Extern> imports = {*owner->find_export("x")};
  EXPECT_FALSE(instantiate(*world.store, module, imports));
  EXPECT_EQ(imports[0].memory()->grow(2), 1u);
  EXPECT_TRUE(instantiate(*world.store, module, imports));
}

TEST(Instantiate, RefusesForeignHandlesAndModules) {
  World world, other;
  Instance* owner = other.instantiate("(module (memory (export \"x\") 1))");
  ModulePtr module = world.parse("(module (import \"a\" \"x\" (memory 1)))");
  auto instance = instantiate(*world.store, module, {{*owner->find_export("x")}});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().error().code(), ErrorCode::usage);
  instance = instantiate(*world.store, module, {});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().error().code(), ErrorCode::usage);
  instance = instantiate(*other.store, module, {{*owner->find_export("x")}});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().error().code(), ErrorCode::usage);
  // Another store of the same engine is another owner as well.
  auto second = Store::create(world.engine);
  instance = instantiate(**second, module, {{*world.store->add_memory({})}});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().error().code(), ErrorCode::usage);
}

TEST(Instantiate, KeepsToTheLimitsOfTheStore) {
  World world({}, {.max_memory_bytes = 3 << 16, .max_table_elements = 10, .max_instances = 2});
  EXPECT_NE(world.instantiate("(module (memory 2) (table 6 funcref))"), nullptr);
  for (std::string_view text : {"(module (memory 2))", "(module (table 5 funcref))"}) {
    auto instance = instantiate(*world.store, world.parse(text), {});
    ASSERT_FALSE(instance) << text;
    ASSERT_FALSE(instance.error().is_trap());
    EXPECT_EQ(instance.error().error().code(), ErrorCode::limit);
  }
  EXPECT_NE(world.instantiate("(module (memory 1) (table 4 funcref))"), nullptr);
  auto instance = instantiate(*world.store, world.parse("(module)"), {});
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().error().code(), ErrorCode::limit);
}

TEST(Instantiate, SharedMemoriesAreOneInAllStores) {
  World world;
  auto second = Store::create(world.engine);
  wasm::MemoryType type;
  type.limits = {.min = 1, .max = 4, .address = wasm::AddressType::i32};
  EXPECT_EQ(world.store->share(*world.store->add_memory(type)), nullptr);
  type.shared = true;
  Extern memory = *world.store->add_memory(type);
  auto adopted = (*second)->adopt(world.store->share(memory));
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->memory(), memory.memory());
  ModulePtr module = world.parse("(module (import \"a\" \"x\" (memory 1 4 shared)))");
  EXPECT_TRUE(instantiate(**second, module, {{*adopted}}));
  world.store = nullptr;
  EXPECT_EQ(adopted->memory()->grow(1), 1u);

  // It outlives both stores and the engine, whose address space it was taken from.
  std::shared_ptr<Memory> last = (*second)->share(*adopted);
  second = {};
  module = nullptr;
  world.engine = nullptr;
  EXPECT_EQ(last->grow(1), 2u);
}

// Walks through all failures of one instantiation (invariants.md: two-phases): each leaves a store
// that works.
TEST(Instantiate, EveryFailingAllocationIsSurvived) {
  for (uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 1000u);
    os::FailPoint point(n);
    World world({.fail_point = &point});
    if (world.store == nullptr) continue;  // not even the stack
    ModulePtr module = world.parse(R"((module
      (memory (export "m") 1) (memory i64 1) (table 4 funcref) (tag)
      (global (export "g") i32 (i32.const 1))
      (func $f) (elem (i32.const 0) $f) (elem funcref (ref.func $f)) (data (i32.const 0) "x")
      (start $f)))");
    auto first = instantiate(*world.store, module, {});
    EXPECT_EQ(world.store->instance_count(), first ? 1u : 0u);
    if (!point.reached()) break;  // that was one more than there are
    auto second = instantiate(*world.store, module, {});
    ASSERT_TRUE(second) << n;
    EXPECT_EQ((*second)->find_export("m")->memory()->base()[0], 'x');
  }
}

TEST(Backtrace, NamesFunctionsAndEscapesThem) {
  World world;
  Instance* instance = world.instantiate("(module $app (func $main) (func))");
  ASSERT_NE(instance, nullptr);
  abi::Trap trap;
  trap.frames.push_back({.vmctx = &instance->vmctx(), .function = 0, .offset = 0x1234});
  trap.frames.push_back({.vmctx = &instance->vmctx(), .function = 1, .offset = 7});
  EXPECT_EQ(Backtrace(trap).text(), "  0: app!main @ 0x1234\n  1: app!func[1] @ 0x7\n");
  Instance* hostile = world.instantiate("(module (func (export \"\\1b[2J\")))");
  trap.frames = {{.vmctx = &hostile->vmctx(), .function = 0, .offset = 0}};
  EXPECT_EQ(Backtrace(trap).text().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace nacre::runtime
