// That limits hold, in every tier: whatever a guest does when its time is over, it is stopped, and
// reaching a limit that was set names it. How fast is measured, not tested (docs/RATIONALE.md):
// what does not stop here runs into the test's own time limit.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "api/handles.h"
#include "api/tiers_for_test.h"
#include "nacre/nacre.h"

namespace nacre::api {
namespace {

struct ErrorDeleter {
  void operator()(nacre_error_t* error) const { nacre_error_delete(error); }
};
using OwnedError = std::unique_ptr<nacre_error_t, ErrorDeleter>;

std::string text(nacre_error_t* error) {
  OwnedError owned(error);
  return owned == nullptr ? "" : nacre_error_message(owned.get());
}

uint32_t fast(uint32_t value) { return value + 1; }
constexpr runtime::HostFuncDef kFast[] = {runtime::host_func<fast>("fast")};

nacre_error_t* slow(void*, const nacre_val_t*, size_t, nacre_val_t*, size_t) { return nullptr; }

// An engine, and one store after the other.
class World {
 public:
  explicit World(const char* tier, bool fuel = false) {
    nacre_config_t* config = nacre_config_new();
    EXPECT_EQ(text(nacre_config_set_tier(config, tier)), "");
    nacre_config_set_fuel(config, fuel);
    refused = text(nacre_engine_new(config, &engine));
  }
  ~World() {
    close();
    for (nacre_module_t* module : modules_) nacre_module_delete(module);
    if (engine != nullptr) nacre_engine_delete(engine);
  }
  void close() {
    if (store != nullptr) nacre_store_delete(store);
    store = nullptr;
  }

  using Grants = std::vector<std::pair<const char*, const char*>>;
  void open(const Grants& grants) {
    close();
    nacre_grants_t* made = nacre_grants_new();
    for (auto [kind, value] : grants) EXPECT_EQ(text(nacre_grants_add(made, kind, value)), "");
    ASSERT_EQ(text(nacre_store_new(engine, made, &store)), "");
    store->linker->define_functions("h", kFast, nullptr);
    ASSERT_EQ(
        text(nacre_store_define_func(store, "h", "slow", nullptr, 0, nullptr, 0, slow, nullptr)),
        "");
  }
  nacre_module_t* load(std::string_view wat) {
    nacre_module_t* module = nullptr;
    EXPECT_EQ(text(nacre_module_new(engine, wat.data(), wat.size(), &module)), "");
    if (module != nullptr) modules_.push_back(module);
    return module;
  }
  // Instantiates; the error, if there is one.
  nacre_error_t* instantiate(std::string_view wat) {
    return nacre_instance_new(store, load(wat), NACRE_UNKNOWN_IMPORTS_DENY, &instance);
  }
  // Calls "run", a function without arguments, with one result or none.
  nacre_error_t* run(nacre_val_t* result = nullptr) {
    nacre_val_t value{};
    const nacre_val_kind_t* kinds = nullptr;
    size_t params = 0;
    size_t results = 0;
    if (!nacre_instance_func_type(instance, "run", &kinds, &params, &kinds, &results))
      return nacre_host_error("no run");
    nacre_error_t* error = nacre_instance_call(instance, "run", nullptr, 0, &value, results);
    if (result != nullptr) *result = value;
    return error;
  }
  // The same of a whole module: "time: time limit reached: ...", or how it ended otherwise.
  std::string end_of(std::string_view wat) {
    nacre_error_t* error = instantiate(wat);
    if (error == nullptr) error = run();
    OwnedError owned(error);
    if (owned == nullptr) return "returned";
    return std::string(nacre_error_limit(owned.get())) + ": " + nacre_error_message(owned.get());
  }

  nacre_engine_t* engine = nullptr;
  nacre_store_t* store = nullptr;
  nacre_instance_t* instance = nullptr;
  std::string refused;  // why there is no engine

 private:
  std::vector<nacre_module_t*> modules_;
};

// ---- guests that never end

struct Endless {
  const char* name;
  const char* wat;
  bool waits = false;  // and uses no CPU time
};

constexpr Endless kEndless[] = {
    {"EmptyLoop", R"((module (func (export "run") (loop (br 0)))))"},
    {"LoopWithResult", R"((module (func (export "run") (result i32)
        (loop (result i32) (drop (i32.const 1)) (br 0)))))"},
    {"ConditionalLoop", R"((module (func (export "run") (local i32)
        (loop (local.set 0 (i32.add (local.get 0) (i32.const 2)))
          (br_if 0 (i32.ne (local.get 0) (i32.const 1)))))))"},
    {"TableLoop", R"((module (func (export "run") (local i32)
        (loop (block (loop
          (local.set 0 (i32.xor (local.get 0) (i32.const 1)))
          (br_table 0 1 2 (local.get 0))))
          (br 0)))))"},
    {"LoopThatDrops", R"((module (func (export "run")
        (loop (i32.const 1) (i32.const 2) (br 0)))))"},
    {"VectorLoop", R"((module (func (export "run") (local v128)
        (loop (local.set 0 (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4))) (br 0)))))"},
    {"StartFunction", R"((module (start $f) (func $f (loop (br 0))) (func (export "run"))))"},
    {"Calls", R"((module (func $f) (func (export "run") (loop (call $f) (br 0)))))"},
    {"MutualRecursion", R"((module
        (func $even (param i32) (if (local.get 0) (then
          (call $odd (i32.sub (local.get 0) (i32.const 1)))
          (call $odd (i32.sub (local.get 0) (i32.const 1))))))
        (func $odd (param i32) (if (local.get 0) (then
          (call $even (i32.sub (local.get 0) (i32.const 1)))
          (call $even (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "run") (call $even (i32.const 200)))))"},
    {"TailCalls", R"((module (func $a (return_call $b)) (func $b (return_call $a))
        (func (export "run") (return_call $a))))"},
    {"IndirectTailCalls", R"((module (type $t (func)) (table 2 funcref) (elem (i32.const 0) $a $b)
        (func $a (return_call_indirect (type $t) (i32.const 1)))
        (func $b (return_call_indirect (type $t) (i32.const 0)))
        (func (export "run") (return_call $a))))"},
    {"ReferenceTailCalls", R"((module (type $t (func)) (elem declare func $a)
        (func $a (return_call_ref $t (ref.func $a)))
        (func (export "run") (return_call $a))))"},
    {"CallsOfSubtypes", R"((module
        (type $t (sub (func))) (type $s (sub $t (func))) (table 1 funcref) (elem (i32.const 0) $f)
        (func $f (type $s))
        (func (export "run") (loop (call_indirect (type $t) (i32.const 0)) (br 0)))))"},
    {"QuickHostCalls", R"((module (import "h" "fast" (func $f (param i32) (result i32)))
        (func (export "run") (local i32)
          (loop (local.set 0 (call $f (local.get 0))) (br 0)))))"},
    {"HostCalls", R"((module (import "h" "slow" (func $f))
        (func (export "run") (loop (call $f) (br 0)))))"},
    {"WasiCalls", R"((module
        (import "wasi_snapshot_preview1" "sched_yield" (func $f (result i32)))
        (func (export "run") (loop (drop (call $f)) (br 0)))))"},
    {"TailCallsOfTheHost", R"((module (import "h" "slow" (func $f))
        (func $g (return_call $f))
        (func (export "run") (loop (call $g) (br 0)))))"},
    {"Fills", R"((module (memory 1024) (func (export "run")
        (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x4000000)) (br 0)))))"},
    {"EmptyFills", R"((module (memory 1) (func (export "run")
        (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 0)) (br 0)))))"},
    {"ShortFills", R"((module (memory 1) (func (export "run")
        (loop (memory.fill (i32.const 5) (i32.const 7) (i32.const 24)) (br 0)))))"},
    {"ShortCopies", R"((module (memory 1) (func (export "run")
        (loop (memory.copy (i32.const 5) (i32.const 7) (i32.const 50)) (br 0)))))"},
    {"Copies", R"((module (memory 1024) (func (export "run")
        (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3FFFFFF)) (br 0)))))"},
    {"Inits", R"((module (memory 1) (data $d "0123456789") (func (export "run")
        (loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 10)) (br 0)))))"},
    {"Grows", R"((module (memory 1) (func (export "run")
        (loop (drop (memory.grow (i32.const 0))) (br 0)))))"},
    {"FailingGrows", R"((module (memory 1 1) (func (export "run")
        (loop (drop (memory.grow (i32.const 1))) (br 0)))))"},
    {"TableFills", R"((module (table 1000000 funcref) (func (export "run")
        (loop (table.fill (i32.const 0) (ref.null func) (i32.const 1000000)) (br 0)))))"},
    {"TableCopies", R"((module (table 1000000 funcref) (func (export "run")
        (loop (table.copy (i32.const 1) (i32.const 0) (i32.const 999999)) (br 0)))))"},
    {"TableGrows", R"((module (table 1 funcref) (func (export "run")
        (loop (drop (table.grow (ref.null func) (i32.const 0))) (br 0)))))"},
    {"AtomicNotifies", R"((module (memory 1 1 shared) (func (export "run")
        (loop (drop (memory.atomic.notify (i32.const 0) (i32.const 1))) (br 0)))))"},
    {"AtomicWait", R"((module (memory 1 1 shared) (func (export "run") (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))",
     true},
    {"AtomicWaitWithTimeout", R"((module (memory 1 1 shared) (func (export "run") (result i32)
        (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 3600000000000)))))",
     true},
    {"Sleep", R"((module
        (import "wasi_snapshot_preview1" "poll_oneoff"
          (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory 1) (data (i32.const 16) "\01") (data (i32.const 30) "\01")
        (func (export "run") (loop
          (i64.store (i32.const 24) (i64.const 3600000000000))
          (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))
          (br 0)))))",
     true},
    {"ReadOfAPipe", R"((module
        (import "wasi_snapshot_preview1" "fd_read"
          (func $read (param i32 i32 i32 i32) (result i32)))
        (memory 1) (data (i32.const 0) "\20\00\00\00\10")
        (func (export "run") (loop
          (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))) (br 0)))))",
     true},
    {"MuchRandomness", R"((module
        (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
        (memory 8192)
        (func (export "run")
          (loop (drop (call $f (i32.const 0) (i32.const 0x1FFFFFFF))) (br 0)))))"},
};

using Parameter = std::tuple<const char*, Endless>;

class EndlessGuest : public testing::TestWithParam<Parameter> {
 protected:
  void SetUp() override {
    world_ = std::make_unique<World>(std::get<0>(GetParam()));
    if (!world_->refused.empty()) GTEST_SKIP() << world_->refused;
    if (kSignalsComeLate) GTEST_SKIP() << "signals come late";
    // Standard input is a pipe into which nothing is written.
    ASSERT_EQ(::pipe(pipe_), 0);
    before_ = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
    ASSERT_EQ(::dup2(pipe_[0], 0), 0);
  }
  void TearDown() override {
    if (before_ >= 0) ::dup2(before_, 0);
    for (int fd : {before_, pipe_[0], pipe_[1]}) {
      if (fd >= 0) ::close(fd);
    }
  }
  const Endless& guest() const { return std::get<1>(GetParam()); }

  std::unique_ptr<World> world_;
  int pipe_[2] = {-1, -1};
  int before_ = -1;
};

TEST_P(EndlessGuest, IsStoppedByTime) {
  world_->open({{"time", "30ms"}});
  EXPECT_EQ(world_->end_of(guest().wat), "time: time limit reached: 30 ms (--time)");
}

TEST_P(EndlessGuest, IsStoppedByCpuTime) {
  if (guest().waits) GTEST_SKIP() << "it waits";
  world_->open({{"cpu-time", "30ms"}});
  EXPECT_EQ(world_->end_of(guest().wat), "cpu-time: cpu-time limit reached: 30 ms (--cpu-time)");
}

TEST_P(EndlessGuest, IsInterrupted) {
  world_->open({});
  ASSERT_EQ(text(nacre_store_make_interruptible(world_->store)), "");
  std::thread other([store = world_->store] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(nacre_store_interrupt(store));
  });
  EXPECT_EQ(world_->end_of(guest().wat), ": interrupted");
  other.join();
}

// As many signals as can be at as many instructions: what the unwinder makes of each is to be
// sound.
TEST_P(EndlessGuest, IsInterruptedAnywhere) {
  for (int i = 0; i < 20; ++i) {
    world_->open({});
    ASSERT_EQ(text(nacre_store_set_deadline(world_->store, 1)), "");
    EXPECT_EQ(world_->end_of(guest().wat), "time: time limit reached");
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, EndlessGuest,
                         testing::Combine(testing::Values("interp", "baseline"),
                                          testing::ValuesIn(kEndless)),
                         [](const testing::TestParamInfo<Parameter>& it) {
                           return std::string(std::get<0>(it.param)) + "_" +
                                  std::get<1>(it.param).name;
                         });

// ---- what else can be said about time

class Limits : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    world_ = std::make_unique<World>(GetParam());
    if (!world_->refused.empty()) GTEST_SKIP() << world_->refused;
    if (kSignalsComeLate) GTEST_SKIP() << "signals come late";
  }
  std::string end_of(const World::Grants& grants, std::string_view wat) {
    world_->open(grants);
    return world_->end_of(wat);
  }
  std::unique_ptr<World> world_;
};
INSTANTIATE_TEST_SUITE_P(Tiers, Limits, testing::Values("interp", "baseline"));

TEST_P(Limits, TimeHoldsInAnotherModule) {
  world_->open({{"time", "30ms"}});
  ASSERT_EQ(text(world_->instantiate(R"((module
    (func (export "spin") (loop (br 0)))
    (func (export "tail") (param funcref) (return_call 0)))
  )")),
            "");
  ASSERT_EQ(text(nacre_store_define_instance(world_->store, "m", world_->instance)), "");
  EXPECT_EQ(world_->end_of(R"((module (import "m" "spin" (func $spin))
    (func (export "run") (call $spin))))"),
            "time: time limit reached: 30 ms (--time)");
}

TEST_P(Limits, TailCallsBetweenModulesAreStopped) {
  for (int i = 0; i < 20; ++i) {
    world_->open({{"time", "5ms"}});
    ASSERT_EQ(text(world_->instantiate(R"((module (type $t (func))
      (table (export "t") 2 funcref) (elem (i32.const 0) $a)
      (func $a (return_call_indirect (type $t) (i32.const 1))))
    )")),
              "");
    ASSERT_EQ(text(nacre_store_define_instance(world_->store, "m", world_->instance)), "");
    EXPECT_EQ(world_->end_of(R"((module (type $t (func))
      (import "m" "t" (table 2 funcref)) (elem (i32.const 1) $b)
      (func $b (return_call_indirect (type $t) (i32.const 0)))
      (func (export "run") (call_indirect (type $t) (i32.const 0)))))"),
              "time: time limit reached: 5 ms (--time)");
  }
}

TEST_P(Limits, TimeThatIsOverStaysSo) {
  world_->open({{"time", "5ms"}});
  EXPECT_EQ(world_->end_of(kEndless[0].wat), "time: time limit reached: 5 ms (--time)");
  EXPECT_EQ(text(world_->run()), "time limit reached: 5 ms (--time)");
  // Until more is given.
  ASSERT_EQ(text(world_->instantiate(R"((module (func (export "run"))))")), "");
  EXPECT_EQ(text(world_->run()), "time limit reached: 5 ms (--time)");
  ASSERT_EQ(text(nacre_store_set_deadline(world_->store, 60'000)), "");
  EXPECT_EQ(text(world_->run()), "");
}

TEST_P(Limits, TimeBetweenCallsIsNobodys) {
  world_->open({{"time", "300ms"}});
  ASSERT_EQ(text(world_->instantiate(R"((module (func (export "run"))))")), "");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(text(world_->run()), "");
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
  }
}

TEST_P(Limits, WaitingUsesNoCpuTime) {
  world_->open({{"cpu-time", "200ms"}});
  EXPECT_EQ(world_->end_of(R"((module (memory 1 1 shared) (func (export "run") (result i32)
    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 400000000)))))"),
            "returned");
}

TEST_P(Limits, AnInterruptIsForOneCall) {
  world_->open({});
  EXPECT_FALSE(nacre_store_interrupt(world_->store)) << "nothing was made interruptible";
  ASSERT_EQ(text(nacre_store_make_interruptible(world_->store)), "");
  ASSERT_EQ(text(world_->instantiate(R"((module (func (export "run"))))")), "");
  EXPECT_TRUE(nacre_store_interrupt(world_->store));
  EXPECT_EQ(text(world_->run()), "interrupted");
  EXPECT_EQ(text(world_->run()), "");
}

// The guest of another store, in a host function, does not keep the outer one from being stopped.
struct Inner {
  nacre_instance_t* instance;
  std::string end;
};
nacre_error_t* run_inner(void* data, const nacre_val_t*, size_t, nacre_val_t*, size_t) {
  auto& inner = *static_cast<Inner*>(data);
  inner.end = text(nacre_instance_call(inner.instance, "run", nullptr, 0, nullptr, 0));
  return nullptr;
}

TEST_P(Limits, TimeHoldsForWhatRunsOnTop) {
  World other(GetParam());
  other.open({{"time", "60s"}});
  ASSERT_EQ(text(other.instantiate(kEndless[0].wat)), "");
  Inner inner{other.instance, ""};
  world_->open({{"time", "20ms"}});
  ASSERT_EQ(text(nacre_store_define_func(world_->store, "h", "inner", nullptr, 0, nullptr, 0,
                                         run_inner, &inner)),
            "");
  EXPECT_EQ(world_->end_of(R"((module (import "h" "inner" (func $f))
    (func (export "run") (call $f) (loop (br 0)))))"),
            "time: time limit reached: 20 ms (--time)");
  EXPECT_EQ(inner.end, "interrupted") << "its own time is not over";
}

TEST_P(Limits, ManyGuestsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([tier = GetParam(), i] {
      World world(tier);
      for (int k = 0; k < 10; ++k) {
        std::string ms = std::to_string(1 + (i + k) % 5) + "ms";
        world.open({{"time", ms.c_str()}});
        EXPECT_TRUE(world.end_of(kEndless[i].wat).starts_with("time: ")) << i;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Limits, OneWatchdogForManyThreads) {
  std::vector<std::thread> threads;
  nacre_module_t* module = world_->load(kEndless[0].wat);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, module] {
      for (int k = 0; k < 10; ++k) {
        nacre_store_t* store = nullptr;
        ASSERT_EQ(text(nacre_store_new(world_->engine, nullptr, &store)), "");
        ASSERT_EQ(text(nacre_store_set_deadline(store, 2)), "");
        nacre_instance_t* instance = nullptr;
        ASSERT_EQ(text(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance)),
                  "");
        EXPECT_EQ(text(nacre_instance_call(instance, "run", nullptr, 0, nullptr, 0)),
                  "time limit reached");
        nacre_store_delete(store);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Limits, SelfTestPasses) { EXPECT_EQ(text(nacre_engine_self_test(world_->engine)), ""); }

// ---- amounts

constexpr std::string_view kGrow = R"((module (memory (export "m") 1)
  (func (export "run") (result i32) (loop (br_if 0 (i32.ne (memory.grow (i32.const 1))
    (i32.const -1)))) (memory.size))))";

TEST_P(Limits, MemoryThatWasSetTraps) {
  EXPECT_EQ(end_of({{"memory", "4M"}}, kGrow), "memory: memory limit reached: 4 MiB (--memory)");
  size_t size = 0;
  uint8_t* data = nullptr;
  ASSERT_EQ(text(nacre_instance_memory(world_->instance, "m", &data, &size)), "");
  EXPECT_EQ(size, size_t{4} << 20);
}

TEST_P(Limits, TheSmallestCounts) {
  EXPECT_EQ(end_of({{"memory", "8M"}, {"memory", "64K"}, {"memory", "1G"}}, kGrow),
            "memory: memory limit reached: 64 KiB (--memory)");
}

TEST_P(Limits, WhatAMemoryMayNotBecomeIsNoTrap) {
  EXPECT_EQ(end_of({{"memory", "4M"}}, R"((module (memory 1 2) (func (export "run")
    (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1)) (then (unreachable)))
    (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then (unreachable))))))"),
            "returned");
}

TEST_P(Limits, AModuleThatNeedsMoreIsRefused) {
  world_->open({{"memory", "1M"}});
  EXPECT_EQ(
      text(world_->instantiate("(module (memory 17))")),
      "limit reached: a memory of 17 pages is more than the store may have: 1 MiB (--memory)");
  world_->open({{"tables", "10"}});
  EXPECT_EQ(text(world_->instantiate("(module (table 11 funcref))")),
            "limit reached: a table of 11 elements is more than the store may have: 10 (--tables)");
}

TEST_P(Limits, TablesThatWereSetTrap) {
  constexpr std::string_view kGrowTable = R"((module (table 1 funcref) (func (export "run")
    (loop (br_if 0 (i32.ne (table.grow (ref.null func) (i32.const 10)) (i32.const -1)))))))";
  EXPECT_EQ(end_of({{"tables", "100"}}, kGrowTable),
            "tables: tables limit reached: 100 (--tables)");
  EXPECT_EQ(end_of({}, kGrowTable), "returned") << "the default answers with -1";
}

TEST_P(Limits, StackThatWasSetIsNamed) {
  constexpr std::string_view kRecursion = R"((module (func $f (export "run") (call $f))))";
  EXPECT_EQ(end_of({{"stack", "64K"}}, kRecursion), "stack: stack limit reached: 64 KiB (--stack)");
  EXPECT_EQ(end_of({}, kRecursion), ": call stack exhausted");
}

TEST_P(Limits, ThreadsMayBeSaid) {
  EXPECT_EQ(end_of({{"threads", "1"}}, R"((module (func (export "run"))))"), "returned");
}

// ---- fuel

TEST_P(Limits, FuelNeedsAnEngineThatCounts) {
  nacre_grants_t* grants = nacre_grants_new();
  ASSERT_EQ(text(nacre_grants_add(grants, "fuel", "10")), "");
  EXPECT_TRUE(nacre_grants_limit_fuel(grants));
  EXPECT_EQ(text(nacre_store_new(world_->engine, grants, &world_->store)),
            "wrong use: the engine was not made to count fuel");
}

// Each ends.
constexpr std::string_view kCounted[] = {
    R"((module (func (export "run"))))",
    R"((module (func $f (nop)) (func (export "run") (call $f) (call $f))))",
    R"((module (func (export "run") (local i32) (local.set 0 (i32.const 1000))
         (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))",
    R"((module (func (export "run") (local i32) (local.set 0 (i32.const 1000))
         (block (loop
           (br_if 1 (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
           (br 0))))))",
    R"((module (func (export "run") (local i32)
         (loop (block (block
           (local.set 0 (i32.add (local.get 0) (i32.const 1)))
           (br_if 0 (i32.lt_u (local.get 0) (i32.const 70)))
           (br 1))
           (br 1))))))",
    R"((module (func (export "run") (local i32)
         (loop $outer (loop $inner (block $out
           (local.set 0 (i32.add (local.get 0) (i32.const 1)))
           (br_table $inner $inner $outer $inner $out
             (select (i32.and (local.get 0) (i32.const 3)) (i32.const 4)
               (i32.lt_u (local.get 0) (i32.const 500))))))))))",
    R"((module (func (export "run") (local i32 i64)
         (loop $l (param) (result)
           (local.set 0 (i32.add (local.get 0) (i32.const 1)))
           (i64.const 5) (i64.const 6)
           (if (param i64 i64) (i32.and (local.get 0) (i32.const 1))
             (then (drop) (drop) (br $l)) (else (drop) (drop)))
           (br_if $l (i32.lt_u (local.get 0) (i32.const 99)))))))",
    R"((module (func (export "run") (result i32) (i32.const 100)
         (loop $l (param i32) (result i32)
           (i32.const 1) (i32.sub)
           (block $b (param i32) (result i32)
             (br_if $b (i32.eqz (i32.const 0))))
           (br_if $l (i32.gt_s (i32.const 0) (i32.const 0)))))))",
    R"((module (type $t (func (param i32) (result i32)))
         (table 2 funcref) (elem (i32.const 0) $down $same)
         (func $same (type $t) (local.get 0))
         (func $down (type $t) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
           (else (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1))
             (i32.const 0)))))
         (func $tail (param i32) (result i32)
           (if (i32.eqz (local.get 0)) (then (return (i32.const 3))))
           (return_call $tail (i32.sub (local.get 0) (i32.const 1))))
         (func (export "run") (result i32)
           (i32.add (call $down (i32.const 40)) (call $tail (i32.const 1000))))))",
    R"((module (memory 2) (table 10 funcref) (data $d "0123456789abcdef0123456789abcdef01")
         (elem $e func 0)
         (func (export "run")
           (memory.fill (i32.const 0) (i32.const 1) (i32.const 1000))
           (memory.copy (i32.const 5) (i32.const 0) (i32.const 1601))
           (memory.init $d (i32.const 0) (i32.const 0) (i32.const 33))
           (table.fill (i32.const 0) (ref.null func) (i32.const 7))
           (table.copy (i32.const 1) (i32.const 0) (i32.const 5))
           (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))
           (drop (table.grow (ref.null func) (i32.const 11)))
           (drop (memory.grow (i32.const 1))))))",
    R"((module (func (export "run") (local v128 i32)
         (loop (local.set 0 (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4)))
           (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1)))
             (i32.const 77)))))))",
    R"((module (import "h" "fast" (func $f (param i32) (result i32)))
         (func $wide (param v128) (result i32) (i32x4.extract_lane 0 (local.get 0)))
         (func (export "run") (local i32)
           (loop (local.set 0 (call $f (local.get 0)))
             (drop (call $wide (v128.const i32x4 1 2 3 4)))
             (br_if 0 (i32.lt_u (local.get 0) (i32.const 50)))))))",
    R"((module (func $null (param funcref) (result i32) (local i32)
           (block $b (loop $l (local.set 1 (i32.add (local.get 1) (i32.const 1)))
             (br_if $b (i32.gt_u (local.get 1) (i32.const 9)))
             (drop (br_on_null $l (local.get 0)))))
           (local.get 1))
         (func (export "run") (result i32) (call $null (ref.null func)))))",
};

// What a guest used when it had all it wanted, and how it ended with so much.
struct Used {
  std::string end;
  uint64_t fuel;
  friend bool operator==(const Used&, const Used&) = default;
};

Used use(World& world, std::string_view wat, uint64_t fuel) {
  std::string amount = std::to_string(fuel);
  world.open({{"fuel", amount.c_str()}});
  std::string end = world.end_of(wat);
  return {std::move(end), nacre_store_fuel_used(world.store)};
}

TEST(Fuel, IsTheSameInAllTiers) {
  World interp("interp", true);
  World baseline("baseline", true);
  ASSERT_EQ(interp.refused, "");
  if (!baseline.refused.empty()) GTEST_SKIP() << baseline.refused;
  for (std::string_view wat : kCounted) {
    SCOPED_TRACE(wat);
    Used all = use(interp, wat, 1'000'000);
    EXPECT_EQ(all.end, "returned");
    EXPECT_GT(all.fuel, 0u);
    EXPECT_EQ(use(baseline, wat, 1'000'000), all);
    // Exactly as much is enough; less is not.
    EXPECT_EQ(use(interp, wat, all.fuel), all);
    EXPECT_EQ(use(baseline, wat, all.fuel), all);
    for (uint64_t less : {all.fuel - 1, all.fuel / 2, uint64_t{1}}) {
      if (less == 0 || less >= all.fuel) continue;
      Used some = use(interp, wat, less);
      EXPECT_EQ(some.end, "fuel: fuel limit reached: " + std::to_string(less) + " (--fuel)");
      EXPECT_EQ(some.fuel, less);
      EXPECT_EQ(use(baseline, wat, less), some);
    }
  }
}

TEST(Fuel, IsWhatTheDefinitionSays) {
  World world("interp", true);
  // The body: no locals (1 byte), end (1).
  EXPECT_EQ(use(world, "(module (func (export \"run\")))", 100).fuel, 2u);
  // The body: 0 locals, loop 40, i32.const 0 (2), br_if 0 (2), end, end: 9 bytes.
  EXPECT_EQ(use(world, "(module (func (export \"run\") (loop (br_if 0 (i32.const 0)))))", 100).fuel,
            9u);
  // Taken once: from the first instruction (local.get) to the end of the opcode of br_if.
  //   local.get 0 (2) i32.eqz (1) local.tee 0 (2) br_if's opcode (1): 6
  // The body: 1 group (3), loop 40 (2), those and the label (7), end, end: 14.
  EXPECT_EQ(use(world, R"((module (func (export "run") (local i32)
      (loop (br_if 0 (local.tee 0 (i32.eqz (local.get 0))))))))",
                100)
                .fuel,
            14u + 6u);
}

TEST(Fuel, StopsWhatNeverEnds) {
  for (const char* tier : {"interp", "baseline"}) {
    World world(tier, true);
    if (!world.refused.empty()) continue;
    for (const Endless& guest : kEndless) {
      if (guest.waits || std::string_view(guest.name) == "MuchRandomness") continue;
      SCOPED_TRACE(guest.name);
      EXPECT_EQ(use(world, guest.wat, 200'000).end, "fuel: fuel limit reached: 200000 (--fuel)");
    }
  }
}

// ---- pools

TEST_P(Limits, GuestsOfAPoolHaveTheirOwn) {
  nacre_pool_t* pool = nullptr;
  nacre_pool_limits_t slots = {.max_instances = 1};
  ASSERT_EQ(text(nacre_pool_new(world_->engine, &slots, &pool)), "");
  nacre_module_t* module = world_->load(R"((module (memory 1)
    (func (export "spin") (loop (br 0)))
    (func (export "grow") (result i32) (memory.grow (i32.const 100)))))");
  auto end = [&](const char* kind, const char* value, const char* func) {
    nacre_grants_t* grants = nacre_grants_new();
    if (kind != nullptr) {
      EXPECT_EQ(text(nacre_grants_add(grants, kind, value)), "");
    }
    nacre_instance_t* instance = nullptr;
    std::string refused = text(nacre_pool_instantiate(pool, module, grants, nullptr, &instance));
    if (!refused.empty()) return refused;
    nacre_val_t result{};
    size_t results = std::string_view(func) == "grow" ? 1 : 0;
    std::string said = text(nacre_instance_call(instance, func, nullptr, 0, &result, results));
    EXPECT_EQ(text(nacre_pool_release(instance)), "");
    return said;
  };
  EXPECT_EQ(end("time", "5ms", "spin"), "time limit reached: 5 ms (--time)");
  EXPECT_EQ(nacre_pool_statistics(pool).retired, 1u);
  EXPECT_EQ(end("time", "60s", "grow"), "");
  EXPECT_EQ(end(nullptr, nullptr, "grow"), "");
  EXPECT_EQ(nacre_pool_statistics(pool).retired, 1u);
  EXPECT_EQ(end("memory", "1M", "grow"), "memory limit reached: 1 MiB (--memory)");
  EXPECT_EQ(nacre_pool_statistics(pool).retired, 2u);
  EXPECT_EQ(end("memory", "32K", "grow"),
            "limit reached: what is there already is more than 32 KiB "
            "(--memory)");
  EXPECT_EQ(end("stack", "64K", "grow"),
            "wrong use: the size of the stack was chosen when the store was made");
  EXPECT_EQ(end(nullptr, nullptr, "grow"), "");
  nacre_pool_delete(pool);
}

}  // namespace
}  // namespace nacre::api
