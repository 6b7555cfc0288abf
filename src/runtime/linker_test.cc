#include "runtime/linker.h"

#include <gtest/gtest.h>

#include "runtime/test_support.h"

namespace nacre::runtime {
namespace {

uint32_t answer() { return 42; }
constexpr HostFuncDef kEnv[] = {host_func<answer>("answer")};

TEST(Linker, FindsWhatWasDefined) {
  World world;
  Linker linker(*world.store);
  linker.define_functions("env", kEnv, nullptr);
  uint32_t base = 10;
  linker.define_func("env", "add", [base](uint32_t x) { return base + x; });
  Instance* other = world.instantiate("(module (memory (export \"m\") 1))");
  ASSERT_TRUE(linker.define_instance("other", *other));

  auto instance = linker.instantiate(world.parse(R"((module
    (import "env" "answer" (func (result i32)))
    (import "env" "add" (func (param i32) (result i32)))
    (import "other" "m" (memory 1))
    (export "answer" (func 0)) (export "add" (func 1))))"));
  ASSERT_TRUE(instance) << instance.error().to_string();
  abi::Value result;
  ASSERT_TRUE(call(*world.store, *(*instance)->find_export("answer"), {}, {&result, 1}));
  EXPECT_EQ(result.i32, 42u);
  abi::Value arg = i32(5);
  ASSERT_TRUE(call(*world.store, *(*instance)->find_export("add"), {&arg, 1}, {&result, 1}));
  EXPECT_EQ(result.i32, 15u);
  // A described function becomes one function, however often it is imported.
  EXPECT_EQ(**linker.find("env", "answer"), **linker.find("env", "answer"));
  EXPECT_EQ(*linker.find("env", "nothing"), std::nullopt);
}

TEST(Linker, HostFunctionsMatchByFullType) {
  World world;
  Linker linker(*world.store);
  linker.define_functions("env", kEnv, nullptr);
  auto instance =
      linker.instantiate(world.parse("(module (import \"env\" \"answer\" (func (result i64))))"));
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().error().message(),
            "incompatible import type: env.answer: the module wants func [] -> [i64], what is "
            "offered is func [] -> [i32]");
}

constexpr std::string_view kNeedy = R"((module
  (type $t (func (param i32)))
  (import "a" "f" (func (type $t)))
  (import "b" "m" (memory 1))
  (import "a\1b" "g" (func (param (ref null $t))))
  (export "f" (func 0)) (export "g" (func 1))))";

TEST(Linker, ListsAllMissingImports) {
  World world;
  Linker linker(*world.store);
  ModulePtr module = world.parse(kNeedy);
  auto imports = linker.resolve(*module);
  ASSERT_FALSE(imports);
  EXPECT_EQ(imports.error().code(), ErrorCode::unlinkable);
  EXPECT_TRUE(imports.error().message().starts_with(
      "unknown imports: a.f (func [i32] -> []), b.m (memory 1), a"))
      << imports.error().message();
  EXPECT_EQ(imports.error().message().find('\x1b'), std::string::npos);
  imports = linker.resolve(*module, UnknownImports::trap);
  ASSERT_FALSE(imports);
  EXPECT_EQ(imports.error().message(), "unknown import: b.m (memory 1)");
}

TEST(Linker, MissingFunctionsTrapWhenCalled) {
  World world;
  Linker linker(*world.store);
  ASSERT_TRUE(linker.define("b", "m", *world.store->add_memory({.limits = {.min = 1}})));
  auto instance = linker.instantiate(world.parse(kNeedy), UnknownImports::trap);
  ASSERT_TRUE(instance) << instance.error().to_string();
  abi::Value arg = i32(0);
  auto result = call(*world.store, *(*instance)->find_export("f"), {&arg, 1}, {});
  ASSERT_FALSE(result);
  ASSERT_TRUE(result.error().is_trap());
  EXPECT_EQ(result.error().trap().kind, abi::TrapKind::unlinked_import);
  EXPECT_EQ(describe(result.error().trap()), "import a.f was not provided");
  EXPECT_TRUE(call(*world.store, *(*instance)->find_export("g"), {&arg, 1}, {}).error().is_trap());
}

TEST(Linker, RefusesForeignHandles) {
  World world, other;
  Linker linker(*world.store);
  auto defined = linker.define("b", "m", *other.store->add_memory({}));
  ASSERT_FALSE(defined);
  EXPECT_EQ(defined.error().code(), ErrorCode::usage);
  Instance* foreign = other.instantiate("(module)");
  EXPECT_FALSE(linker.define_instance("x", *foreign));
  EXPECT_FALSE(linker.resolve(*other.parse("(module)")));
}

}  // namespace
}  // namespace nacre::runtime
