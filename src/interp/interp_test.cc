// The interpreter on small modules: what the specification suite does not look at (depth, frames,
// borders between instances and between widths of slots), and a check of what it does.
#include <pthread.h>

#include "interp/guest_for_test.h"

namespace nacre::interp {
namespace {

using abi::Outcome;
using abi::TrapKind;
using abi::Value;
using wasm::ValType;

constexpr uint64_t trap(TrapKind kind) { return Guest::kTrapBase + static_cast<uint64_t>(kind); }

TEST(Interp, ComputesInLoopsAndCalls) {
  World world;
  Guest guest(world, R"(
    (func $fac (export "fac") (param i64) (result i64)
      (if (result i64) (i64.eqz (local.get 0))
        (then (i64.const 1))
        (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "sum") (param i32) (result i32) (local i32)
      (loop $l
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1)))");
  EXPECT_EQ(guest.run("fac", {v64(20)}), 2432902008176640000u);
  EXPECT_EQ(guest.run("sum", {v32(1000)}), 500500u);
}

TEST(Interp, BranchesKeepValuesAndDropThoseBeneath) {
  World world;
  Guest guest(world, R"(
    (func (export "table") (param i32) (result i32)
      (block $a (result i32)
        (block $b (result i32)
          (i32.const 7) (i32.const 8)
          (i32.const 100) (i32.const 200) (local.get 0)
          (br_table $a $b 2)
        )
        (i32.add (i32.const 1000)))
      (i32.add (i32.const 10000)))
    (func (export "many") (param i32) (result i32 i64 i32)
      (block (result i32 i64 i32)
        (i32.const 5) (i32.const 1) (i64.const 2) (i32.const 3)
        (br_if 0 (local.get 0))
        (br 1))))");
  EXPECT_EQ(guest.run("table", {v32(0)}), 10200u);
  EXPECT_EQ(guest.run("table", {v32(1)}), 11200u);
  EXPECT_EQ(guest.run("table", {v32(9)}), 200u);
  for (uint32_t taken : {0u, 1u}) {
    std::vector<Value> values{v32(taken)};
    ASSERT_TRUE(guest.call("many", values).is_returned());
    EXPECT_EQ(values[0].i32, 1u);
    EXPECT_EQ(values[1].i64, 2u);
    EXPECT_EQ(values[2].i32, 3u);
  }
}

TEST(Interp, LongImmediatesAreRead) {
  World world;
  std::string locals = "(local";
  for (int i = 0; i < 300; ++i) locals += " i32";
  locals += ")";
  Guest guest(world, R"(
    (memory 1)
    (func (export "locals") (param i32) (result i32) )" +
                         locals + R"(
      (local.set 299 (local.get 0))
      (i32.store offset=1000 (local.get 1) (local.get 299))
      (i32.add (i32.load offset=1000 (i32.const 0)) (i32.const 123456)))
    (func (export "wide") (result i64) (i64.const -9223372036854775807)))");
  EXPECT_EQ(guest.run("locals", {v32(5)}), 123461u);
  EXPECT_EQ(guest.run("wide"), 0x8000000000000001u);
}

TEST(Interp, MemoryIsChecked) {
  World world;
  Guest guest(world, R"(
    (memory 1)
    (func (export "load") (param i32) (result i64) (i64.load offset=1 (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "far") (param i32) (result i32) (i32.load offset=0xFFFFFFFF (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "fill") (param i32 i32)
      (memory.fill (local.get 0) (i32.const 0xAB) (local.get 1))))");
  EXPECT_EQ(guest.run("load", {v32(65536 - 9)}), 0u);
  EXPECT_EQ(guest.run("load", {v32(65536 - 8)}), trap(TrapKind::memory_out_of_bounds));
  EXPECT_EQ(guest.run("load", {v32(0xFFFFFFFF)}), trap(TrapKind::memory_out_of_bounds));
  EXPECT_EQ(guest.run("far", {v32(0xFFFFFFFF)}), trap(TrapKind::memory_out_of_bounds));
  std::vector<Value> values{v32(65535), v32(0x1FF)};
  EXPECT_TRUE(guest.call("store", values).is_returned());
  EXPECT_EQ(guest.memory().base[65535], 0xFF);
  EXPECT_EQ(guest.run("grow", {v32(1)}), 1u);
  EXPECT_EQ(guest.run("grow", {v32(100)}), 0xFFFFFFFFu);
  EXPECT_EQ(guest.run("load", {v32(65536 - 8)}), uint64_t{0xFF} << 48);
  values = {v32(10), v32(3)};
  EXPECT_TRUE(guest.call("fill", values).is_returned());
  EXPECT_EQ(guest.run("load", {v32(9)}), 0xABABABu);
}

TEST(Interp, Memory64AddsWithoutWrapping) {
  World world;
  Guest guest(world, R"(
    (memory i64 1)
    (func (export "load") (param i64) (result i32)
      (i32.load offset=0xFFFFFFFFFFFFFFFC (local.get 0)))
    (func (export "near") (param i64) (result i32) (i32.load offset=4 (local.get 0))))");
  EXPECT_EQ(guest.run("load", {v64(8)}), trap(TrapKind::memory_out_of_bounds));
  EXPECT_EQ(guest.run("near", {v64(~uint64_t{0} - 7)}), trap(TrapKind::memory_out_of_bounds));
  EXPECT_EQ(guest.run("near", {v64(uint64_t{1} << 32)}), trap(TrapKind::memory_out_of_bounds));
  EXPECT_EQ(guest.run("near", {v64(65528)}), 0u);
}

TEST(Interp, TrapsNameTheirFrames) {
  World world;
  Guest guest(world, R"(
    (func $div (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
    (func $middle (param i32) (result i32) (nop) (call $div (local.get 0)))
    (func (export "outer") (param i32) (result i32) (i32.add (call $middle (local.get 0)) (i32.const 1))))");
  EXPECT_EQ(guest.run("outer", {v32(1)}), 2u);
  std::vector<Value> values{v32(0)};
  Outcome outcome = guest.call("outer", values);
  ASSERT_TRUE(outcome.is_trapped());
  EXPECT_EQ(outcome.trap().kind, TrapKind::integer_divide_by_zero);
  ASSERT_EQ(outcome.trap().frames.size(), 3u);
  const uint8_t opcodes[] = {0x6E, 0x10, 0x10};  // i32.div_u, call, call
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(outcome.trap().frames[i].function, i);
    EXPECT_EQ(outcome.trap().frames[i].vmctx, &guest.vmctx());
    EXPECT_EQ(guest.module().bytes[outcome.trap().frames[i].offset], opcodes[i]);
  }
}

TEST(Interp, RecursionEndsInATrap) {
  World world;
  Guest guest(world, R"(
    (func $f (export "f") (param i32) (result i32) (call $f (i32.add (local.get 0) (i32.const 1))))
    (func (export "after") (result i32) (i32.const 42)))");
  std::vector<Value> values{v32(0)};
  Outcome outcome = guest.call("f", values);
  ASSERT_TRUE(outcome.is_trapped());
  EXPECT_EQ(outcome.trap().kind, TrapKind::call_stack_exhausted);
  EXPECT_EQ(outcome.trap().frames.size(), abi::Trap::kMaxFrames);
  EXPECT_TRUE(outcome.trap().frames_cut);
  EXPECT_EQ(guest.run("after"), 42u);
}

TEST(Interp, TailCallsTakeNoStack) {
  World world;
  Guest guest(world, R"(
    (type $t (func (param i32 i64) (result i64)))
    (table 4 funcref)
    (elem (i32.const 0) $even $odd)
    (elem declare func $odd)
    (func $even (type $t)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call_indirect (type $t)
        (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) (i32.const 1)))
    (func $odd (type $t) (local i64 i64 i64)
      (local.set 4 (local.get 1))
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call $even
        (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 4) (i64.const 2))))
    (func (export "f") (param i32) (result i64)
      (i64.add (i64.const 1000)
        (call_ref $t (local.get 0) (i64.const 0) (ref.func $odd)))))");
  EXPECT_EQ(guest.run("f", {v32(1000000)}), 1501000u);
}

TEST(Interp, TailCallsBetweenInstancesTakeNoStack) {
  World world;
  Guest last(world, R"(
    (func (export "done") (param i64) (result i64) (i64.add (local.get 0) (i64.const 7))))");
  // Two instances whose functions call each other through a table; one has wide slots.
  const char* kText = R"(
    (type $t (func (param i32 i64) (result i64)))
    (import "" "done" (func $done (param i64) (result i64)))
    (table 1 funcref)
    (func $f (export "f") (type $t) EXTRA
      (if (i32.eqz (local.get 0)) (then (return_call $done (local.get 1))))
      (return_call_indirect (type $t)
        (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) (i32.const 0)))
    (func (export "start") (param i32) (result i64)
      (i64.sub (call $f (local.get 0) (i64.const 0)) (i64.const 1))))";
  for (std::string_view extra : {"", "(local v128)"}) {
    std::string text = kText;
    std::string plain = kText;
    text.replace(text.find("EXTRA"), 5, extra);
    plain.replace(plain.find("EXTRA"), 5, "");
    Guest a(world, plain, {&last.func("done")});
    Guest b(world, text, {&last.func("done")});
    a.table().elements[0] = reinterpret_cast<abi::Ref>(&b.func("f"));
    b.table().elements[0] = reinterpret_cast<abi::Ref>(&a.func("f"));
    EXPECT_EQ(a.run("start", {v32(100001)}), 100007u) << extra;
    EXPECT_EQ(b.run("start", {v32(100000)}), 100006u) << extra;
  }
}

TEST(Interp, InstancesHaveTheirOwnMemoriesAndGlobals) {
  World world;
  Guest inner(world, R"(
    (memory 1) (global $g (mut i32) (i32.const 0))
    (func (export "poke") (param i32 i32) (result i32)
      (i32.store (local.get 0) (local.get 1))
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (global.get $g)))");
  Guest outer(world, R"(
    (import "" "poke" (func $poke (param i32 i32) (result i32)))
    (memory 1)
    (func (export "f") (result i32)
      (i32.store (i32.const 8) (i32.const 1))
      (drop (call $poke (i32.const 8) (i32.const 99)))
      (i32.add
        (i32.mul (call $poke (i32.const 8) (i32.const 98)) (i32.const 100))
        (i32.load (i32.const 8)))))",
              {&inner.func("poke")});
  EXPECT_EQ(outer.run("f"), 201u);
  EXPECT_EQ(inner.memory().base[8], 98);
  std::vector<Value> values;
  inner.memory().size_bytes = 0;
  Outcome outcome = outer.call("f", values);
  ASSERT_TRUE(outcome.is_trapped());
  ASSERT_EQ(outcome.trap().frames.size(), 2u);
  EXPECT_EQ(outcome.trap().frames[0].vmctx, &inner.vmctx());
  EXPECT_EQ(outcome.trap().frames[1].vmctx, &outer.vmctx());
}

TEST(Interp, NarrowAndWideFunctionsCallEachOther) {
  World world;
  Guest guest(world, R"(
    (func $wide (param i32 i64 i32) (result i64 i32 i64 i32 i64 i32 i64 i32 i64 i32)
      (local v128)
      (local.set 3 (i64x2.splat (local.get 1)))
      (i64x2.extract_lane 1 (local.get 3))
      (local.get 0) (i64.const 3) (i32.const 4) (i64.const 5) (i32.const 6) (i64.const 7)
      (i32.const 8) (i64.const 9) (local.get 2))
    (func $narrow (param i32 i64) (result i64)
      (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))
    (func (export "to_wide") (param i32 i64) (result i64)
      (local i64)
      (i64.const 500)
      (call $wide (local.get 0) (local.get 1) (i32.const 10))
      (drop) (drop) (drop) (drop) (drop) (drop) (drop) (drop)
      (i64.extend_i32_u) (i64.add) (i64.add))
    (func (export "to_narrow") (param i32 i64) (result i64)
      (local v128)
      (local.set 2 (i64x2.splat (i64.const 1000)))
      (i64.add (call $narrow (local.get 0) (local.get 1))
               (i64x2.extract_lane 0 (local.get 2)))))");
  EXPECT_EQ(guest.run("to_wide", {v32(20), v64(300)}), 820u);
  EXPECT_EQ(guest.run("to_narrow", {v32(20), v64(300)}), 1320u);
}

TEST(Interp, VectorsCrossTheBorder) {
  World world;
  Guest guest(world, R"(
    (func $swap (export "swap") (param v128 i32 v128) (result v128 v128)
      (i32x4.add (local.get 2) (i32x4.splat (local.get 1))) (local.get 0)))");
  std::vector<Value> values(3);
  values[0].v128.fill(1);
  values[1] = v32(1);
  values[2].v128.fill(2);
  ASSERT_TRUE(guest.call("swap", values).is_returned());
  EXPECT_EQ(values[0].v128[0], 3);
  EXPECT_EQ(values[0].v128[5], 2);
  EXPECT_EQ(values[1].v128[15], 1);
}

struct Reentry {
  World* world;
  Guest* guest;
};

TEST(Interp, HostFunctionsAreCalledAndCallBack) {
  World world;
  Reentry reentry{&world, nullptr};
  HostFunction again(
      world, {{ValType::kI32, ValType::kI64}, {ValType::kI64, ValType::kI32}},
      [](const abi::HostCall& call, void* data, Value* values) -> Outcome {
        auto& r = *static_cast<Reentry*>(data);
        uint64_t addend = values[1].i64;
        if (values[0].i32 == 0) {
          values[0].i64 = addend;
          values[1].i32 = 0xFFFFFFFF;
          return nullptr;
        }
        Value inner[2] = {v32(values[0].i32 - 1), v64(addend + 1)};
        Outcome outcome = r.world->tier->call(call.exec, r.guest->func("f"), inner);
        if (!outcome.is_returned()) return outcome;
        values[0].i64 = inner[0].i64;
        values[1].i32 = 1;
        return nullptr;
      },
      &reentry);
  Guest guest(world, R"(
    (import "" "again" (func $again (param i32 i64) (result i64 i32)))
    (func (export "f") (param i32 i64) (result i64)
      (local i32)
      (i64.const 1)
      (call $again (local.get 0) (local.get 1))
      (local.set 2) (i64.add (i64.extend_i32_s (local.get 2))) (i64.add))
    (func (export "tail") (param i32 i64) (result i64 i32)
      (return_call $again (local.get 0) (local.get 1))))",
              {&again.object});
  reentry.guest = &guest;
  EXPECT_EQ(guest.run("f", {v32(0), v64(50)}), 50u);
  EXPECT_EQ(guest.run("f", {v32(10), v64(50)}), 80u);
  EXPECT_EQ(guest.run("tail", {v32(0), v64(50)}), 50u);
  EXPECT_EQ(world.exec.stack_top, world.exec.stack_begin);
}

TEST(Interp, TrapsPassThroughHostFunctions) {
  World world;
  Reentry reentry{&world, nullptr};
  HostFunction back(
      world, {},
      [](const abi::HostCall& call, void* data, Value* values) -> Outcome {
        auto& r = *static_cast<Reentry*>(data);
        return r.world->tier->call(call.exec, r.guest->func("boom"), values);
      },
      &reentry);
  Guest guest(world, R"(
    (import "" "back" (func $back))
    (func (export "boom") (unreachable))
    (func (export "f") (call $back))
    (func $last (return_call $back))
    (func (export "g") (call $last)))",
              {&back.object});
  reentry.guest = &guest;
  std::vector<Value> values;
  Outcome outcome = guest.call("f", values);
  ASSERT_TRUE(outcome.is_trapped());
  EXPECT_EQ(outcome.trap().kind, TrapKind::unreachable);
  ASSERT_EQ(outcome.trap().frames.size(), 2u);
  EXPECT_EQ(outcome.trap().frames[0].function, 1u);
  EXPECT_EQ(outcome.trap().frames[1].function, 2u);
  // The last caller has left, also if what it called is the host's.
  outcome = guest.call("g", values);
  ASSERT_TRUE(outcome.is_trapped());
  ASSERT_EQ(outcome.trap().frames.size(), 2u);
  EXPECT_EQ(outcome.trap().frames[0].function, 1u);
  EXPECT_EQ(outcome.trap().frames[1].function, 4u);
}

TEST(Interp, IndirectCallsAreChecked) {
  World world;
  Guest guest(world, R"(
    (type $sub_base (sub (func (result i32))))
    (type $sub (sub $sub_base (func (result i32))))
    (type $other (func (result i64)))
    (table 4 funcref)
    (elem (i32.const 0) $a $b)
    (func $a (type $sub) (i32.const 11))
    (func $b (type $other) (i64.const 12))
    (func (export "base") (param i32) (result i32)
      (call_indirect (type $sub_base) (local.get 0)))
    (func (export "sub") (param i32) (result i32) (call_indirect (type $sub) (local.get 0)))
    (func (export "null") (result i32) (call_ref $sub (ref.null $sub))))");
  EXPECT_EQ(guest.run("base", {v32(0)}), 11u);
  EXPECT_EQ(guest.run("sub", {v32(0)}), 11u);
  EXPECT_EQ(guest.run("sub", {v32(1)}), trap(TrapKind::indirect_call_type_mismatch));
  EXPECT_EQ(guest.run("sub", {v32(2)}), trap(TrapKind::uninitialized_element));
  EXPECT_EQ(guest.run("sub", {v32(4)}), trap(TrapKind::undefined_element));
  EXPECT_EQ(guest.run("null"), trap(TrapKind::null_function_reference));
}

TEST(Interp, WhatIsNotBuiltTraps) {
  World world;
  Guest guest(world, R"(
    (tag $t)
    (func (export "throw") (throw $t))
    (func (export "i31") (result i32) (i31.get_s (ref.i31 (i32.const 5)))))");
  EXPECT_EQ(guest.run("throw"), trap(TrapKind::not_built));
  EXPECT_EQ(guest.run("i31"), trap(TrapKind::not_built));
}

// 10^7 instructions of many kinds on a native stack of 256 KiB: a handler that returned through a
// call instead of ending in a jump would overflow it.
constexpr uint32_t kRounds = 200'000;

TEST(Interp, HandlersTakeNoNativeStack) {
  struct Job {
    uint64_t result = 0;
  } job;
  auto run = [](void* data) -> void* {
    World world;
    Guest guest(world, R"(
      (memory 1)
      (func $callee (param i64 f64) (result i64)
        (i64.add (local.get 0) (i64.trunc_sat_f64_s (local.get 1))))
      (func (export "f") (param i32) (result i64) (local i64 f64 v128 i32)
        (loop $l
          (i32.atomic.store (i32.const 16) (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
          (local.set 3 (i32x4.add (local.get 3) (v128.load (i32.const 0))))
          (v128.store (i32.const 32) (local.get 3))
          (local.set 1 (call $callee (local.get 1) (f64.sqrt (f64.const 4.5))))
          (block $b
            (br_table $b $b (i32.and (local.get 0) (i32.const 3))))
          (local.set 4 (select (local.get 0) (local.get 4) (i32.popcnt (local.get 0))))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "narrow") (param i32) (result i64) (local i64)
        (loop $l
          (local.set 1 (call $callee (local.get 1) (f64.convert_i32_u (i32.const 3))))
          (i64.store8 (i32.const 3) (i64.rotl (local.get 1) (i64.const 7)))
          (if (i32.and (local.get 0) (i32.const 1)) (then (nop)) (else (nop)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))");
    static_cast<Job*>(data)->result =
        guest.run("f", {v32(kRounds)}) + guest.run("narrow", {v32(kRounds)});
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
  pthread_join(thread, nullptr);
  EXPECT_EQ(job.result, 5u * kRounds);
}

}  // namespace
}  // namespace nacre::interp
