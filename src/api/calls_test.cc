// Calls between host and guest, in every tier: what goes through registers, what through memory,
// and what traps on the way.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "api/handles.h"
#include "api/tiers_for_test.h"
#include "runtime/typed_func.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using runtime::Extern;
using runtime::FuncRef;
using runtime::HostResult;
using runtime::TypedFunc;

// What the host functions are bound to.
struct Host {
  int calls = 0;
  runtime::Instance* instance = nullptr;
};

int64_t four(Host& host, int32_t a, int64_t b, uint32_t c, uint64_t d) {
  ++host.calls;
  return a + 10 * b + 100 * int64_t{c} + 1000 * static_cast<int64_t>(d);
}
int64_t five(Host& host, int32_t a, int64_t b, uint32_t c, uint64_t d, int32_t e) {
  return four(host, a, b, c, d) + 10000 * int64_t{e};
}
double mixed(float a, int32_t b, double c, int64_t d, double e, double f, double g, double h,
             double i, float j) {
  return a + 2.0 * b + 3 * c + 4.0 * static_cast<double>(d) + 5 * e + 6 * f + 7 * g + 8 * h +
         9 * i + 10.0 * static_cast<double>(j);
}
float nine(float a, float b, float c, float d, float e, float f, float g, float h, float i) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}
void nothing(Host& host) { ++host.calls; }
FuncRef same(FuncRef ref) { return ref; }
std::tuple<int32_t, double> pair(int32_t a, double b) { return {a + 1, b + 1}; }
HostResult<uint32_t> checked(uint32_t value) {
  if (value == 0) return runtime::host_trap("zero");
  return value - 1;
}
abi::Outcome refuse(uint32_t value) {
  if (value == 1) return runtime::host_trap("one");
  return nullptr;
}
// Back into the guest, and out again.
HostResult<int32_t> again(Host& host, const abi::HostCall& call, int32_t depth) {
  EXPECT_EQ(call.caller, &host.instance->vmctx());
  runtime::Store& store = host.instance->store();
  auto down = TypedFunc<int32_t(int32_t)>::create(store, *host.instance->find_export("down"));
  auto result = (*down)(depth);
  if (!result) return std::unexpected(std::move(result).error().take_trap());
  return *result + 1;
}

constexpr runtime::HostFuncDef kFunctions[] = {
    runtime::host_func<four>("four"),       runtime::host_func<five>("five"),
    runtime::host_func<mixed>("mixed"),     runtime::host_func<nine>("nine"),
    runtime::host_func<nothing>("nothing"), runtime::host_func<same>("same"),
    runtime::host_func<pair>("pair"),       runtime::host_func<checked>("checked"),
    runtime::host_func<refuse>("refuse"),   runtime::host_func<again>("again"),
};

constexpr std::string_view kModule = R"((module
  (type $four (func (param i32 i64 i32 i64) (result i64)))
  (import "h" "four" (func $four (type $four)))
  (import "h" "five" (func $five (param i32 i64 i32 i64 i32) (result i64)))
  (import "h" "mixed"
    (func $mixed (param f32 i32 f64 i64 f64 f64 f64 f64 f64 f32) (result f64)))
  (import "h" "nine" (func $nine (param f32 f32 f32 f32 f32 f32 f32 f32 f32) (result f32)))
  (import "h" "nothing" (func $nothing))
  (import "h" "same" (func $same (param funcref) (result funcref)))
  (import "h" "pair" (func $pair (param i32 f64) (result i32 f64)))
  (import "h" "checked" (func $checked (param i32) (result i32)))
  (import "h" "refuse" (func $refuse (param i32)))
  (import "h" "again" (func $again (param i32) (result i32)))
  (table funcref (elem $four))
  (func (export "four") (param i32 i64 i32 i64) (result i64)
    (call $nothing)
    (i64.add
      (call $four (local.get 0) (local.get 1) (local.get 2) (local.get 3))
      (call_indirect (type $four) (i32.const 1) (i64.const 0) (i32.const 0) (i64.const 0)
        (i32.const 0))))
  (func (export "five") (param i32 i64 i32 i64 i32) (result i64)
    (call $five (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
  (func (export "mixed") (param f32 i32 f64 i64) (result f64)
    (call $mixed (local.get 0) (local.get 1) (local.get 2) (local.get 3)
      (f64.const 5) (f64.const 6) (f64.const 7) (f64.const 8) (f64.const 9) (f32.const 10)))
  (func (export "nine") (result f32)
    (call $nine (f32.const 1) (f32.const 2) (f32.const 3) (f32.const 4) (f32.const 5)
      (f32.const 6) (f32.const 7) (f32.const 8) (f32.const 9)))
  (func (export "same") (param funcref) (result funcref) (call $same (local.get 0)))
  (func (export "pair") (param i32 f64) (result i32 f64)
    (call $pair (local.get 0) (local.get 1)))
  (func $checked_twice (export "checked") (param i32) (result i32)
    (call $refuse (local.get 0))
    (call $checked (call $checked (local.get 0))))
  (func $down (export "down") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (unreachable)))
    (if (result i32) (i32.eq (local.get 0) (i32.const 1))
      (then (i32.const 100))
      (else (call $again (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "fall") (param i32) (result i32) (call $again (local.get 0)))))";

class Calls : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto tier = tier_for_test(GetParam());
    if (!tier) GTEST_SKIP() << tier.error().to_string();
    engine_ = runtime::Engine::create(std::move(*tier)).value();
    store_ = runtime::Store::create(engine_).value();
    auto binary = wasm::text_to_binary(kModule, engine_->features());
    ASSERT_TRUE(binary) << binary.error().to_string();
    auto module = runtime::Module::create(engine_, std::move(*binary));
    ASSERT_TRUE(module) << module.error().to_string();
    runtime::Linker linker(*store_);
    linker.define_functions("h", kFunctions, &host_);
    auto instance = linker.instantiate(*module);
    ASSERT_TRUE(instance) << instance.error().to_string();
    host_.instance = *instance;
  }

  template <class F>
  TypedFunc<F> typed(std::string_view name) {
    return TypedFunc<F>::create(*store_, *host_.instance->find_export(name)).value();
  }

  std::shared_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::Store> store_;
  Host host_;
};

TEST_P(Calls, ArgumentsArrive) {
  auto four = typed<int64_t(int32_t, int64_t, uint32_t, uint64_t)>("four");
  EXPECT_EQ(four(-1, 2, 3, 4), -1 + 20 + 300 + 4000 + 1);
  EXPECT_EQ(four(1, int64_t{1} << 40, 0xFFFFFFFF, 0), 1 + (int64_t{10} << 40) + 429496729500 + 1);
  EXPECT_EQ(host_.calls, 6);
  auto five = typed<int64_t(int32_t, int64_t, uint32_t, uint64_t, int32_t)>("five");
  EXPECT_EQ(five(1, 2, 3, 4, -5), 1 + 20 + 300 + 4000 - 50000);
  auto mixed = typed<double(float, int32_t, double, int64_t)>("mixed");
  EXPECT_EQ(mixed(1.5F, -2, 3.25, 4), 1.5 - 4 + 9.75 + 16 + 25 + 36 + 49 + 64 + 81 + 100);
  EXPECT_EQ(typed<float()>("nine")(), 285.0F);
}

TEST_P(Calls, ReferencesAndSeveralResults) {
  auto same = typed<FuncRef(FuncRef)>("same");
  abi::Ref ref = runtime::Store::ref_of(*host_.instance->find_export("nine")->func());
  EXPECT_EQ(same({ref})->ref, ref);
  EXPECT_EQ(same({})->ref, abi::kNullRef);
  auto forged = same({ref + 8});
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().error().code(), ErrorCode::usage);
  auto pair = typed<std::tuple<int32_t, double>(int32_t, double)>("pair");
  EXPECT_EQ(pair(1, 2.5), std::tuple(2, 3.5));
}

TEST_P(Calls, TrapsOfTheHostEndTheGuestsCall) {
  auto checked = typed<uint32_t(uint32_t)>("checked");
  EXPECT_EQ(checked(7), 5u);
  EXPECT_EQ(store_->trapped(), false);
  for (auto [value, words] : {std::pair(0u, "zero"), std::pair(1u, "one")}) {
    auto trapped = checked(value);
    ASSERT_FALSE(trapped);
    ASSERT_TRUE(trapped.error().is_trap());
    const abi::Trap& trap = trapped.error().trap();
    EXPECT_EQ(trap.kind, abi::TrapKind::host_error);
    EXPECT_EQ(trap.message, words);
    ASSERT_EQ(trap.frames.size(), 1u);
    EXPECT_EQ(host_.instance->module().function_name(trap.frames[0].function), "checked_twice");
  }
  EXPECT_TRUE(store_->trapped());
  EXPECT_EQ(checked(9), 7u);  // the stacks are as before
}

TEST_P(Calls, HostAndGuestNest) {
  auto fall = typed<int32_t(int32_t)>("fall");
  EXPECT_EQ(fall(1), 101);
  EXPECT_EQ(fall(40), 140);
  auto trapped = fall(0);
  ASSERT_FALSE(trapped);
  EXPECT_EQ(trapped.error().trap().kind, abi::TrapKind::unreachable);
  auto deep = fall(1'000'000);
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().trap().kind, abi::TrapKind::call_stack_exhausted);
  EXPECT_EQ(fall(3), 103);
  EXPECT_FALSE(store_->running());
}

TEST_P(Calls, TypedFunctionsHaveTheirTypesOnly) {
  Extern pair = *host_.instance->find_export("pair");
  auto wrong = TypedFunc<int32_t(int32_t, double)>::create(*store_, pair);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), ErrorCode::usage);
  auto other = runtime::Store::create(engine_).value();
  EXPECT_FALSE((TypedFunc<void()>::create(*other, pair)));
  EXPECT_FALSE((TypedFunc<void()>::create(*store_, *store_->add_memory({}))));
}

INSTANTIATE_TEST_SUITE_P(Tiers, Calls, testing::Values("interp", "baseline", "mixed"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace nacre::api
