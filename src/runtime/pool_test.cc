#include "runtime/pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "runtime/test_support.h"

namespace nacre::runtime {
namespace {

constexpr std::string_view kCounter = R"((module
  (memory (export "m") 1 4) (data (i32.const 8) "initial")
  (table (export "t") 2 10 funcref) (elem (i32.const 0) $f)
  (global (export "g") (mut i64) (i64.const 5))
  (data $passive "passive") (elem $unused func $f $f)
  (func $f (export "f"))))";

class PoolTest : public testing::Test {
 protected:
  std::shared_ptr<Pool> make(PoolOptions options = {}) {
    return Pool::create(world.engine, std::make_shared<NoPoolHost>(), options).value();
  }
  Lease take(Pool& pool, const ModulePtr& module) {
    auto lease = pool.instantiate(module);
    if (!lease) {
      ADD_FAILURE() << lease.error().to_string();
      return {};
    }
    EXPECT_EQ(&lease->instance().module(), module.get());
    return std::move(*lease);
  }
  static ErrorCode code_of(const runtime::Run<Lease>& result) {
    EXPECT_FALSE(result);
    EXPECT_FALSE(result.error().is_trap());
    return result.error().error().code();
  }

  World world;
};

void write_everywhere(Lease& lease) {
  Instance& instance = lease.instance();
  Memory& memory = instance.memory(0);
  ASSERT_EQ(memory.grow(2), 1u);
  std::memset(memory.base(), 0xA5, memory.size_bytes());
  Table& table = instance.table(0);
  ASSERT_EQ(table.grow(5, abi::kNullRef), 2u);
  for (uint64_t i = 0; i < 7; ++i)
    ASSERT_TRUE(table.set(i, Store::ref_of(*instance.find_export("f")->func())));
  ASSERT_TRUE(lease.store().set_global(*instance.find_export("g"), i64(77)));
  instance.drop_data(1);
  instance.drop_element(1);
  instance.vmctx().stack_limit = nullptr;
  instance.vmctx().memory0_base = nullptr;
}

void expect_as_new(Lease& lease) {
  Instance& instance = lease.instance();
  Memory& memory = instance.memory(0);
  EXPECT_EQ(memory.size_pages(), 1u);
  EXPECT_EQ(instance.vmctx().memory0->size_bytes, 65536u);
  std::vector<uint8_t> expected(65536, 0);
  std::memcpy(expected.data() + 8, "initial", 7);
  EXPECT_EQ(std::memcmp(memory.base(), expected.data(), expected.size()), 0);
  EXPECT_EQ(memory.grow(3), 1u);
  EXPECT_EQ(memory.base()[65536], 0);
  EXPECT_EQ(memory.base()[4 * 65536 - 1], 0);
  Table& table = instance.table(0);
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.get(0), Store::ref_of(*instance.find_export("f")->func()));
  EXPECT_EQ(table.get(1), abi::kNullRef);
  EXPECT_EQ(table.grow(5, abi::kNullRef), 2u);
  EXPECT_EQ(table.get(6), abi::kNullRef);
  EXPECT_EQ(instance.find_export("g")->global()->value.i64, 5u);
  EXPECT_EQ(instance.data(0).size(), 0u);
  EXPECT_EQ(instance.data(1).size(), 7u);
  EXPECT_EQ(instance.element_count(0), 0u);
  EXPECT_EQ(instance.element_count(1), 2u);
  EXPECT_EQ(instance.vmctx().memory0_base, memory.base());
}

TEST_F(PoolTest, ASecondGuestFindsWhatTheFirstFound) {
  ModulePtr module = world.parse(kCounter);
  for (bool scan : {true, false}) {
    auto pool = make({.max_slots = 1, .scan_pages = scan});
    for (int round = 0; round < 5; ++round) {
      Lease lease = take(*pool, module);
      ASSERT_TRUE(lease);
      expect_as_new(lease);
      lease.release();
      lease = take(*pool, module);
      write_everywhere(lease);
    }
    PoolStatistics counts = pool->statistics();
    EXPECT_EQ(counts.made, 1u);
    EXPECT_EQ(counts.warm, 9u);
    EXPECT_EQ(counts.retired, 0u);
    EXPECT_EQ(counts.idle, 1u);
  }
}

TEST_F(PoolTest, SlotsStayWithTheirModuleWhileTheyCan) {
  ModulePtr a = world.parse(kCounter), b = world.parse("(module (memory 0) (table 3 funcref))");
  auto pool = make({.max_slots = 2});
  Instance* of_a = nullptr;
  {
    Lease first = take(*pool, a), second = take(*pool, b);
    of_a = &first.instance();
    EXPECT_EQ(code_of(pool->instantiate(a)), ErrorCode::limit);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(&take(*pool, a).instance(), of_a);
  EXPECT_EQ(pool->statistics().made, 2u);
  // A third module takes the slot that was idle longest, b's.
  take(*pool, world.parse("(module)"));
  EXPECT_EQ(&take(*pool, a).instance(), of_a);
  take(*pool, b);
  EXPECT_EQ(pool->statistics().made, 4u);
  EXPECT_EQ(pool->statistics().slots, 2u);
}

TEST_F(PoolTest, AModuleWithASmallerMemoryGetsNoMore) {
  auto pool = make({.max_slots = 1});
  ModulePtr large =
      world.parse("(module (memory (export \"m\") 2) (data (i32.const 9) \"large\"))");
  ModulePtr small = world.parse("(module (memory (export \"m\") 1))");
  for (int round = 0; round < 3; ++round) {
    uint8_t* base = nullptr;
    {
      Lease lease = take(*pool, large);
      Memory& memory = lease.instance().memory(0);
      base = memory.base();
      EXPECT_EQ(std::memcmp(base + 9, "large", 5), 0);
      ASSERT_EQ(memory.grow(10), 2u);
      std::memset(base, 0xA5, memory.size_bytes());
    }
    Lease lease = take(*pool, small);
    Memory& memory = lease.instance().memory(0);
    EXPECT_EQ(memory.base(), base);  // the same address space
    uint8_t byte = 0;
    EXPECT_TRUE(os::guarded_load(base + 65535, byte));
    EXPECT_FALSE(os::guarded_load(base + 65536, byte));
    EXPECT_FALSE(os::guarded_load(base + 11 * 65536, byte));
    ASSERT_EQ(memory.grow(20), 1u);
    for (uint64_t i = 0; i < memory.size_bytes(); ++i) ASSERT_EQ(base[i], 0) << i;
  }
}

TEST_F(PoolTest, TheGuestsStackIsCleared) {
  ModulePtr module = world.parse("(module (func (export \"f\")))");
  auto pool = make({.max_slots = 1, .store = {.guest_stack_bytes = 1 << 20}});
  bool dirty = true;
  *world.behaviour = [&](abi::ExecContext& exec, abi::FuncObject&, abi::Value*) {
    auto size = static_cast<size_t>(exec.stack_end - exec.stack_begin);
    dirty = std::any_of(exec.stack_begin, exec.stack_end, [](uint8_t byte) { return byte != 0; });
    std::memset(exec.stack_begin, 0xA5, size);
    return abi::Outcome();
  };
  for (int round = 0; round < 3; ++round) {
    Lease lease = take(*pool, module);
    ASSERT_TRUE(call(lease.store(), *lease.instance().find_export("f"), {}, {}));
    EXPECT_FALSE(dirty);
  }
  EXPECT_EQ(pool->statistics().made, 1u);
}

TEST_F(PoolTest, ATrapEndsTheSlotAndAnExitDoesNot) {
  ModulePtr module = world.parse("(module (func (export \"f\")))");
  auto pool = make({.max_slots = 1});
  for (bool exits : {true, false}) {
    *world.behaviour = [&](abi::ExecContext&, abi::FuncObject&, abi::Value*) {
      return abi::make_trap(exits ? abi::TrapKind::exit : abi::TrapKind::unreachable);
    };
    Lease lease = take(*pool, module);
    EXPECT_FALSE(call(lease.store(), *lease.instance().find_export("f"), {}, {}));
    lease.release();
    EXPECT_EQ(pool->statistics().retired, exits ? 0u : 1u);
    EXPECT_EQ(pool->statistics().slots, exits ? 1u : 0u);
  }
}

TEST_F(PoolTest, TheStartFunctionRunsForEachGuest) {
  ModulePtr module = world.parse("(module (memory 1) (func $s) (start $s))");
  auto pool = make({.max_slots = 1});
  int runs = 0;
  void* seen = nullptr;
  *world.behaviour = [&](abi::ExecContext& exec, abi::FuncObject& function, abi::Value*) {
    ++runs;
    seen = Store::of(exec).host_data();
    uint8_t& byte = function.vmctx->memory0_base[0];
    EXPECT_EQ(byte, 0);
    byte = 1;
    return runs == 3 ? abi::Outcome(abi::make_trap(abi::TrapKind::unreachable)) : abi::Outcome();
  };
  for (int i = 0; i < 2; ++i) {
    auto lease = pool->instantiate(module, &runs);
    ASSERT_TRUE(lease);
    EXPECT_EQ(seen, &runs);
  }
  EXPECT_FALSE(pool->instantiate(module));
  EXPECT_EQ(seen, nullptr);
  EXPECT_EQ(pool->statistics().slots, 0u);
  EXPECT_TRUE(pool->instantiate(module));
}

TEST_F(PoolTest, HandlesOfAFormerGuestAreRefused) {
  ModulePtr module = world.parse(kCounter);
  auto pool = make({.max_slots = 1});
  Lease first = take(*pool, module);
  Extern stale = *first.instance().find_export("f");
  auto prepared = PreparedCall::create(first.store(), stale);
  ASSERT_TRUE(prepared);
  EXPECT_TRUE((*prepared)({}));
  first.release();
  Lease second = take(*pool, module);
  EXPECT_FALSE(second.store().owns(stale));
  EXPECT_FALSE(call(second.store(), stale, {}, {}));
  EXPECT_FALSE((*prepared)({}));
}

TEST_F(PoolTest, WhatWasAddedToAStoreEndsTheSlotButHostObjectsGo) {
  ModulePtr module = world.parse(kCounter);
  auto pool = make({.max_slots = 1});
  auto object = std::make_shared<int>(1);
  std::weak_ptr<int> watch = object;
  {
    Lease lease = take(*pool, module);
    lease.store().add_extern_value(std::move(object));
  }
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(pool->statistics().idle, 1u);
  {
    Lease lease = take(*pool, module);
    ASSERT_TRUE(lease.store().add_memory({}));
  }
  EXPECT_EQ(pool->statistics().retired, 1u);
}

TEST_F(PoolTest, ASharedMemoryThatIsStillInUseEndsTheSlot) {
  ModulePtr module = world.parse("(module (memory (export \"m\") 1 2 shared))");
  auto pool = make({.max_slots = 1});
  take(*pool, module);
  EXPECT_EQ(pool->statistics().idle, 1u);
  std::shared_ptr<Memory> held;
  {
    Lease lease = take(*pool, module);
    held = lease.store().share(*lease.instance().find_export("m"));
    ASSERT_NE(held, nullptr);
    held->base()[0] = 1;
  }
  EXPECT_EQ(pool->statistics().retired, 1u);
  pool = nullptr;
  EXPECT_EQ(held->base()[0], 1);
}

TEST_F(PoolTest, RefusesWhatItCannotMake) {
  auto pool = make({.max_slots = 1});
  auto refused = pool->instantiate(world.parse("(module (import \"a\" \"m\" (memory 1)))"));
  EXPECT_EQ(code_of(refused), ErrorCode::unlinkable);
  EXPECT_NE(refused.error().to_string().find("a.m (memory 1)"), std::string::npos);
  EXPECT_EQ(code_of(pool->instantiate(world.parse("(module (import \"a\" \"f\" (func)))"))),
            ErrorCode::unlinkable);
  EXPECT_EQ(code_of(pool->instantiate(nullptr)), ErrorCode::usage);
  EXPECT_EQ(code_of(pool->instantiate(World().parse("(module)"))), ErrorCode::usage);
  auto trapped = pool->instantiate(world.parse("(module (memory 0) (data (i32.const 0) \"x\"))"));
  ASSERT_FALSE(trapped);
  EXPECT_TRUE(trapped.error().is_trap());
  EXPECT_EQ(pool->statistics().slots, 0u);
  EXPECT_TRUE(pool->instantiate(world.parse("(module)")));
}

// Every allocation of making, restoring and remaking instances fails once; whatever happens, the
// pool goes on, and what it gives out is as new (invariants.md: two-phases).
TEST(Pool, EveryFailingStepIsSurvived) {
  for (uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 1000u);
    os::FailPoint point(n);
    World world({.fail_point = &point});
    ModulePtr module = world.parse(kCounter);
    ModulePtr other = world.parse("(module (memory 3) (data (i32.const 0) \"other\"))");
    auto pool =
        Pool::create(world.engine, std::make_shared<NoPoolHost>(), {.max_slots = 2}).value();
    auto use = [&] {
      auto lease = pool->instantiate(module);
      if (!lease) return;
      Memory* memory = &lease->instance().memory(0);
      EXPECT_EQ(memory->size_pages(), 1u);
      EXPECT_EQ(std::memcmp(memory->base() + 8, "initial", 8), 0);
      memory->grow(2);
      std::memset(memory->base(), 0xA5, memory->size_bytes());
      lease->instance().table(0).grow(4, abi::kNullRef);
    };
    for (int i = 0; i < 4; ++i) {
      use();
      auto a = pool->instantiate(other), b = pool->instantiate(other);
    }
    if (!point.reached()) break;  // that was one more than there are
    for (int i = 0; i < 10; ++i) {
      auto first = pool->instantiate(module), second = pool->instantiate(module);
      ASSERT_TRUE(first && second) << n;
      EXPECT_FALSE(pool->instantiate(module));
      expect_as_new(*first);
      write_everywhere(*second);
    }
    EXPECT_EQ(pool->statistics().slots, 2u) << n;
  }
}

TEST_F(PoolTest, ThreadsShareAPool) {
  ModulePtr a = world.parse(kCounter), b = world.parse(kCounter);
  auto pool = make({.max_slots = 5});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        auto lease = pool->instantiate((t + i) % 3 == 0 ? a : b);
        ASSERT_TRUE(lease);
        expect_as_new(*lease);
        std::memset(lease->instance().memory(0).base(), 0xA5, 65536);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  PoolStatistics counts = pool->statistics();
  EXPECT_EQ(counts.idle, counts.slots);
  EXPECT_EQ(counts.warm + counts.made, 400u);
}

TEST_F(PoolTest, ASlotIsFoundWhicheverThreadMadeIt) {
  ModulePtr module = world.parse(kCounter);
  auto pool = make({.max_slots = 1});
  for (int i = 0; i < 20; ++i) {
    std::thread thread([&] {
      Lease lease = take(*pool, module);
      i % 2 == 0 ? write_everywhere(lease) : expect_as_new(lease);
      auto other = pool->instantiate(module);
      EXPECT_EQ(code_of(other), ErrorCode::limit);
    });
    thread.join();
  }
  take(*pool, world.parse("(module)"));
  PoolStatistics counts = pool->statistics();
  EXPECT_EQ(counts.made, 2u);
  EXPECT_EQ(counts.warm, 19u);
  EXPECT_EQ(counts.slots, 1u);
  EXPECT_EQ(counts.idle, 1u);
}

// As many slots as threads, so that each thread finds one.
TEST_F(PoolTest, NoThreadIsRefusedASlotThatIsIdle) {
  constexpr int kThreads = 4;
  std::vector<ModulePtr> modules = {world.parse(kCounter), world.parse("(module (memory 1))")};
  auto pool = make({.max_slots = kThreads});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) take(*pool, modules[(t + i / 3) % 2]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(pool->statistics().slots, uint32_t{kThreads});
}

// What a host makes beside the module: a memory, a table, a global, and a helper that uses the
// memory and has things of its own.
constexpr std::string_view kHelper = R"((module
  (import "host" "m" (memory 1)) (data (i32.const 100) "by the helper")
  (memory (export "n") 1 4) (data (memory 1) (i32.const 8) "helper")
  (table (export "t") 2 10 funcref) (elem (i32.const 0) $f)
  (global (export "g") (mut i64) (i64.const 6))
  (func $f (export "f")) (start $f)))";
constexpr std::string_view kMain = R"((module
  (import "host" "m" (memory 1)) (import "helper" "n" (memory 1))
  (import "host" "t" (table 3 externref)) (import "helper" "t" (table 2 funcref))
  (import "host" "g" (global (mut i64))) (import "helper" "g" (global (mut i64)))
  (import "helper" "f" (func))
  (memory 1) (data (memory 2) (i32.const 0) "own")
  (func $s) (start $s)))";

class SetHost final : public PoolHost {
 public:
  explicit SetHost(ModulePtr helper) : helper_(std::move(helper)) {}
  Run<std::vector<Extern>> link(Store& store, const Module& module) override {
    Linker linker(store);
    wasm::Limits limits{.min = 1, .max = 4};
    Extern memory = TRY(store.add_memory({.limits = limits}));
    EXPECT_TRUE(memory.memory()->initialize(8, as_bytes("by the host")));
    TRY(linker.define("host", "m", memory));
    TRY(linker.define("host", "t",
                      TRY(store.add_table({.element = wasm::ValType::externref(),
                                           .limits = {.min = 3, .max = 9}}))));
    TRY(linker.define(
        "host", "g",
        TRY(store.add_global({.type = wasm::ValType::kI64, .is_mutable = true}, i64(7)))));
    std::vector<Extern> imports = TRY(linker.resolve(*helper_));
    TRY(linker.define_instance("helper", *TRY(instantiate_unstarted(store, helper_, imports))));
    return linker.resolve(module);
  }

 private:
  ModulePtr helper_;
};

TEST_F(PoolTest, ASetOfInstancesIsPutBackTogether) {
  auto host = std::make_shared<SetHost>(world.parse(kHelper));
  ModulePtr module = world.parse(kMain);
  int started = 0;
  *world.behaviour = [&](abi::ExecContext&, abi::FuncObject& function, abi::Value*) {
    // The helper's first.
    bool of_main = Instance::of(*function.vmctx).shared_module() == module;
    EXPECT_EQ(of_main, started++ % 2 == 1);
    return abi::Outcome();
  };
  auto pool = Pool::create(world.engine, host, {.max_slots = 2}).value();
  auto text = [](Memory& memory, size_t at) {
    return std::string(reinterpret_cast<const char*>(memory.base()) + at);
  };
  for (int round = 0; round < 6; ++round) {
    // Two at once, so that later ones are made from the images of the first.
    Lease leases[] = {take(*pool, module), take(*pool, module)};
    for (Lease& lease : leases) {
      Instance& instance = lease.instance();
      EXPECT_EQ(text(instance.memory(0), 8), "by the host");
      EXPECT_EQ(text(instance.memory(0), 100), "by the helper");
      EXPECT_EQ(text(instance.memory(1), 8), "helper");
      EXPECT_EQ(text(instance.memory(2), 0), "own");
      EXPECT_EQ(instance.table(0).size(), 3u);
      EXPECT_EQ(instance.table(0).get(2), abi::kNullRef);
      EXPECT_EQ(instance.table(1).size(), 2u);
      EXPECT_NE(instance.table(1).get(0), abi::kNullRef);
      EXPECT_EQ(instance.vmctx().globals[0]->i64, 7u);
      EXPECT_EQ(instance.vmctx().globals[1]->i64, 6u);
      for (uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(instance.memory(i).size_pages(), 1u);
        std::memset(instance.memory(i).base(), 0xA5, 65536);
        instance.memory(i).grow(2);
      }
      instance.table(0).grow(2, 0xA5);
      ASSERT_TRUE(instance.table(0).set(2, 0xA5));
      instance.table(1).grow(2, abi::kNullRef);
      ASSERT_TRUE(instance.table(1).set(0, abi::kNullRef));
      instance.vmctx().globals[0]->i64 = 0xA5;
      instance.vmctx().globals[1]->i64 = 0xA5;
    }
  }
  EXPECT_EQ(started, 24);
  PoolStatistics counts = pool->statistics();
  EXPECT_EQ(counts.made, 2u);
  EXPECT_EQ(counts.retired, 0u);
}

TEST_F(PoolTest, LeasesOutliveTheirPool) {
  Lease lease = take(*make(), world.parse(kCounter));
  expect_as_new(lease);
  lease.release();
  EXPECT_FALSE(lease);
}

}  // namespace
}  // namespace nacre::runtime
