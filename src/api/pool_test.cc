// Pools, prepared calls and callbacks as a C program sees them.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "nacre/nacre.h"

namespace {

struct ErrorDeleter {
  void operator()(nacre_error_t* error) const { nacre_error_delete(error); }
};
using Error = std::unique_ptr<nacre_error_t, ErrorDeleter>;

std::string text(nacre_error_t* error) {
  Error owned(error);
  return owned == nullptr ? "" : nacre_error_message(owned.get());
}

constexpr std::string_view kModule = R"((module
  (import "env" "note" (func $note (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "count") (result i32)
    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
    (i32.load (i32.const 8)))
  (func (export "note") (param i32) (result i32) (call $note (local.get 0)))
  (func (export "args") (result i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (i32.load (i32.const 0)))
  (func (export "pick") (param i32 funcref i64 f64) (result f64) (local.get 3))
  (func (export "trap") (unreachable))))";

class CPool : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    nacre_config_t* config = nacre_config_new();
    ASSERT_EQ(text(nacre_config_set_tier(config, GetParam())), "");
    std::string refused = text(nacre_engine_new(config, &engine_));
    if (!refused.empty()) GTEST_SKIP() << refused;
    ASSERT_EQ(text(nacre_module_new(engine_, kModule.data(), kModule.size(), &module_)), "");
    nacre_pool_limits_t limits = {.max_instances = 2};
    ASSERT_EQ(text(nacre_pool_new(engine_, &limits, &pool_)), "");
    nacre_val_kind_t i32 = NACRE_I32;
    ASSERT_EQ(text(nacre_pool_define_func(pool_, "env", "note", &i32, 1, &i32, 1, note)), "");
  }
  void TearDown() override {
    if (pool_ != nullptr) nacre_pool_delete(pool_);
    if (module_ != nullptr) nacre_module_delete(module_);
    if (engine_ != nullptr) nacre_engine_delete(engine_);
  }

  // Tells its guest by the data; the instance of a guest that tries to release itself while it
  // runs.
  struct Guest {
    int noted = 0;
    nacre_instance_t* release = nullptr;
    std::string answer;
  };
  static nacre_error_t* note(void* data, const nacre_val_t* args, size_t, nacre_val_t* results,
                             size_t) {
    auto& guest = *static_cast<Guest*>(data);
    guest.noted += args[0].of.i32;
    if (guest.release != nullptr) guest.answer = text(nacre_pool_release(guest.release));
    results[0].of.i32 = guest.noted;
    return nullptr;
  }

  nacre_instance_t* take(Guest* guest = nullptr, nacre_grants_t* grants = nullptr) {
    nacre_instance_t* instance = nullptr;
    EXPECT_EQ(text(nacre_pool_instantiate(pool_, module_, grants, guest, &instance)), "");
    return instance;
  }
  static int32_t call(nacre_instance_t* instance, const char* name, int32_t argument = 0) {
    nacre_func_t* func = nullptr;
    EXPECT_EQ(text(nacre_instance_func(instance, name, &func)), "");
    nacre_raw_val_t value = {};
    value.i32 = argument;
    EXPECT_EQ(text(nacre_func_call(func, &value, 1)), "");
    return value.i32;
  }

  nacre_engine_t* engine_ = nullptr;
  nacre_module_t* module_ = nullptr;
  nacre_pool_t* pool_ = nullptr;
};

TEST_P(CPool, EachGuestHasItsOwnWorld) {
  Guest first, second;
  nacre_instance_t* a = take(&first);
  nacre_instance_t* b = take(&second);
  EXPECT_EQ(call(a, "count"), 1);
  EXPECT_EQ(call(a, "count"), 2);
  EXPECT_EQ(call(b, "count"), 1);
  EXPECT_EQ(call(a, "note", 5), 5);
  EXPECT_EQ(call(b, "note", 7), 7);
  nacre_instance_t* none = nullptr;
  Error full(nacre_pool_instantiate(pool_, module_, nullptr, nullptr, &none));
  ASSERT_NE(full, nullptr);
  EXPECT_EQ(nacre_error_kind(full.get()), NACRE_ERROR_LIMIT);
  EXPECT_EQ(text(nacre_pool_release(a)), "");
  Guest third;
  nacre_instance_t* c = take(&third);
  EXPECT_EQ(call(c, "count"), 1);
  EXPECT_EQ(call(c, "note", 1), 1);
  EXPECT_EQ(first.noted, 5);
  EXPECT_EQ(text(nacre_pool_release(b)), "");
  EXPECT_EQ(text(nacre_pool_release(c)), "");
  nacre_pool_counts_t counts = nacre_pool_statistics(pool_);
  EXPECT_EQ(counts.instances, 2u);
  EXPECT_EQ(counts.idle, 2u);
  EXPECT_EQ(counts.warm, 1u);
  EXPECT_EQ(counts.made, 2u);
}

TEST_P(CPool, GrantsAreOfOneGuest) {
  Guest guest;
  nacre_grants_t* grants = nacre_grants_new();
  nacre_grants_add_arg(grants, "one");
  nacre_grants_add_arg(grants, "two");
  nacre_instance_t* granted = take(&guest, grants);
  EXPECT_EQ(call(granted, "args"), 2);
  EXPECT_EQ(text(nacre_pool_release(granted)), "");
  nacre_instance_t* bare = take(&guest);
  EXPECT_EQ(call(bare, "args"), 0);
  EXPECT_EQ(text(nacre_pool_release(bare)), "");
  EXPECT_EQ(nacre_pool_statistics(pool_).warm, 1u);
}

TEST_P(CPool, ManyGuestsShareRights) {
  nacre_grants_t* grants = nacre_grants_new();
  nacre_grants_add_arg(grants, "one");
  nacre_grants_add_arg(grants, "two");
  nacre_grants_add_arg(grants, "three");
  nacre_rights_t* rights = nullptr;
  ASSERT_EQ(text(nacre_rights_new(grants, &rights)), "");
  Guest first, second;
  nacre_instance_t* a = nullptr;
  nacre_instance_t* b = nullptr;
  ASSERT_EQ(text(nacre_pool_instantiate_shared(pool_, module_, rights, &first, &a)), "");
  ASSERT_EQ(text(nacre_pool_instantiate_shared(pool_, module_, rights, &second, &b)), "");
  nacre_rights_delete(rights);
  EXPECT_EQ(call(a, "args"), 3);
  EXPECT_EQ(call(b, "args"), 3);
  EXPECT_EQ(call(a, "note", 5), 5);
  EXPECT_EQ(call(b, "note", 7), 7);
  EXPECT_EQ(text(nacre_pool_release(a)), "");
  EXPECT_EQ(call(b, "args"), 3);
  EXPECT_EQ(text(nacre_pool_release(b)), "");
  // The same slot, and nothing of them.
  nacre_instance_t* bare = take(&first);
  EXPECT_EQ(call(bare, "args"), 0);
  EXPECT_EQ(text(nacre_pool_release(bare)), "");
}

TEST_P(CPool, WhatIsOneGuestsIsNotShared) {
  for (const char* kind : {"listen", "lockdown"}) {
    nacre_grants_t* grants = nacre_grants_new();
    const char* value = std::strcmp(kind, "listen") == 0 ? "127.0.0.1:0" : nullptr;
    ASSERT_EQ(text(nacre_grants_add(grants, kind, value)), "");
    nacre_rights_t* rights = nullptr;
    EXPECT_TRUE(text(nacre_rights_new(grants, &rights)).starts_with("wrong use: ")) << kind;
    EXPECT_EQ(rights, nullptr);
  }
}

// A helper that keeps a count, and a module that counts there.
TEST_P(CPool, EachGuestHasItsOwnInstancesOfOtherModules) {
  constexpr std::string_view kBase = R"((module (memory (export "m") 1)
    (global (export "g") (mut i32) (i32.const 40))
    (func $s (i32.store (i32.const 0) (i32.const 1000))) (start $s)))";
  constexpr std::string_view kHelper = R"((module
    (import "base" "m" (memory 1)) (import "base" "g" (global $g (mut i32)))
    (import "env" "note" (func $note (param i32) (result i32)))
    (func (export "count") (result i32)
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (drop (call $note (i32.const 1)))
      (i32.add (global.get $g) (i32.load (i32.const 0))))))";
  constexpr std::string_view kUser = R"((module
    (import "helper" "count" (func $count (result i32)))
    (func (export "count") (result i32) (call $count))))";
  nacre_module_t* modules[3] = {};
  const std::string_view texts[] = {kBase, kHelper, kUser};
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(text(nacre_module_new(engine_, texts[i].data(), texts[i].size(), &modules[i])), "");
  ASSERT_EQ(text(nacre_pool_define_module(pool_, "base", modules[0])), "");
  ASSERT_EQ(text(nacre_pool_define_module(pool_, "helper", modules[1])), "");
  EXPECT_NE(text(nacre_pool_define_module(pool_, "helper", modules[1])), "");
  EXPECT_NE(text(nacre_pool_define_module(pool_, "env", modules[1])), "");
  for (int round = 0; round < 3; ++round) {
    Guest first, second;
    nacre_instance_t* a = nullptr;
    nacre_instance_t* b = nullptr;
    ASSERT_EQ(text(nacre_pool_instantiate(pool_, modules[2], nullptr, &first, &a)), "");
    ASSERT_EQ(text(nacre_pool_instantiate(pool_, modules[2], nullptr, &second, &b)), "");
    EXPECT_EQ(call(a, "count"), 1042);
    EXPECT_EQ(call(a, "count"), 1044);
    EXPECT_EQ(call(b, "count"), 1042);
    EXPECT_EQ(first.noted, 2);
    EXPECT_EQ(second.noted, 1);
    EXPECT_EQ(text(nacre_pool_release(a)), "");
    EXPECT_EQ(text(nacre_pool_release(b)), "");
  }
  EXPECT_EQ(nacre_pool_statistics(pool_).made, 2u);
  EXPECT_EQ(nacre_pool_statistics(pool_).retired, 0u);
  for (nacre_module_t* module : modules) nacre_module_delete(module);
}

TEST_P(CPool, ARunningGuestIsNotReleased) {
  Guest guest;
  guest.release = take(&guest);
  EXPECT_EQ(call(guest.release, "note", 1), 1);
  EXPECT_EQ(guest.answer, "wrong use: a call of this instance has not returned yet");
  EXPECT_EQ(text(nacre_pool_release(guest.release)), "");
  EXPECT_EQ(nacre_pool_statistics(pool_).idle, 1u);
}

// Each way in which a guest changes a table, and what of it the next one sees.
TEST_P(CPool, TablesAreRestoredHoweverTheyWereWritten) {
  constexpr std::string_view kTables = R"((module
    (table $a 3 300 funcref) (table $b 4 funcref)
    (elem (table $a) (i32.const 0) func $one) (elem (table $b) (i32.const 0) func $one $one)
    (elem $more func $one $one $one)
    (func $one)
    (func (export "set") (table.set $a (i32.const 1) (ref.func $one)))
    (func (export "fill") (table.fill $a (i32.const 1) (ref.func $one) (i32.const 2)))
    (func (export "copy") (table.copy $a $b (i32.const 1) (i32.const 0) (i32.const 2)))
    (func (export "init") (table.init $a $more (i32.const 0) (i32.const 0) (i32.const 3)))
    (func (export "grow") (drop (table.grow $a (ref.func $one) (i32.const 2))))
    (func (export "state") (result i32)
      (i32.or (i32.shl (table.size $a) (i32.const 4))
        (i32.or (ref.is_null (table.get $a (i32.const 0)))
          (i32.or (i32.shl (ref.is_null (table.get $a (i32.const 1))) (i32.const 1))
                  (i32.shl (ref.is_null (table.get $a (i32.const 2))) (i32.const 2))))))))";
  nacre_module_delete(module_);
  module_ = nullptr;
  ASSERT_EQ(text(nacre_module_new(engine_, kTables.data(), kTables.size(), &module_)), "");
  constexpr int32_t kNew = 3 << 4 | 6;
  auto state = [&](nacre_instance_t* instance) {
    nacre_val_t result{NACRE_I32, {}};
    EXPECT_EQ(text(nacre_instance_call(instance, "state", nullptr, 0, &result, 1)), "");
    return result.of.i32;
  };
  for (const char* way : {"set", "fill", "copy", "init", "grow"}) {
    nacre_instance_t* instance = take();
    EXPECT_EQ(state(instance), kNew) << "before " << way;
    EXPECT_EQ(text(nacre_instance_call(instance, way, nullptr, 0, nullptr, 0)), "");
    EXPECT_NE(state(instance), kNew) << way;
    EXPECT_EQ(text(nacre_pool_release(instance)), "");
  }
  nacre_instance_t* last = take();
  EXPECT_EQ(state(last), kNew);
  EXPECT_EQ(nacre_pool_statistics(pool_).warm, 5u);
  EXPECT_EQ(text(nacre_pool_release(last)), "");
}

TEST_P(CPool, ATrapEndsTheInstance) {
  nacre_instance_t* instance = take();
  Error trap(nacre_instance_call(instance, "trap", nullptr, 0, nullptr, 0));
  ASSERT_NE(trap, nullptr);
  EXPECT_EQ(nacre_error_kind(trap.get()), NACRE_ERROR_TRAP);
  EXPECT_EQ(text(nacre_pool_release(instance)), "");
  nacre_pool_counts_t counts = nacre_pool_statistics(pool_);
  EXPECT_EQ(counts.instances, 0u);
  EXPECT_EQ(counts.retired, 1u);
}

TEST_P(CPool, ATrapOfTheStartFunctionNamesItsFrames) {
  constexpr std::string_view kText =
      "(module $app (func $main (call $inner)) (func $inner (unreachable)) (start $main))";
  nacre_module_t* module = nullptr;
  ASSERT_EQ(text(nacre_module_new(engine_, kText.data(), kText.size(), &module)), "");
  nacre_instance_t* none = nullptr;
  Error trap(nacre_pool_instantiate(pool_, module, nullptr, nullptr, &none));
  ASSERT_NE(trap, nullptr);
  EXPECT_EQ(nacre_error_kind(trap.get()), NACRE_ERROR_TRAP);
  std::string frames = nacre_error_backtrace(trap.get());
  EXPECT_NE(frames.find("app!inner"), std::string::npos) << frames;
  EXPECT_NE(frames.find("app!main"), std::string::npos) << frames;
  EXPECT_EQ(nacre_pool_statistics(pool_).instances, 0u);
  nacre_module_delete(module);
}

TEST_P(CPool, RefusesWrongUse) {
  nacre_val_kind_t i32 = NACRE_I32;
  nacre_instance_t* instance = take();
  EXPECT_EQ(text(nacre_pool_define_func(pool_, "env", "late", &i32, 1, nullptr, 0, note)),
            "wrong use: the pool has made instances; what it offers is defined before");
  EXPECT_EQ(text(nacre_pool_define_module(pool_, "late", module_)),
            "wrong use: the pool has made instances; what it offers is defined before");
  nacre_func_t* func = nullptr;
  EXPECT_EQ(text(nacre_instance_func(instance, "absent", &func)),
            "wrong use: no function \"absent\" is exported");
  ASSERT_EQ(text(nacre_instance_func(instance, "pick", &func)), "");
  nacre_raw_val_t values[4] = {};
  values[3].f64 = 1.5;
  EXPECT_NE(text(nacre_func_call(func, values, 3)), "");
  values[1].ref = 0x1234;
  EXPECT_EQ(text(nacre_func_call(func, values, 4)),
            "wrong use: argument 1 is not a value of type funcref");
  values[1].ref = 0;
  ASSERT_EQ(text(nacre_func_call(func, values, 4)), "");
  EXPECT_EQ(values[0].f64, 1.5);

  nacre_store_t* store = nullptr;
  ASSERT_EQ(text(nacre_store_new(engine_, nullptr, &store)), "");
  nacre_module_t* empty = nullptr;
  ASSERT_EQ(text(nacre_module_new(engine_, "(module)", 8, &empty)), "");
  nacre_instance_t* of_store = nullptr;
  ASSERT_EQ(text(nacre_instance_new(store, empty, NACRE_UNKNOWN_IMPORTS_DENY, &of_store)), "");
  EXPECT_EQ(text(nacre_pool_release(of_store)), "wrong use: this instance belongs to a store");
  nacre_module_delete(empty);
  nacre_store_delete(store);

  // A pool may go while an instance is out.
  nacre_pool_delete(pool_);
  pool_ = nullptr;
  EXPECT_EQ(call(instance, "count"), 1);
  EXPECT_EQ(text(nacre_pool_release(instance)), "");
}

INSTANTIATE_TEST_SUITE_P(Tiers, CPool, testing::Values("interp", "baseline"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
