// Guests that wait by the thousand, on one thread, in every tier.
#include "wasi/async_call.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "api/handles.h"
#include "api/tiers_for_test.h"
#include "host/world.h"
#include "os/clock.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "wasi/guest.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

using abi::TrapKind;
using wasi::AsyncCall;

constexpr uint64_t kMs = 1'000'000;

constexpr std::string_view kModule = R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 2)
  ;; Until the monotonic clock says `time`. Three times the number, and one for the event.
  (func (export "sleep") (param $time i64) (param $number i32) (result i32)
    (i64.store (i32.const 0) (i64.extend_i32_u (local.get $number)))
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (local.get $time))
    (i32.store16 (i32.const 40) (i32.const 1))
    (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))
      (then (unreachable)))
    (i32.add (i32.mul (i32.wrap_i64 (i64.load (i32.const 64))) (i32.const 3))
      (i32.load (i32.const 128))))
  ;; The first number that can be read, and twice it, for it is read in two parts.
  (func (export "read") (param $fd i32) (result i32)
    (call $part (local.get $fd) (i32.const 32))
    (call $part (local.get $fd) (i32.const 36))
    (i32.add (i32.load (i32.const 32)) (i32.load (i32.const 36))))
  (func $part (param $fd i32) (param $to i32)
    (i32.store (i32.const 0) (local.get $to))
    (i32.store (i32.const 4) (i32.const 4))
    (if (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16))
      (then (unreachable)))
    (if (i32.ne (i32.load (i32.const 16)) (i32.const 4)) (then (unreachable))))
  (func (export "fail") (param $fd i32) (result i32)
    (call $part (local.get $fd) (i32.const 32))
    (i32.div_u (i32.const 1) (i32.const 0)))
  (func (export "quick") (result i32) (i32.const 7))))";

uint64_t now() { return *os::clock_now(os::ClockKind::monotonic); }

// kB of /proc/self/status.
uint64_t status(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
  }
  return 0;
}
size_t mappings() {
  std::ifstream file("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

// A guest in a store of its own.
struct Process {
  std::unique_ptr<wasi::Guest> guest;
  std::unique_ptr<runtime::Store> store;
  std::unique_ptr<runtime::Linker> linker;
  runtime::Instance* instance = nullptr;
  os::OwnedFd peer;  // of descriptor 3
  std::unique_ptr<AsyncCall> call;
};

class AsyncCalls : public testing::TestWithParam<const char*> {
 public:
  void SetUp() override {
    runtime::EngineOptions options;
    options.features = wasm::Features::all_built();
    // Guards of ten thousand memories would be more address space than there is.
    options.guarded_memories = false;
    engine = *runtime::Engine::create(*tier_for_test(GetParam()), options);
    auto bytes = wasm::text_to_binary(kModule, engine->features());
    ASSERT_TRUE(bytes.has_value()) << bytes.error().to_string();
    auto made = runtime::Module::create(engine, std::move(*bytes));
    ASSERT_TRUE(made.has_value()) << made.error().to_string();
    module = *made;
    loop = std::move(*os::EventLoop::create());
  }

  enum class Has : bool { nothing, socket };
  // With a socket it is descriptor 3.
  Process make(Has has = Has::socket, runtime::Limits limits = {}) {
    Process process;
    host::World world;
    if (has == Has::socket) {
      int ends[2];
      EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
      process.peer = os::OwnedFd(ends[1]);
      world.socket(*host::make_real_socket(os::OwnedFd(ends[0]), host::Grant::simple("s")));
    }
    process.guest = std::make_unique<wasi::Guest>(std::move(world));
    runtime::StoreOptions options;
    options.guest_stack_bytes = 64 << 10;
    options.limits = std::move(limits);
    process.store = *runtime::Store::create(engine, options);
    process.linker = std::make_unique<runtime::Linker>(*process.store);
    process.linker->group().world = process.guest.get();
    wasi::define_functions(*process.linker);
    auto instance = process.linker->instantiate(module);
    EXPECT_TRUE(instance.has_value());
    process.instance = *instance;
    return process;
  }
  void start(
      Process& process, const char* name, std::vector<abi::Value> args,
      std::function<void()> done = [] {}) {
    auto call = AsyncCall::start(*loop, *process.store, *process.instance->find_export(name), args,
                                 std::move(done));
    ASSERT_TRUE(call.has_value()) << call.error().to_string();
    process.call = std::move(*call);
  }
  void finish(const Process& process) {
    while (!process.call->is_over()) ASSERT_TRUE(loop->run_once().has_value());
  }
  static int32_t result(const Process& process) {
    runtime::Run<void> outcome = process.call->take_outcome();
    EXPECT_TRUE(outcome.has_value()) << outcome.error().to_string();
    return outcome ? static_cast<int32_t>(process.call->results()[0].i32) : -1;
  }
  static TrapKind trap(const Process& process) {
    runtime::Run<void> outcome = process.call->take_outcome();
    EXPECT_FALSE(outcome.has_value());
    return outcome ? TrapKind::none : outcome.error().trap().kind;
  }
  static abi::Value i32(uint32_t value) {
    abi::Value result;
    result.i32 = value;
    return result;
  }
  static abi::Value i64(uint64_t value) {
    abi::Value result;
    result.i64 = value;
    return result;
  }
  static void put(const Process& process, uint32_t number) {
    EXPECT_EQ(::write(process.peer.get(), &number, 4), 4);
  }

  std::shared_ptr<runtime::Engine> engine;
  runtime::ModulePtr module;
  std::unique_ptr<os::EventLoop> loop;
};

TEST_P(AsyncCalls, WaitsAndGoesOn) {
  Process process = make();
  int done = 0;
  start(process, "read", {i32(3)}, [&] { ++done; });
  EXPECT_FALSE(process.call->is_over());
  EXPECT_EQ(loop->run_ready(), 0u);
  put(process, 5);
  EXPECT_EQ(loop->run_ready(), 1u);
  EXPECT_FALSE(process.call->is_over()) << "the second part";
  put(process, 8);
  finish(process);
  EXPECT_EQ(done, 0) << "the loop says so next";
  EXPECT_EQ(loop->run_ready(), 1u);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(result(process), 13);
}

TEST_P(AsyncCalls, WhatNeverWaitsIsOverAtOnce) {
  Process process = make();
  int done = 0;
  start(process, "quick", {}, [&] { ++done; });
  EXPECT_TRUE(process.call->is_over());
  EXPECT_EQ(done, 0);
  EXPECT_EQ(loop->run_ready(), 1u);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(result(process), 7);
  // There already: no need to wait.
  put(process, 1);
  put(process, 2);
  start(process, "read", {i32(3)});
  EXPECT_TRUE(process.call->is_over());
  EXPECT_EQ(result(process), 3);
}

TEST_P(AsyncCalls, TrapsAfterwards) {
  Process process = make();
  start(process, "fail", {i32(3)});
  put(process, 1);
  finish(process);
  EXPECT_EQ(trap(process), TrapKind::integer_divide_by_zero);
}

TEST_P(AsyncCalls, CancelledGuestsNeverGoOn) {
  Process process = make();
  start(process, "read", {i32(3)}, [] { FAIL(); });
  process.call = nullptr;
  put(process, 1);
  EXPECT_EQ(loop->run_ready(), 0u);
  EXPECT_EQ(process.store->parked(), 0u);
  put(process, 2);
  start(process, "read", {i32(3)});
  EXPECT_EQ(result(process), 3) << "what it did not read is there for the next one";
}

TEST_P(AsyncCalls, TimeLimitsEndWhatWaits) {
  Process process = make(Has::nothing, {{TrapKind::time_limit, 20 * kMs, "20 ms"}});
  uint64_t begin = now();
  start(process, "sleep", {i64(begin + 60'000 * kMs), i32(1)});
  finish(process);
  EXPECT_EQ(trap(process), TrapKind::time_limit);
  EXPECT_GE(now() - begin, 20 * kMs);
  EXPECT_LT(now() - begin, 10'000 * kMs);
  loop->run_ready();  // says that the call is over
  EXPECT_EQ(loop->next_deadline(), std::nullopt) << "the sleep is over as well";
}

TEST_P(AsyncCalls, AStoreMayEndBeforeItsCalls) {
  Process process = make();
  start(process, "read", {i32(3)}, [] { FAIL(); });
  process.linker = nullptr;
  process.store = nullptr;
  process.call = nullptr;
  put(process, 1);
  EXPECT_EQ(loop->run_ready(), 0u);
}

TEST_P(AsyncCalls, TenThousandGuestsWait) {
  constexpr uint32_t kGuests = 10'000;
  constexpr uint32_t kReaders = 4'000;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit more{std::min<rlim_t>(before.rlim_max, 3 * kReaders), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &more), 0);
  if (more.rlim_cur < 2 * kReaders + 100) GTEST_SKIP() << "too few descriptors";
  uint64_t rss_before = status("RssAnon") + status("VmPTE");
  size_t mappings_before = mappings();
  std::vector<Process> processes;
  for (uint32_t i = 0; i < kGuests; ++i) {
    processes.push_back(make(i < kReaders ? Has::socket : Has::nothing));
  }
  std::vector<uint32_t> woken;
  std::vector<uint32_t> order(kGuests - kReaders);
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::shuffle(order, std::mt19937(5));
  for (uint32_t i = 0; i < kReaders; ++i) start(processes[i], "read", {i32(3)});
  uint64_t first = now() + 3'000 * kMs;
  for (uint32_t i = kReaders; i < kGuests; ++i) {
    uint64_t time = first + order[i - kReaders] * 20'000;
    start(processes[i], "sleep", {i64(time), i32(i)}, [&, i] { woken.push_back(i); });
    ASSERT_FALSE(processes[i].call->is_over());
  }
  uint64_t used = status("RssAnon") + status("VmPTE") - rss_before;
  size_t more_mappings = mappings() - mappings_before;
  std::printf("%u guests wait: RssAnon + VmPTE %.1f MB, %.2f mappings each\n", kGuests,
              double(used) / 1000, double(more_mappings) / kGuests);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr size_t kOfTheHeap = 200;
  EXPECT_LE(used, 200'000u);
  EXPECT_LE(more_mappings, 4 * kGuests + kOfTheHeap);
#endif
  for (uint32_t part = 0; part < 2; ++part) {
    for (uint32_t i = kReaders; i-- > 0;) put(processes[i], i + part);
    while (loop->run_ready() != 0) {
    }
  }
  for (uint32_t i = 0; i < kReaders; ++i) {
    ASSERT_TRUE(processes[i].call->is_over()) << i;
    ASSERT_EQ(result(processes[i]), static_cast<int32_t>(2 * i + 1));
  }
  while (woken.size() < kGuests - kReaders) ASSERT_TRUE(loop->run_once().has_value());
  for (size_t i = 0; i < woken.size(); ++i) {
    ASSERT_EQ(order[woken[i] - kReaders], i) << "by their times";
    ASSERT_EQ(result(processes[woken[i]]), static_cast<int32_t>(3 * woken[i] + 1));
  }
  processes.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

INSTANTIATE_TEST_SUITE_P(Tiers, AsyncCalls, testing::Values("interp", "baseline", "mixed"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace nacre::api
