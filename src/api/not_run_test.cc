// A module with an instruction that no tier runs: loaded, explained, and never an instance.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "nacre/nacre.h"

namespace nacre::api {
namespace {

constexpr std::string_view kModule = R"((module
  (func (export "run") (result i32) (i32.const 1))
  (func (export "never") (param (ref null $s)) (drop (struct.get $s 0 (local.get 0))))
  (type $s (struct (field i32)))))";
constexpr const char kWhy[] =
    "not supported: function 1: struct.get (garbage collection) is not built in this version "
    "(at byte 0x3a)";

// Kind and words of an error, which is deleted.
std::string take(nacre_error_t* error) {
  if (error == nullptr) return "";
  std::string text = std::to_string(nacre_error_kind(error)) + " " + nacre_error_message(error);
  nacre_error_delete(error);
  return text;
}

class NotRun : public testing::TestWithParam<const char*> {
 protected:
  void load(const char* validate, std::string_view wat = kModule) {
    nacre_config_t* config = nacre_config_new();
    ASSERT_EQ(take(nacre_config_set_tier(config, GetParam())), "");
    ASSERT_EQ(take(nacre_config_set_validate(config, validate)), "");
    if (std::string refused = take(nacre_engine_new(config, &engine)); !refused.empty())
      GTEST_SKIP() << refused;
    ASSERT_EQ(take(nacre_module_new(engine, wat.data(), wat.size(), &module)), "");
    ASSERT_EQ(take(nacre_store_new(engine, nacre_grants_new(), &store)), "");
  }
  void TearDown() override {
    if (store != nullptr) nacre_store_delete(store);
    if (module != nullptr) nacre_module_delete(module);
    if (engine != nullptr) nacre_engine_delete(engine);
  }

  nacre_engine_t* engine = nullptr;
  nacre_module_t* module = nullptr;
  nacre_store_t* store = nullptr;
  nacre_instance_t* instance = nullptr;
  const std::string why = std::to_string(NACRE_ERROR_UNSUPPORTED) + " " + kWhy;
};

INSTANTIATE_TEST_SUITE_P(Tiers, NotRun, testing::Values("interp", "baseline"));

TEST_P(NotRun, IsNoInstance) {
  load("eager");
  if (engine == nullptr) return;
  EXPECT_EQ(take(nacre_module_check_runs(module)), why);
  EXPECT_EQ(take(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance)), why);
  EXPECT_EQ(take(nacre_instance_new_child(store, nullptr, module, NACRE_UNKNOWN_IMPORTS_DENY,
                                          nacre_grants_new(), &instance)),
            why);
  nacre_pool_t* pool = nullptr;
  ASSERT_EQ(take(nacre_pool_new(engine, nullptr, &pool)), "");
  EXPECT_EQ(take(nacre_pool_instantiate(pool, module, nacre_grants_new(), nullptr, &instance)),
            why);
  nacre_pool_delete(pool);
}

TEST_P(NotRun, IsExplained) {
  load("eager");
  if (engine == nullptr) return;
  nacre_grants_t* grants = nacre_grants_new();
  nacre_bytes_t text{};
  ASSERT_EQ(take(nacre_explain("a.wat", module, grants, nullptr, &text)), "");
  std::string all(reinterpret_cast<const char*>(text.data), text.size);
  EXPECT_NE(all.find(std::string("cannot be run: ") + kWhy), std::string::npos) << all;
  nacre_bytes_delete(&text);
  nacre_grants_delete(grants);
}

// What was not validated was not looked through.
TEST_P(NotRun, TrapsWhereBodiesAreValidatedLazily) {
  load("lazy");
  if (engine == nullptr) return;
  EXPECT_EQ(take(nacre_module_check_runs(module)), "");
  ASSERT_EQ(take(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance)), "");
  nacre_val_t result{};
  EXPECT_EQ(take(nacre_instance_call(instance, "run", nullptr, 0, &result, 1)), "");
  EXPECT_EQ(result.of.i32, 1);
}

}  // namespace
}  // namespace nacre::api
