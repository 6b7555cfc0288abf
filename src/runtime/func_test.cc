#include "runtime/func.h"

#include <gtest/gtest.h>

#include "runtime/test_support.h"

namespace nacre::runtime {
namespace {

ErrorCode code_of(const Run<void>& result) {
  EXPECT_FALSE(result);
  EXPECT_FALSE(result.error().is_trap());
  return result.error().error().code();
}

TEST(Call, ChecksCountsAndReferences) {
  World world, other;
  Instance* instance = world.instantiate(R"((module
    (type $t (func (param i32)))
    (func (export "f") (param i32 funcref (ref null $t)) (result i32) (unreachable))
    (func (export "fits") (param i32))
    (func (export "differs"))))");
  *world.behaviour = [](abi::ExecContext&, abi::FuncObject&, abi::Value* values) {
    values[0].i32 += 1;
    return abi::Outcome();
  };
  Store& store = *world.store;
  Extern f = *instance->find_export("f");
  abi::Ref fits = Store::ref_of(*instance->find_export("fits")->func());
  abi::Ref differs = Store::ref_of(*instance->find_export("differs")->func());
  abi::Value result;
  auto run = [&](abi::Ref any, abi::Ref typed) {
    abi::Value args[] = {i32(1), ref(any), ref(typed)};
    return call(store, f, args, {&result, 1});
  };
  EXPECT_TRUE(run(differs, fits));
  EXPECT_EQ(result.i32, 2u);
  EXPECT_TRUE(run(abi::kNullRef, abi::kNullRef));
  EXPECT_EQ(code_of(run(fits, differs)), ErrorCode::usage);
  EXPECT_EQ(code_of(run(fits + 1, fits)), ErrorCode::usage);
  EXPECT_EQ(code_of(run(0x1234, fits)), ErrorCode::usage);
  EXPECT_EQ(code_of(run(UINT64_MAX, fits)), ErrorCode::usage);

  EXPECT_EQ(code_of(call(store, f, {}, {&result, 1})), ErrorCode::usage);
  EXPECT_EQ(code_of(call(*other.store, f, {}, {})), ErrorCode::usage);
  EXPECT_EQ(code_of(call(*other.store, *f.func(), {}, {})), ErrorCode::usage);
  EXPECT_EQ(code_of(call(store, *store.add_memory({}), {}, {})), ErrorCode::usage);
}

TEST(Call, ManyValues) {
  World world;
  Instance* instance = world.instantiate(
      "(module (func (export \"f\") (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 "
      "i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (unreachable)))");
  *world.behaviour = [](abi::ExecContext&, abi::FuncObject&, abi::Value* values) {
    for (uint64_t i = 20; i-- > 0;) values[i].i64 = values[0].i64 + i;
    return abi::Outcome();
  };
  abi::Value arg = i64(100);
  std::vector<abi::Value> results(20);
  ASSERT_TRUE(call(*world.store, *instance->find_export("f"), {&arg, 1}, results));
  for (uint64_t i = 0; i < 20; ++i) EXPECT_EQ(results[i].i64, 100 + i);
}

TEST(Call, HostAndGuestRecursionEndsInATrap) {
  World world({}, {.max_host_depth = 50});
  Linker linker(*world.store);
  Instance* instance = nullptr;
  int entered = 0;
  linker.define_func("env", "again", [&](const abi::HostCall& host) -> abi::Outcome {
    ++entered;
    EXPECT_EQ(&Store::of(host.exec), world.store.get());
    host.exec.stack_top += 16;  // as running code would leave it
    auto result = call(*world.store, *instance->find_export("f"), {}, {});
    if (!result) return std::move(result).error().take_trap();
    return {};
  });
  *world.behaviour = [](abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) {
    const abi::HostFunc& host = *function.vmctx->functions[0]->host;
    return host.call({.exec = exec, .caller = function.vmctx}, host.data, values);
  };
  auto made = linker.instantiate(
      world.parse("(module (import \"env\" \"again\" (func)) (func (export \"f\")))"));
  ASSERT_TRUE(made);
  instance = *made;
  uint8_t* top = world.store->exec().stack_top;
  auto result = call(*world.store, *instance->find_export("f"), {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().trap().kind, abi::TrapKind::call_stack_exhausted);
  EXPECT_EQ(entered, 50);
  EXPECT_EQ(world.store->exec().stack_use.depth(), 0u);
  EXPECT_EQ(world.store->exec().stack_top, top);
}

TEST(Store, HostFunctionsAreCalledDirectly) {
  World world;
  abi::HostFunc func;
  func.type.params = {wasm::ValType::kI32};
  func.type.results = {wasm::ValType::kI32};
  func.call = [](const abi::HostCall& call, void* data, abi::Value* values) -> abi::Outcome {
    EXPECT_EQ(call.caller, nullptr);
    EXPECT_EQ(call.memory().size_bytes(), 0u);
    values[0].i32 *= *static_cast<uint32_t*>(data);
    return nullptr;
  };
  uint32_t factor = 3;
  func.data = &factor;
  Extern item = *world.store->add_func(func);
  abi::Value value = i32(7);
  ASSERT_TRUE(call(*world.store, item, {&value, 1}, {&value, 1}));
  EXPECT_EQ(value.i32, 21u);
  EXPECT_EQ(world.store->func_of(Store::ref_of(*item.func())), item.func());

  func.type.params = {wasm::ValType::ref(wasm::HeapType::concrete(wasm::TypeIdx{0}), true)};
  EXPECT_FALSE(world.store->add_func(func));
}

TEST(Store, WritesOfTheHostAreChecked) {
  World world, other;
  Store& store = *world.store;
  Extern global = *store.add_global({wasm::ValType::funcref(), true}, {});
  Extern fixed = *store.add_global({wasm::ValType::kI32, false}, i32(1));
  Extern table = *store.add_table({.element = wasm::ValType::externref(), .limits = {.min = 1}}, 5);
  EXPECT_EQ(table.table()->get(0), 5u);
  EXPECT_TRUE(store.set_global(global, ref(abi::kNullRef)));
  EXPECT_FALSE(store.set_global(global, ref(99)));
  EXPECT_FALSE(store.set_global(fixed, i32(2)));
  EXPECT_FALSE(store.set_global(table, i32(2)));
  EXPECT_FALSE(other.store->set_global(global, ref(abi::kNullRef)));
  EXPECT_TRUE(store.set_table(table, 0, 6));
  EXPECT_FALSE(store.set_table(table, 1, 6));
  EXPECT_FALSE(other.store->set_table(table, 0, 6));
  EXPECT_FALSE(store.add_table({.element = wasm::ValType::funcref(), .limits = {.min = 1}}, 5));
}

TEST(Store, KeepsExternValues) {
  World world;
  auto value = std::make_shared<int>(5);
  abi::Ref ref = world.store->add_extern_value(value);
  EXPECT_NE(ref, abi::kNullRef);
  EXPECT_EQ(world.store->extern_value(ref), value);
  EXPECT_EQ(world.store->extern_value(abi::kNullRef), nullptr);
  EXPECT_EQ(world.store->extern_value(ref + 1), nullptr);
  world.store->keep(value);
  world.store = nullptr;
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace nacre::runtime
