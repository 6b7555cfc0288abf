// Functions of one module in several executors: calls to and fro, what is parked beneath them, what
// ends them, and what changes between calls.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/handles.h"
#include "baseline/tier.h"
#include "interp/tier.h"
#include "runtime/guest_call.h"
#include "runtime/typed_func.h"
#include "tiering/executor.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using abi::TrapKind;
using runtime::GuestCall;
using runtime::HostResult;

constexpr uint32_t kInterpreter = 0, kMachineCode = 1;

// As the test says; the functions of its modules begin alternately, at the interpreter.
class Chosen final : public tiering::Choice {
 public:
  uint32_t first(uint32_t function) override { return function % 2; }
  void before_call(tiering::TieredCode& code) override {
    uint64_t number = ++calls;
    if (move_all_at != 0 && number % move_all_at == 0) move_all(code);
  }
  void move_all(tiering::TieredCode& code) {
    for (uint32_t i = 0; i < code.functions(); ++i) {
      uint32_t function = code.first_function() + i;
      bool is_interpreted = code.executor_of(function).name() == "interp";
      EXPECT_TRUE(code.move(function, is_interpreted ? kMachineCode : kInterpreter));
    }
  }

  std::atomic<uint64_t> calls = 0;  // from the host, and between executors
  uint64_t move_all_at = 0;         // each so many of them every function changes; 0: never
};

struct Host {
  runtime::Store* store = nullptr;
  runtime::Instance* instance = nullptr;
};

HostResult<int32_t> wait(Host& host, const abi::HostCall& call, int32_t value) {
  if (call.waiting() == abi::Waiting::suspended) return std::unexpected(call.suspend(&host));
  if (call.waiting() == abi::Waiting::refused)
    return std::unexpected(abi::make_trap(TrapKind::cannot_suspend));
  return value;
}
HostResult<int32_t> again(Host& host, const abi::HostCall&, int32_t value) {
  using Even = runtime::TypedFunc<int32_t(int32_t)>;
  Even even = Even::create(*host.store, *host.instance->find_export("even")).value();
  runtime::Run<int32_t> result = even(value);
  if (!result) return std::unexpected(std::move(result).error().take_trap());
  return *result;
}

constexpr runtime::HostFuncDef kFunctions[] = {
    runtime::host_func<wait>("wait", runtime::MayBlock::yes),
    runtime::host_func<again>("again", runtime::MayBlock::yes),
};

// Of each pair the first one begins in the interpreter, the second one in machine code.
constexpr std::string_view kModule = R"((module
  (import "h" "wait" (func $wait (param i32) (result i32)))
  (import "h" "again" (func $again (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $even $odd $tail_even $tail_odd))
  (memory 1)
  ;; how deep it went
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $wait (i32.const 7)))
      (else (i32.add (i32.const 1) (call $odd (i32.sub (local.get 0) (i32.const 1)))))))
  (func $odd (export "odd") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $wait (i32.const 7)))
      (else (i32.add (i32.const 1) (call $even (i32.sub (local.get 0) (i32.const 1)))))))
  (func $tail_even (export "tail_even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
      (else (return_call $tail_odd (i32.sub (local.get 0) (i32.const 1))))))
  (func $tail_odd (export "tail_odd") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (return_call_indirect (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2)))))
  (func $below_tail (export "below_tail") (param i32) (result i32)
    (i32.add (call $tail_odd (local.get 0)) (i32.const 50)))
  (func (export "below_tail_2") (param i32) (result i32)
    (i32.add (call $below_tail (local.get 0)) (i32.const 500)))
  ;; many values of all types, there and back; both widths of slots
  (func (export "many") (param i32 i64 f32 f64) (result i32 i64 f32 f64 i32) (local v128)
    (local.set 4 (i32x4.splat (local.get 0)))
    (call $turn (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
      (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7)))
  (func $turn (param i32 i64 f32 f64 v128 i32 i32 i32 i32 i32 i32 i32) (result i32 i64 f32 f64 i32)
    (i32.add (i32x4.extract_lane 2 (local.get 4)) (local.get 11))
    (i64.add (local.get 1) (i64.const 1))
    (f32.neg (local.get 2))
    (f64.neg (local.get 3))
    (call $last (local.get 4)))
  (func $last (param v128) (result i32) (i32x4.extract_lane 3 (local.get 0)))
  (func (export "spin_odd") (param i32) (result i32) (call $spin (local.get 0)))
  (func $spin (export "spin") (param i32) (result i32)
    (loop $l (drop (call $nothing (local.get 0))) (br $l))
    (unreachable))
  (func $unused (param i32) (result i32) (local.get 0))
  (func $nothing (param i32) (result i32) (local.get 0))
  (func (export "divide") (param i32) (result i32) (call $divide (local.get 0)))
  (func $divide (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (drop (i32.div_u (i32.const 1) (local.get 0)))))
    (call $divide_more (i32.sub (local.get 0) (i32.const 1))))
  (func $divide_more (param i32) (result i32) (call $divide (local.get 0)))
  (func (export "again_odd") (param i32) (result i32) (call $again_ (local.get 0)))
  (func $again_ (export "again") (param i32) (result i32)
    (i32.add (call $again (local.get 0)) (i32.const 1)))))";

// Of another instance, which calls the first one.
constexpr std::string_view kCaller = R"((module
  (import "first" "odd" (func $odd (param i32) (result i32)))
  (import "first" "tail_odd" (func $tail_odd (param i32) (result i32)))
  (memory 1)
  (func $unused)
  (func (export "across") (param i32) (result i32)
    (i32.store (i32.const 64) (i32.const 77))
    (i32.add (call $odd (local.get 0)) (i32.load (i32.const 64))))
  (func $tail_interpreted (export "tail_interpreted") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (return_call $tail_odd (i32.const 4)))
      (else (return_call $tail_compiled (i32.sub (local.get 0) (i32.const 1))))))
  (func $tail_compiled (export "tail_compiled") (param i32) (result i32)
    (return_call $tail_interpreted (local.get 0)))
  (func (export "below_tail") (param i32) (result i32)
    (i32.add (call $tail_interpreted (local.get 0)) (i32.const 50)))))";

abi::Value i32(int32_t value) {
  abi::Value result;
  result.i32 = static_cast<uint32_t>(value);
  return result;
}

class Tiering : public testing::Test {
 public:
  void SetUp() override { make({}); }
  void TearDown() override { store_ = nullptr; }

  void make(runtime::StoreOptions options) {
    store_ = nullptr;
    std::vector<std::unique_ptr<abi::Executor>> executors;
    executors.push_back(interp::make_tier());
    auto compiled = baseline::make_tier({.cpu = os::cpu_features(), .code_changes = true});
    if (!compiled) GTEST_SKIP() << compiled.error().to_string();
    executors.push_back(std::move(*compiled));
    auto choice = std::make_unique<Chosen>();
    choice_ = choice.get();
    engine_ =
        runtime::Engine::create(tiering::make_executor(std::move(executors), std::move(choice)))
            .value();
    store_ = runtime::Store::create(engine_, std::move(options)).value();
    module_ = parse(kModule);
    host_.store = store_.get();
    runtime::Linker linker(*store_);
    linker.define_functions("h", kFunctions, &host_);
    auto instance = linker.instantiate(module_);
    ASSERT_TRUE(instance) << instance.error().to_string();
    host_.instance = *instance;
  }
  runtime::ModulePtr parse(std::string_view text) {
    auto binary = wasm::text_to_binary(text, engine_->features());
    EXPECT_TRUE(binary) << binary.error().to_string();
    return runtime::Module::create(engine_, std::move(*binary)).value();
  }
  runtime::Instance* caller() {
    runtime::Linker linker(*store_);
    EXPECT_TRUE(linker.define_instance("first", *host_.instance));
    auto instance = linker.instantiate(parse(kCaller));
    EXPECT_TRUE(instance) << instance.error().to_string();
    return *instance;
  }

  runtime::Run<int32_t> try_call(const runtime::Instance& instance, const char* name,
                                 int32_t value) {
    abi::Value values[1] = {i32(value)};
    TRY(runtime::call(*store_, *instance.find_export(name), values, values));
    return static_cast<int32_t>(values[0].i32);
  }
  int32_t call(const runtime::Instance& instance, const char* name, int32_t value) {
    runtime::Run<int32_t> result = try_call(instance, name, value);
    EXPECT_TRUE(result) << name << ": " << result.error().to_string();
    return result ? *result : -1;
  }
  int32_t call(const char* name, int32_t value) { return call(*host_.instance, name, value); }
  std::unique_ptr<GuestCall> start(const char* name, int32_t value) {
    auto call = GuestCall::start(*store_, *host_.instance->find_export(name), {{i32(value)}});
    EXPECT_TRUE(call) << call.error().to_string();
    return call ? std::move(*call) : nullptr;
  }
  // How many calls came by the loop between executors.
  uint64_t crossed() { return choice_->calls.exchange(0) - 1; }
  void expect_stack_is_free() {
    const abi::ExecContext& exec = store_->exec();
    EXPECT_EQ(exec.segment, nullptr);
    EXPECT_EQ(exec.stack_top, exec.stack_begin);
    EXPECT_EQ(exec.frame_top, exec.stack_end);
    EXPECT_EQ(exec.running.notice, nullptr);
    EXPECT_EQ(exec.suspension.callee, nullptr);
  }

 protected:
  Chosen* choice_ = nullptr;
  std::shared_ptr<runtime::Engine> engine_;
  runtime::ModulePtr module_;
  std::unique_ptr<runtime::Store> store_;
  Host host_;
};

TEST_F(Tiering, EachCallCrosses) {
  for (const char* name : {"even", "odd"}) {
    for (int32_t depth : {0, 1, 2, 3, 100, 101}) {
      EXPECT_EQ(call(name, depth), depth + 7) << name;
      EXPECT_EQ(crossed(), static_cast<uint64_t>(depth)) << name;
      expect_stack_is_free();
    }
  }
}

TEST_F(Tiering, AMillionFrames) {
  make({.guest_stack_bytes = uint64_t{2} << 30});
  EXPECT_EQ(call("even", 1'000'000), 1'000'007);
  EXPECT_EQ(crossed(), 1'000'000u);
  expect_stack_is_free();
}

TEST_F(Tiering, TheStackEnds) {
  make({.guest_stack_bytes = 512 << 10});
  for (const char* name : {"even", "odd"}) {
    runtime::Run<int32_t> result = try_call(*host_.instance, name, 1'000'000);
    ASSERT_FALSE(result);
    abi::TrapPtr trap = std::move(result).error().take_trap();
    EXPECT_EQ(trap->kind, TrapKind::call_stack_exhausted);
    ASSERT_EQ(trap->frames.size(), abi::Trap::kMaxFrames);
    for (size_t i = 1; i < trap->frames.size(); ++i)
      EXPECT_NE(trap->frames[i].function, trap->frames[i - 1].function) << i;
    expect_stack_is_free();
    EXPECT_EQ(call(name, 10), 17);
  }
}

TEST_F(Tiering, TailCallsTakeNoStack) {
  for (const char* name : {"tail_even", "tail_odd", "below_tail", "below_tail_2"}) {
    choice_->calls = 0;
    bool is_odd = std::string_view(name) != "tail_even";
    int32_t expected = is_odd ? 1 : 0;
    if (std::string_view(name).starts_with("below")) expected += 50;
    if (std::string_view(name) == "below_tail_2") expected += 500;
    EXPECT_EQ(call(name, 300'001), expected) << name;
    EXPECT_GE(crossed(), 300'000u) << name;
    expect_stack_is_free();
  }
}

TEST_F(Tiering, OtherInstances) {
  runtime::Instance* other = caller();
  for (int32_t depth : {0, 1, 20, 21}) EXPECT_EQ(call(*other, "across", depth), depth + 7 + 77);
  for (const char* name : {"tail_interpreted", "tail_compiled"}) {
    EXPECT_EQ(call(*other, name, 300'000), 0);
    expect_stack_is_free();
  }
  EXPECT_EQ(call(*other, "below_tail", 300'000), 50);
  expect_stack_is_free();
}

TEST_F(Tiering, ValuesOfAllTypes) {
  abi::Value values[5] = {i32(-5)};
  values[1].i64 = 0x123456789ABCDEF0;
  values[2].f32 = 1.5F;
  values[3].f64 = 2.25;
  for (bool moved : {false, true}) {
    if (moved) choice_->move_all_at = 1;
    std::array<abi::Value, 5> results;
    ASSERT_TRUE(runtime::call(*store_, *host_.instance->find_export("many"),
                              std::span(values).first(4), results));
    EXPECT_EQ(results[0].i32, static_cast<uint32_t>(-5 + 7));
    EXPECT_EQ(results[1].i64, 0x123456789ABCDEF1U);
    EXPECT_EQ(results[2].f32, -1.5F);
    EXPECT_EQ(results[3].f64, -2.25);
    EXPECT_EQ(results[4].i32, static_cast<uint32_t>(-5));
  }
}

TEST_F(Tiering, BacktracesGoAcross) {
  runtime::Run<int32_t> result = try_call(*host_.instance, "divide", 4);
  ASSERT_FALSE(result);
  abi::TrapPtr trap = std::move(result).error().take_trap();
  EXPECT_EQ(trap->kind, TrapKind::integer_divide_by_zero);
  std::vector<uint32_t> functions;
  for (const abi::Frame& frame : trap->frames) functions.push_back(frame.function);
  uint32_t divide = functions.at(0), more = divide + 1, outer = divide - 1;
  EXPECT_EQ(functions,
            (std::vector{divide, more, divide, more, divide, more, divide, more, divide, outer}));
  expect_stack_is_free();
}

TEST_F(Tiering, ParkedBeneathBoth) {
  for (const char* name : {"even", "odd"}) {
    for (int32_t depth : {0, 1, 2, 3, 50}) {
      std::unique_ptr<GuestCall> parked = start(name, depth);
      ASSERT_TRUE(parked->is_parked());
      EXPECT_EQ(call("tail_odd", 9), 1);  // on another stack meanwhile
      parked->host_results()[0] = i32(1000);
      std::thread([&] { EXPECT_TRUE(parked->resume()); }).join();
      ASSERT_FALSE(parked->is_parked());
      EXPECT_EQ(parked->results()[0].i32, static_cast<uint32_t>(depth + 1000));
    }
  }
}

TEST_F(Tiering, WhoIsParkedMayFailAndBeCancelled) {
  for (const char* name : {"even", "odd"}) {
    std::unique_ptr<GuestCall> parked = start(name, 5);
    runtime::Failure failure = parked->fail(abi::make_trap(TrapKind::host_error, "gone"));
    abi::TrapPtr trap = std::move(failure).take_trap();
    ASSERT_EQ(trap->frames.size(), 6u);
    for (size_t i = 1; i < 6; ++i)
      EXPECT_NE(trap->frames[i].function, trap->frames[i - 1].function);
    start(name, 5) = nullptr;  // cancels it
    EXPECT_EQ(call(name, 5), 12);
  }
  expect_stack_is_free();
}

// The host between two calls, and in each of them both executors.
TEST_F(Tiering, HostBetween) {
  EXPECT_EQ(call("again", 5), 5 + 7 + 1);
  EXPECT_EQ(call("again_odd", 6), 6 + 7 + 1);
  expect_stack_is_free();
}

TEST_F(Tiering, IsStoppedWhereverItIs) {
  for (const char* name : {"spin", "spin_odd"}) {
    for (int i = 0; i < 20; ++i) {
      make({});
      ASSERT_TRUE(store_->make_interruptible());
      std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(300 * i));
        store_->watch()->interrupt();
      });
      runtime::Run<int32_t> result = try_call(*host_.instance, name, 1);
      stopper.join();
      ASSERT_FALSE(result);
      EXPECT_EQ(std::move(result).error().take_trap()->kind, TrapKind::interrupted);
      expect_stack_is_free();
    }
  }
}

// Activations finish where they began, the next call goes where the function is.
TEST_F(Tiering, FunctionsMoveBetweenCalls) {
  for (uint64_t at : {1, 2, 3, 7}) {
    choice_->move_all_at = at;
    for (const char* name : {"even", "odd"}) {
      EXPECT_EQ(call(name, 500), 507);
      std::unique_ptr<GuestCall> parked = start(name, 30);
      parked->host_results()[0] = i32(1000);
      ASSERT_TRUE(parked->resume());
      EXPECT_EQ(parked->results()[0].i32, 1030u);
    }
    EXPECT_EQ(call("tail_even", 10'001), 0);
  }
}

// Two threads run the module, a third one moves its functions.
TEST_F(Tiering, FunctionsMoveWhileTheyRun) {
  auto& code = static_cast<tiering::TieredCode&>(module_->code());
  std::atomic<bool> done = false;
  auto run = [&] {
    auto store = runtime::Store::create(engine_, {}).value();
    Host host{.store = store.get()};
    runtime::Linker linker(*store);
    linker.define_functions("h", kFunctions, &host);
    host.instance = *linker.instantiate(module_);
    for (int32_t i = 0; i < 300; ++i) {
      abi::Value values[1] = {i32(i)};
      ASSERT_TRUE(runtime::call(*store, *host.instance->find_export("even"), values, values));
      ASSERT_EQ(values[0].i32, static_cast<uint32_t>(i + 7));
    }
  };
  std::thread mover([&] {
    for (uint32_t i = 0; !done; ++i) {
      uint32_t function = code.first_function() + i % code.functions();
      ASSERT_TRUE(code.move(function, (i / code.functions()) % 2));
    }
  });
  std::thread other(run);
  run();
  other.join();
  done = true;
  mover.join();
}

}  // namespace
}  // namespace nacre::api
