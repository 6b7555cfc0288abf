// Guests that wait without a thread, in every tier: they leave their stack at a host function and
// are resumed, by whatever thread, as if it had returned.
#include "runtime/guest_call.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "api/handles.h"
#include "api/tiers_for_test.h"
#include "runtime/typed_func.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using abi::TrapKind;
using runtime::GuestCall;
using runtime::HostResult;

struct Host {
  runtime::Store* store = nullptr;
  runtime::Instance* instance = nullptr;
  bool asks_first = true;  // how it can wait
  int waits = 0;
};

constexpr int32_t kInPlace = 1000;

HostResult<int32_t> wait(Host& host, const abi::HostCall& call, int32_t value) {
  ++host.waits;
  if (!host.asks_first || call.waiting() == abi::Waiting::suspended)
    return std::unexpected(call.suspend(&host));
  if (call.waiting() == abi::Waiting::refused)
    return std::unexpected(abi::make_trap(TrapKind::cannot_suspend));
  return value + kInPlace;
}
HostResult<std::tuple<int32_t, double, int64_t, float, int32_t>> wait_many(
    Host& host, const abi::HostCall& call, int64_t, double, int32_t, int32_t, int32_t, int32_t,
    int32_t, int64_t) {
  return std::unexpected(call.suspend(&host));
}
HostResult<int32_t> undeclared(Host& host, const abi::HostCall& call, int32_t) {
  return std::unexpected(call.suspend(&host));
}
// Back into the guest, which waits there.
HostResult<int32_t> again(Host& host, const abi::HostCall&, int32_t value) {
  using Down = runtime::TypedFunc<int32_t(int32_t)>;
  Down down = Down::create(*host.store, *host.instance->find_export("nested")).value();
  runtime::Run<int32_t> result = down(value);
  if (!result) return std::unexpected(std::move(result).error().take_trap());
  return *result;
}
// A limit is reached in the call that begins to wait.
HostResult<int32_t> last(Host& host, const abi::HostCall& call, int32_t) {
  abi::request_stop(call.exec, TrapKind::written_limit);
  return std::unexpected(call.suspend(&host));
}

constexpr runtime::HostFuncDef kFunctions[] = {
    runtime::host_func<wait>("wait", runtime::MayBlock::yes),
    runtime::host_func<wait_many>("wait_many", runtime::MayBlock::yes),
    runtime::host_func<undeclared>("undeclared"),
    runtime::host_func<again>("again", runtime::MayBlock::yes),
    runtime::host_func<last>("last", runtime::MayBlock::yes),
};

constexpr std::string_view kModule = R"((module
  (import "h" "wait" (func $wait (param i32) (result i32)))
  (import "h" "wait_many" (func $wait_many (param i64 f64 i32 i32 i32 i32 i32 i64)
    (result i32 f64 i64 f32 i32)))
  (import "h" "undeclared" (func $undeclared (param i32) (result i32)))
  (import "h" "again" (func $again (param i32) (result i32)))
  (import "h" "last" (func $last (param i32) (result i32)))
  (memory 1 2)
  (func $inner (param i32) (result i32) (local i32 i64 f64)
    (local.set 1 (i32.mul (local.get 0) (i32.const 3)))
    (local.set 2 (i64.const 5000000000))
    (local.set 3 (f64.const 2.5))
    (i32.store (i32.const 64) (local.get 0))
    (i32.add (i32.add (call $wait (local.get 0)) (local.get 1))
      (i32.add (i32.wrap_i64 (i64.div_u (local.get 2) (i64.const 1000000000)))
        (i32.add (i32.trunc_f64_s (f64.mul (local.get 3) (f64.const 2)))
          (i32.load (i32.const 64))))))
  (export "wait" (func $wait))
  ;; value + 3 x + 5 + 5 + x, and 100 from each frame above it
  (func $nested (export "nested") (param i32) (result i32)
    (i32.add (call $inner (local.get 0)) (i32.const 100)))
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (call $wait (local.get 0))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $wait (i32.const 0)))
      (else (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))))
  (func $tail (param i32) (result i32) (return_call $wait (local.get 0)))
  (func (export "tail") (param i32) (result i32) (i32.add (call $tail (local.get 0)) (i32.const 7)))
  (func (export "wide") (param i32) (result i32) (local v128)
    (local.set 1 (i32x4.splat (local.get 0)))
    (i32.add (call $wait (local.get 0)) (i32x4.extract_lane 3 (local.get 1))))
  (func (export "many") (result i32 f64 i64 f32 i32)
    (call $wait_many (i64.const 1) (f64.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6) (i32.const 7) (i64.const 8)))
  (func $fails (param i32) (result i32)
    (i32.div_u (i32.const 100) (call $wait (local.get 0))))
  (func (export "fails") (param i32) (result i32) (i32.add (call $fails (local.get 0)) (i32.const 1)))
  (func (export "spins") (param i32) (result i32)
    (drop (call $wait (local.get 0)))
    (loop $l (br $l))
    (i32.const 0))
  (func (export "undeclared") (param i32) (result i32) (call $undeclared (local.get 0)))
  (func (export "again") (param i32) (result i32) (call $again (local.get 0)))
  (func (export "last") (param i32) (result i32) (call $last (local.get 0)))
  (func (export "quick") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))))";

// Calls a function of the first one, in an instance of its own.
constexpr std::string_view kCaller = R"((module
  (import "first" "nested" (func $nested (param i32) (result i32)))
  (memory 1)
  (func (export "across") (param i32) (result i32)
    (i32.store (i32.const 64) (i32.const 77))
    (i32.add (call $nested (local.get 0)) (i32.load (i32.const 64))))))";

abi::Value i32(int32_t value) {
  abi::Value result;
  result.i32 = static_cast<uint32_t>(value);
  return result;
}

class GuestCalls : public testing::TestWithParam<const char*> {
 public:
  void SetUp() override { make({}); }

  void make(runtime::StoreOptions options, runtime::EngineOptions engine_options = {}) {
    store_ = nullptr;
    auto tier = tier_for_test(GetParam());
    if (!tier) GTEST_SKIP() << tier.error().to_string();
    engine_ = runtime::Engine::create(std::move(*tier), engine_options).value();
    module_ = parse(kModule);
    store_ = runtime::Store::create(engine_, std::move(options)).value();
    host_.store = store_.get();
    host_.instance = instantiate(*store_, module_);
  }
  runtime::ModulePtr parse(std::string_view text) {
    auto binary = wasm::text_to_binary(text, engine_->features());
    EXPECT_TRUE(binary) << binary.error().to_string();
    return runtime::Module::create(engine_, std::move(*binary)).value();
  }
  runtime::Instance* instantiate(runtime::Store& store, const runtime::ModulePtr& module) {
    runtime::Linker linker(store);
    linker.define_functions("h", kFunctions, &host_);
    auto instance = linker.instantiate(module);
    EXPECT_TRUE(instance) << instance.error().to_string();
    return *instance;
  }
  runtime::Run<std::unique_ptr<GuestCall>> try_start(const char* name,
                                                     std::vector<abi::Value> args) {
    return GuestCall::start(*store_, *host_.instance->find_export(name), args);
  }
  std::unique_ptr<GuestCall> start(const char* name, int32_t value) {
    auto call = try_start(name, {i32(value)});
    if (!call) ADD_FAILURE() << call.error().to_string();
    return call ? std::move(*call) : nullptr;
  }
  // With the result of the host function.
  static runtime::Run<void> resume(GuestCall& call, int32_t value) {
    call.host_results()[0] = i32(value);
    return call.resume();
  }
  static int32_t result(const GuestCall& call) {
    return static_cast<int32_t>(call.results()[0].i32);
  }
  static TrapKind kind_of(const runtime::Run<void>& ended) {
    return !ended && ended.error().is_trap() ? ended.error().trap().kind : TrapKind::none;
  }
  runtime::Run<int32_t> plain(const char* name, int32_t value) {
    using Plain = runtime::TypedFunc<int32_t(int32_t)>;
    return Plain::create(*store_, *host_.instance->find_export(name)).value()(value);
  }

  Host host_;
  std::shared_ptr<runtime::Engine> engine_;
  runtime::ModulePtr module_;
  std::unique_ptr<runtime::Store> store_;
};

TEST_P(GuestCalls, GoOnWhereTheyWaited) {
  auto call = start("nested", 4);
  ASSERT_TRUE(call->is_parked());
  EXPECT_EQ(call->operation(), &host_);
  EXPECT_EQ(call->host_function().name, "h.wait");
  EXPECT_EQ(store_->parked(), 1u);
  ASSERT_TRUE(resume(*call, 1000));
  EXPECT_FALSE(call->is_parked());
  EXPECT_EQ(result(*call), 1000 + 12 + 5 + 5 + 4 + 100);
  EXPECT_EQ(store_->parked(), 0u);
  // One that does not wait has returned at once.
  call = start("quick", 4);
  EXPECT_FALSE(call->is_parked());
  EXPECT_EQ(result(*call), 5);
}

TEST_P(GuestCalls, WaitAgainAndAgainOnThreadAfterThread) {
  auto call = start("loop", 50);
  int32_t expected = 0;
  for (int32_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(call->is_parked()) << i;
    expected += i;
    std::thread([&] { EXPECT_TRUE(resume(*call, i)); }).join();
  }
  ASSERT_FALSE(call->is_parked());
  EXPECT_EQ(result(*call), expected);
  EXPECT_EQ(host_.waits, 50);
}

TEST_P(GuestCalls, WaitBelowManyFramesTailCallsAndVectors) {
  auto call = start("deep", 500);
  ASSERT_TRUE(resume(*call, 3));
  EXPECT_EQ(result(*call), 503);
  call = start("tail", 1);
  ASSERT_TRUE(call->is_parked());
  ASSERT_TRUE(resume(*call, 10));
  EXPECT_EQ(result(*call), 17);
  call = start("wide", 9);
  ASSERT_TRUE(resume(*call, 10));
  EXPECT_EQ(result(*call), 19);
  // The host function itself, called by the host.
  call = start("wait", 1);
  ASSERT_TRUE(call->is_parked());
  ASSERT_TRUE(resume(*call, 10));
  EXPECT_EQ(result(*call), 10);
}

TEST_P(GuestCalls, GetResultsInAllPlaces) {
  auto call = try_start("many", {});
  ASSERT_TRUE(call);
  std::span<abi::Value> values = (*call)->host_results();
  ASSERT_EQ(values.size(), 5u);
  values[0].i32 = 1;
  values[1].f64 = 2.5;
  values[2].i64 = uint64_t{3} << 40;
  values[3].f32 = 4.5F;
  values[4].i32 = 5;
  ASSERT_TRUE((*call)->resume());
  std::span<const abi::Value> results = (*call)->results();
  EXPECT_EQ(results[0].i32, 1u);
  EXPECT_EQ(results[1].f64, 2.5);
  EXPECT_EQ(results[2].i64, uint64_t{3} << 40);
  EXPECT_EQ(results[3].f32, 4.5F);
  EXPECT_EQ(results[4].i32, 5u);
}

TEST_P(GuestCalls, OfOneStoreWaitBesideEachOther) {
  std::vector<std::unique_ptr<GuestCall>> calls;
  for (int32_t i = 0; i < 20; ++i) calls.push_back(start("nested", i));
  EXPECT_EQ(store_->parked(), 20u);
  EXPECT_EQ(engine_->small_stacks().in_use(), 19u);
  // Others call meanwhile, and wait in place.
  EXPECT_EQ(plain("quick", 1).value(), 2);
  EXPECT_EQ(plain("nested", 1).value(), kInPlace + 1 + 3 + 10 + 1 + 100);
  for (int32_t i : {7, 0, 19, 3}) {
    ASSERT_TRUE(resume(*calls[static_cast<size_t>(i)], 1000));
    // Their instance is the same, so memory holds what the last one wrote.
    EXPECT_EQ(result(*calls[static_cast<size_t>(i)]), 1000 + 3 * i + 10 + 1 + 100) << i;
    EXPECT_EQ(plain("quick", i).value(), i + 1);
  }
  EXPECT_EQ(store_->parked(), 16u);
  calls.clear();  // cancels the others
  EXPECT_EQ(store_->parked(), 0u);
  EXPECT_EQ(engine_->small_stacks().in_use(), 0u);
  EXPECT_EQ(result(*start("quick", 1)), 2);
}

TEST_P(GuestCalls, WaitBelowSeveralInstances) {
  runtime::Linker linker(*store_);
  linker.define("first", "nested", *host_.instance->find_export("nested"));
  runtime::Instance* caller = linker.instantiate(parse(kCaller)).value();
  auto other = start("nested", 2);  // on the large stack
  std::vector<abi::Value> args = {i32(4)};
  auto call = GuestCall::start(*store_, *caller->find_export("across"), args);
  ASSERT_TRUE(call && (*call)->is_parked());
  ASSERT_TRUE(resume(*other, 1));
  EXPECT_EQ(result(*other), 1 + 6 + 10 + 4 + 100);
  std::thread([&] { ASSERT_TRUE(resume(**call, 1000)); }).join();
  EXPECT_EQ(result(**call), 1000 + 12 + 10 + 4 + 100 + 77);
}

TEST_P(GuestCalls, TrapAfterTheyWereResumed) {
  auto call = start("fails", 0);
  runtime::Run<void> ended = resume(*call, 0);
  EXPECT_EQ(kind_of(ended), TrapKind::integer_divide_by_zero);
  EXPECT_EQ(ended.error().trap().frames.size(), 2u);
  EXPECT_FALSE(call->is_parked());
  EXPECT_EQ(result(*start("quick", 1)), 2);
}

TEST_P(GuestCalls, EndWithTheTrapOfTheHostFunction) {
  auto call = start("nested", 1);
  runtime::Failure failure = call->fail(abi::make_trap(TrapKind::host_error, "no file"));
  EXPECT_EQ(failure.to_string(), "trap: no file");
  ASSERT_EQ(failure.trap().frames.size(), 2u);
  EXPECT_EQ(failure.trap().frames[0].function + 1, failure.trap().frames[1].function);
  EXPECT_FALSE(call->is_parked());
  // Below a tail call, the function that made it is gone.
  call = start("tail", 1);
  EXPECT_EQ(call->cancel().trap().frames.size(), 1u);
}

TEST_P(GuestCalls, CannotWaitBelowAHostFunction) {
  auto call = try_start("again", {i32(1)});
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().trap().kind, TrapKind::cannot_suspend);
  EXPECT_EQ(call.error().trap().frames.size(), 3u);
  // Nor does an answer that cannot be waited for hang anything.
  host_.asks_first = false;
  call = try_start("again", {i32(1)});
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().trap().kind, TrapKind::cannot_suspend);
  runtime::Run<int32_t> direct = plain("nested", 1);
  ASSERT_FALSE(direct);
  EXPECT_EQ(direct.error().trap().kind, TrapKind::cannot_suspend);
  call = try_start("undeclared", {i32(1)});
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().trap().kind, TrapKind::host_error);
  EXPECT_EQ(store_->parked(), 0u);
}

TEST_P(GuestCalls, AreRefusedWhileAnotherRuns) {
  auto parked = start("nested", 1);
  struct Nested {
    GuestCalls* test;
    GuestCall* parked;
  } nested{this, parked.get()};
  abi::HostFunc func;
  func.type.params = {wasm::ValType::kI32};
  func.type.results = {wasm::ValType::kI32};
  func.data = &nested;
  func.call = [](const abi::HostCall&, void* data, abi::Value*) -> abi::Outcome {
    auto& self = *static_cast<Nested*>(data);
    auto refused = self.test->try_start("quick", {i32(1)});
    EXPECT_FALSE(refused);
    runtime::Run<void> resumed = self.parked->resume();
    EXPECT_FALSE(resumed);
    EXPECT_FALSE(resumed.error().is_trap());
    // To end one that is parked is possible at any time.
    EXPECT_EQ(self.parked->cancel().trap().frames.size(), 2u);
    return {};
  };
  runtime::Extern item = store_->add_func(std::move(func)).value();
  abi::Value value = i32(1);
  abi::Value out;
  ASSERT_TRUE(runtime::call(*store_, item, {&value, 1}, {&out, 1}));
  EXPECT_FALSE(parked->is_parked());
  EXPECT_EQ(result(*start("quick", 1)), 2);
}

TEST_P(GuestCalls, TimePassesWhileTheyWait) {
  runtime::StoreOptions options;
  options.limits = {{TrapKind::time_limit, 20'000'000, "20 ms"}};
  make(options);
  if (store_ == nullptr) return;
  auto call = start("nested", 1);
  ASSERT_TRUE(store_->watch()->deadline());
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  ASSERT_TRUE(call->is_parked());  // it was not touched
  runtime::Run<void> ended = resume(*call, 1);
  EXPECT_EQ(kind_of(ended), TrapKind::time_limit);
  EXPECT_EQ(ended.error().trap().message, "time limit reached: 20 ms");
  EXPECT_EQ(ended.error().trap().frames.size(), 2u);
  EXPECT_FALSE(store_->watch()->deadline());
  if (kSignalsComeLate) return;

  // Time that is left goes on after the wait, on another thread.
  make(options);
  call = start("spins", 1);
  std::thread([&] { EXPECT_EQ(kind_of(resume(*call, 1)), TrapKind::time_limit); }).join();
}

TEST_P(GuestCalls, CpuTimeAndFuelDoNotPassWhileTheyWait) {
  runtime::StoreOptions options;
  options.limits = {{TrapKind::cpu_time_limit, 20'000'000, "20 ms of CPU time"}};
  make(options);
  if (store_ == nullptr) return;
  auto call = start("nested", 1);
  EXPECT_FALSE(store_->watch()->deadline());
  auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(40);
  while (std::chrono::steady_clock::now() < until) continue;  // busy, but not with the guest
  ASSERT_TRUE(resume(*call, 1));
  if (kSignalsComeLate) return;
  call = start("spins", 1);
  std::thread([&] { EXPECT_EQ(kind_of(resume(*call, 1)), TrapKind::cpu_time_limit); }).join();
}

TEST_P(GuestCalls, AreInterruptedWhileTheyWait) {
  ASSERT_TRUE(store_->make_interruptible());
  auto call = start("nested", 1);
  store_->watch()->interrupt();
  EXPECT_EQ(kind_of(resume(*call, 1)), TrapKind::interrupted);
  if (kSignalsComeLate) return;
  call = start("spins", 1);
  std::thread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    store_->watch()->interrupt();
  });
  EXPECT_EQ(kind_of(resume(*call, 1)), TrapKind::interrupted);
  interrupter.join();
}

TEST_P(GuestCalls, StopAtALimitThatTheyReachedAsTheyBeganToWait) {
  auto call = start("last", 1);
  ASSERT_TRUE(call->is_parked());
  EXPECT_EQ(kind_of(resume(*call, 1)), TrapKind::written_limit);
}

TEST_P(GuestCalls, OutliveTheirStore) {
  auto call = start("nested", 1);
  store_ = nullptr;
  EXPECT_FALSE(call->is_parked());
  EXPECT_EQ(engine_->small_stacks().in_use(), 0u);
}

TEST_P(GuestCalls, HaveAsManySmallStacksAsTheEngine) {
  make({}, {.max_small_stacks = 2});
  if (store_ == nullptr) return;
  auto a = start("nested", 1), b = start("nested", 1), c = start("nested", 1);
  auto d = try_start("nested", {i32(1)});
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().error().message(), "all 2 small guest stacks of the engine are in use");
  b = nullptr;
  EXPECT_TRUE(start("nested", 1)->is_parked());
}

uint64_t status_kib(const std::string& what) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(what)) return std::stoull(line.substr(what.size() + 1));
  }
  return 0;
}
size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  std::string line;
  while (std::getline(maps, line)) ++count;
  return count;
}

// Each in a store of its own, with a memory that is small enough to share page tables with others.
TEST_P(GuestCalls, WaitByTheThousands) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr size_t kGuests = 200;
#else
  constexpr size_t kGuests = 10'000;
#endif
  // Guards of so many memories would be more address space than there is.
  make({}, {.guarded_memories = false});
  if (store_ == nullptr) return;
  struct Guest {
    std::unique_ptr<runtime::Store> store;
    std::unique_ptr<GuestCall> call;
  };
  uint64_t memory_before = status_kib("RssAnon:") + status_kib("VmPTE:");
  size_t mappings_before = mappings();
  std::vector<Guest> guests(kGuests);
  runtime::StoreOptions options{.guest_stack_bytes = 128 << 10};
  for (size_t i = 0; i < kGuests; ++i) {
    guests[i].store = runtime::Store::create(engine_, options).value();
    runtime::Instance* instance = instantiate(*guests[i].store, module_);
    std::vector<abi::Value> args = {i32(static_cast<int32_t>(i))};
    guests[i].call =
        GuestCall::start(*guests[i].store, *instance->find_export("nested"), args).value();
    ASSERT_TRUE(guests[i].call->is_parked());
  }
  uint64_t kib = status_kib("RssAnon:") + status_kib("VmPTE:") - memory_before;
  size_t more_mappings = mappings() - mappings_before;
  std::printf("%zu guests: %.1f KiB and %.2f mappings each\n", kGuests,
              static_cast<double>(kib) / kGuests, static_cast<double>(more_mappings) / kGuests);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LE(kib, 200'000'000 / 1024);
  EXPECT_LE(more_mappings, 4 * kGuests + 100);
#endif
  for (size_t i = kGuests; i-- > 0;) {
    auto x = static_cast<int32_t>(i);
    ASSERT_TRUE(resume(*guests[i].call, 1));
    EXPECT_EQ(result(*guests[i].call), 1 + 3 * x + 10 + x + 100);
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, GuestCalls, testing::Values("interp", "baseline", "mixed"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace nacre::api
