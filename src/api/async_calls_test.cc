// Calls that do not keep their thread waiting, as a C program makes them, with a loop of its own.
#include <gtest/gtest.h>
#include <poll.h>
#include <time.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nacre/nacre.h"

namespace {

constexpr const char* kModule = R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time (param i32 i64 i32) (result i32)))
  (import "env" "back" (func $back))
  (memory (export "memory") 4)
  ;; Sleeps so many nanoseconds, with what it needs for that at `number` times 256, and returns the
  ;; number.
  (func $sleep (export "sleep") (param $ns i64) (param $number i32) (result i32)
    (call $wait (local.get $ns) (local.get $number) (i32.const 0)))
  ;; The same up to that time of the monotonic clock.
  (func (export "sleep_until") (param $ns i64) (param $number i32) (result i32)
    (call $wait (local.get $ns) (local.get $number) (i32.const 1)))
  (func (export "now") (result i64)
    (if (call $clock_time (i32.const 1) (i64.const 1) (i32.const 0)) (then (unreachable)))
    (i64.load (i32.const 0)))
  (func $wait (param $ns i64) (param $number i32) (param $flags i32) (result i32) (local $at i32)
    (local.set $at (i32.mul (local.get $number) (i32.const 256)))
    (i64.store (local.get $at) (i64.extend_i32_u (local.get $number)))
    (i32.store offset=16 (local.get $at) (i32.const 1))
    (i64.store offset=24 (local.get $at) (local.get $ns))
    (i32.store16 offset=40 (local.get $at) (local.get $flags))
    (if (call $poll (local.get $at) (i32.add (local.get $at) (i32.const 64)) (i32.const 1)
          (i32.add (local.get $at) (i32.const 128)))
      (then (unreachable)))
    (i32.load offset=64 (local.get $at)))
  (func (export "fail") (param $ns i64)
    (drop (call $sleep (local.get $ns) (i32.const 200)))
    (unreachable))
  (func (export "short") (drop (call $sleep (i64.const 1000000) (i32.const 201))))
  (func (export "back") (call $back))))";

struct Program {
  Program() {
    succeed(nacre_engine_new(nullptr, &engine));
    succeed(nacre_store_new(engine, nacre_grants_new(), &store));
    succeed(nacre_module_new(engine, kModule, std::strlen(kModule), &module));
    succeed(nacre_store_define_func(store, "env", "back", nullptr, 0, nullptr, 0, call_back, this));
    succeed(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance));
  }
  ~Program() {
    nacre_store_delete(store);
    nacre_module_delete(module);
    nacre_engine_delete(engine);
  }
  static void succeed(nacre_error_t* error) {
    ASSERT_EQ(error, nullptr) << nacre_error_message(error);
  }
  static nacre_error_kind_t kind(nacre_error_t* error) {
    nacre_error_kind_t kind = error == nullptr ? NACRE_ERROR_INTERNAL : nacre_error_kind(error);
    nacre_error_delete(error);
    return kind;
  }
  static nacre_error_t* call_back(void* data, const nacre_val_t*, size_t, nacre_val_t*, size_t) {
    return nacre_instance_call(static_cast<Program*>(data)->instance, "short", nullptr, 0, nullptr,
                               0);
  }
  static void note_done(void* data, nacre_call_t* call) {
    static_cast<Program*>(data)->done.push_back(call);
  }
  nacre_call_t* start(const char* name, std::vector<nacre_val_t> args = {}) {
    nacre_call_t* call = nullptr;
    succeed(nacre_call_start(instance, name, args.data(), args.size(), note_done, this, &call));
    return call;
  }
  static nacre_val_t i64(int64_t value) {
    nacre_val_t result{};
    result.kind = NACRE_I64;
    result.of.i64 = value;
    return result;
  }
  static nacre_val_t i32(int32_t value) {
    nacre_val_t result{};
    result.kind = NACRE_I32;
    result.of.i32 = value;
    return result;
  }
  nacre_call_t* sleep(int64_t ns, int32_t number) { return start("sleep", {i64(ns), i32(number)}); }

  // A turn of the program's own loop.
  void turn() {
    int wait_ms = -1;
    uint64_t deadline = 0;
    if (nacre_store_next_deadline(store, &deadline)) {
      timespec now{};
      clock_gettime(CLOCK_MONOTONIC, &now);
      uint64_t time =
          static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
      wait_ms = deadline <= time ? 0 : static_cast<int>((deadline - time) / 1'000'000 + 1);
    }
    pollfd item{nacre_store_fd(store), POLLIN, 0};
    ASSERT_GE(::poll(&item, 1, wait_ms), 0);
    nacre_store_run_ready(store);
  }

  nacre_engine_t* engine = nullptr;
  nacre_store_t* store = nullptr;
  nacre_module_t* module = nullptr;
  nacre_instance_t* instance = nullptr;
  std::vector<nacre_call_t*> done;
};

TEST(AsyncCallsInC, SleepsEndInTheOrderOfTheirTimes) {
  Program program;
  EXPECT_EQ(nacre_store_fd(program.store), -1);
  constexpr int kSleeps = 50;
  std::vector<nacre_call_t*> calls;
  nacre_val_t result{};
  result.kind = NACRE_I64;
  Program::succeed(nacre_instance_call(program.instance, "now", nullptr, 0, &result, 1));
  int64_t base = result.of.i64 + 200'000'000;
  for (int i = 0; i < kSleeps; ++i) {
    calls.push_back(program.start(
        "sleep_until", {Program::i64(base + (kSleeps - i) * 1'000'000), Program::i32(i)}));
    EXPECT_FALSE(nacre_call_is_over(calls.back()));
  }
  // Other calls may be made meanwhile, and wait in place.
  nacre_val_t args[] = {Program::i64(1'000), Program::i32(100)};
  result.kind = NACRE_I32;
  Program::succeed(nacre_instance_call(program.instance, "sleep", args, 2, &result, 1));
  EXPECT_EQ(result.of.i32, 100);
  while (program.done.size() < kSleeps) program.turn();
  for (int i = 0; i < kSleeps; ++i) {
    nacre_call_t* call = program.done[static_cast<size_t>(kSleeps - 1 - i)];
    EXPECT_EQ(call, calls[static_cast<size_t>(i)]);
    Program::succeed(nacre_call_results(call, &result, 1));
    EXPECT_EQ(result.of.i32, i);
    nacre_call_cancel(call);
  }
  uint64_t deadline = 0;
  EXPECT_FALSE(nacre_store_next_deadline(program.store, &deadline));
  EXPECT_EQ(nacre_store_run_ready(program.store), 0u);
}

TEST(AsyncCallsInC, SayHowTheyEnded) {
  Program program;
  nacre_call_t* fails = program.start("fail", {Program::i64(2'000'000)});
  EXPECT_EQ(Program::kind(nacre_call_results(fails, nullptr, 0)), NACRE_ERROR_USAGE) << "too early";
  while (program.done.empty()) program.turn();
  EXPECT_EQ(Program::kind(nacre_call_results(fails, nullptr, 0)), NACRE_ERROR_TRAP);
  EXPECT_EQ(Program::kind(nacre_call_results(fails, nullptr, 0)), NACRE_ERROR_USAGE) << "once";
  nacre_call_cancel(fails);
  // A callback that calls a guest which waits cannot be parked with it.
  nacre_call_t* back = program.start("back");
  EXPECT_TRUE(nacre_call_is_over(back));
  nacre_error_t* error = nacre_call_results(back, nullptr, 0);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(nacre_error_kind(error), NACRE_ERROR_TRAP);
  EXPECT_NE(std::string(nacre_error_message(error)).find("cannot wait"), std::string::npos)
      << nacre_error_message(error);
  nacre_error_delete(error);
  nacre_call_cancel(back);
  program.done.clear();
  EXPECT_EQ(nacre_store_run_ready(program.store), 0u) << "it was cancelled before it was told of";
  EXPECT_TRUE(program.done.empty());
}

TEST(AsyncCallsInC, AreRefusedWhereNothingRan) {
  Program program;
  nacre_call_t* call = nullptr;
  nacre_val_t wrong = Program::i32(1);
  for (auto [name, count] : {std::pair("sleep", size_t{0}), {"fail", size_t{1}}, {"nothing", 0}}) {
    EXPECT_EQ(Program::kind(nacre_call_start(program.instance, name, &wrong, count,
                                             Program::note_done, &program, &call)),
              NACRE_ERROR_USAGE)
        << name;
  }
  EXPECT_EQ(call, nullptr);
  nacre_call_cancel(nullptr);
}

TEST(AsyncCallsInC, CancelledGuestsNeverGoOn) {
  auto program = std::make_unique<Program>();
  nacre_call_t* first = program->sleep(1'000'000, 1);
  nacre_call_t* second = program->sleep(3'600'000'000'000, 2);
  nacre_call_cancel(first);
  uint64_t deadline = 0;
  EXPECT_TRUE(nacre_store_next_deadline(program->store, &deadline));
  EXPECT_EQ(nacre_store_run_ready(program->store), 0u);
  program = nullptr;  // before its calls
  nacre_call_cancel(second);
}

}  // namespace
