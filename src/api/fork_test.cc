// Machine code lies in memory that a forked process shares with the one it comes from: what is
// compiled before serves both, what is compiled afterwards would be written over by the other one.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "baseline/tier.h"
#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/text/parser.h"

namespace nacre::api {
namespace {

// Functions of two signatures: a stub of a signature is written when the host first needs it.
constexpr const char kModule[] = R"((module
  (func (export "first") (param i32) (result i32) local.get 0 i32.const 3 i32.mul)
  (func (export "second") (param i64) (result i64) local.get 0 call 2)
  (func (param i64) (result i64) local.get 0 i64.const 5 i64.add)
  (func (export "third") (param f64) (result f64) local.get 0 f64.const 2 f64.mul)))";

struct Guest {
  explicit Guest(std::unique_ptr<abi::Executor> tier) {
    auto engine = runtime::Engine::create(std::move(tier)).value();
    bytes = wasm::text_to_binary(kModule, engine->features()).value();
    module = runtime::Module::create(engine, Bytes(bytes), nullptr).value();
    store = runtime::Store::create(engine).value();
  }
  void instantiate() { instance = runtime::instantiate(*store, module, {}).value(); }

  bool first() {
    abi::Value value{};
    value.i32 = 14;
    return call(0, value) && value.i32 == 42;
  }
  bool second() {
    abi::Value value{};
    value.i64 = 37;
    return call(1, value) && value.i64 == 42;
  }
  bool third() {
    abi::Value value{};
    value.f64 = 21;
    return call(2, value) && value.f64 == 42;
  }
  bool call(size_t index, abi::Value& value) {
    abi::Value arg = value;
    return runtime::call(*store, instance->export_at(index), {&arg, 1}, {&value, 1}).has_value();
  }

  std::vector<uint8_t> bytes;
  runtime::ModulePtr module;
  std::unique_ptr<runtime::Store> store;
  runtime::Instance* instance = nullptr;
};

// Lets the two processes take turns.
struct Turns {
  Turns() {
    EXPECT_EQ(::pipe(to_child), 0);
    EXPECT_EQ(::pipe(to_parent), 0);
  }
  static void give(int (&pipe)[2]) { EXPECT_EQ(::write(pipe[1], "x", 1), 1); }
  static void wait(int (&pipe)[2]) {
    char byte;
    EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
  }
  int to_child[2];
  int to_parent[2];
};

TEST(Fork, WhatIsCompiledBeforeRunsInBothProcesses) {
  auto tier = baseline::make_tier();
  if (!tier) GTEST_SKIP() << "no compiler for this processor";
  Guest guest(std::move(*tier));
  ASSERT_TRUE(guest.module->code().compile_all());
  guest.instantiate();
  Turns turns;
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // What this calls first would stand where the other process puts what it calls first.
    bool good = guest.first();
    Turns::give(turns.to_parent);
    Turns::wait(turns.to_child);
    good = guest.first() && guest.second() && guest.third() && good;
    Turns::give(turns.to_parent);
    ::_exit(good ? 0 : 1);
  }
  Turns::wait(turns.to_parent);
  EXPECT_TRUE(guest.third());
  EXPECT_TRUE(guest.second());
  Turns::give(turns.to_child);
  Turns::wait(turns.to_parent);
  EXPECT_TRUE(guest.third() && guest.second() && guest.first());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace nacre::api
