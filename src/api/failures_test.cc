// What nacre.h says of each function: with which kind it fails, and what holds afterwards.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "nacre/nacre.h"
#include "nacre/wast.h"

namespace {

constexpr int kNone = -1;  // no error

// The kind of an error, which goes.
int kind(nacre_error_t* error) {
  int result = error == nullptr ? kNone : static_cast<int>(nacre_error_kind(error));
  nacre_error_delete(error);
  return result;
}

class Failures : public testing::Test {
 protected:
  void SetUp() override {
    nacre_config_t* config = nacre_config_new();
    ASSERT_EQ(kind(nacre_config_set_tier(config, "interp")), kNone);
    ASSERT_EQ(kind(nacre_engine_new(config, &engine_)), kNone);
    ASSERT_EQ(kind(nacre_store_new(engine_, nullptr, &store_)), kNone);
  }
  void TearDown() override {
    nacre_store_delete(store_);
    nacre_engine_delete(engine_);
  }

  int load(std::string_view bytes, nacre_module_t** out) {
    return kind(nacre_module_new(engine_, bytes.data(), bytes.size(), out));
  }
  nacre_module_t* module(std::string_view text) {
    nacre_module_t* made = nullptr;
    EXPECT_EQ(load(text, &made), kNone);
    return made;
  }
  int instantiate(std::string_view text, nacre_instance_t** out) {
    nacre_module_t* made = module(text);
    int result = kind(nacre_instance_new(store_, made, NACRE_UNKNOWN_IMPORTS_DENY, out));
    nacre_module_delete(made);
    return result;
  }

  nacre_engine_t* engine_ = nullptr;
  nacre_store_t* store_ = nullptr;
};

TEST_F(Failures, OfConfigurations) {
  nacre_config_t* config = nacre_config_new();
  EXPECT_EQ(kind(nacre_config_set_tier(config, "quick")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_config_set_tier(config, "optimizing")), NACRE_ERROR_UNSUPPORTED);
  EXPECT_EQ(kind(nacre_config_set_features(config, "simd")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_config_set_features(config, "+no-such")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_config_set_features(config, "-simd,+stack-switching")),
            NACRE_ERROR_UNSUPPORTED);
  EXPECT_EQ(kind(nacre_config_set_validate(config, "never")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_config_set_traps(config, "slow")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_config_set_checks(config, "dirty,all")), NACRE_ERROR_USAGE);
  // It is as it was: -simd did not stay, either.
  nacre_engine_t* engine = nullptr;
  ASSERT_EQ(kind(nacre_engine_new(config, &engine)), kNone);
  nacre_module_t* made = nullptr;
  std::string_view simd = "(module (func (drop (v128.const i32x4 0 0 0 0))))";
  EXPECT_EQ(kind(nacre_module_new(engine, simd.data(), simd.size(), &made)), kNone);
  nacre_module_delete(made);
  nacre_engine_delete(engine);
}

TEST_F(Failures, OfModules) {
  nacre_module_t* made = nullptr;
  EXPECT_EQ(load("", &made), NACRE_ERROR_MALFORMED);
  EXPECT_EQ(load("(module (func)", &made), NACRE_ERROR_MALFORMED);
  EXPECT_EQ(load("(module (func (result i32)))", &made), NACRE_ERROR_INVALID);
  EXPECT_EQ(load(std::string_view("\0asm\x0d\0\x01\0", 8), &made), NACRE_ERROR_UNSUPPORTED);
  EXPECT_EQ(kind(nacre_module_load(engine_, "/no/such/file", &made)), NACRE_ERROR_IO);
  EXPECT_EQ(made, nullptr) << "outputs are written only on success";

  made = module("(module (func $f (throw $t)) (tag $t))");
  EXPECT_EQ(kind(nacre_module_check_runs(made)), NACRE_ERROR_UNSUPPORTED);
  nacre_instance_t* instance = nullptr;
  EXPECT_EQ(kind(nacre_instance_new(store_, made, NACRE_UNKNOWN_IMPORTS_DENY, &instance)),
            NACRE_ERROR_UNSUPPORTED);
  uint32_t index = 7;
  EXPECT_EQ(kind(nacre_module_find_func(made, "g", &index)), NACRE_ERROR_USAGE);
  EXPECT_EQ(index, 7u);
  EXPECT_EQ(kind(nacre_module_find_func(made, "f", &index)), kNone);
  EXPECT_EQ(nacre_module_import(made, 0).name, nullptr) << "it has none";
  EXPECT_EQ(nacre_module_export(made, 7).type, nullptr);
  const nacre_code_t* code = nullptr;
  EXPECT_EQ(kind(nacre_module_code(made, 5, nullptr, &code)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_module_code(made, 0, "z80", &code)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_module_code(made, 0, nullptr, &code)), NACRE_ERROR_UNSUPPORTED)
      << "the interpreter makes no code";
  nacre_module_delete(made);

  nacre_bytes_t bytes = {};
  EXPECT_EQ(kind(nacre_text_to_binary("(", 1, nullptr, &bytes)), NACRE_ERROR_MALFORMED);
  EXPECT_EQ(kind(nacre_text_to_binary("(module)", 8, "+no", &bytes)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_binary_to_text("\0asm", 4, nullptr, &bytes)), NACRE_ERROR_MALFORMED);
  EXPECT_EQ(bytes.data, nullptr);
}

TEST_F(Failures, OfGrants) {
  nacre_grants_t* grants = nacre_grants_new();
  EXPECT_EQ(kind(nacre_grants_add(grants, "no-such", "x")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_grants_add(grants, "dir", nullptr)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_grants_add(grants, "memory", "much")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_grants_add(grants, "policy", "/no/such/file")), NACRE_ERROR_IO);
  nacre_grants_delete(grants);

  // What only the system can tell is looked at later, and grants are taken all the same.
  grants = nacre_grants_new();
  EXPECT_EQ(kind(nacre_grants_add(grants, "dir", "/no/such/directory")), kNone);
  nacre_store_t* store = nullptr;
  EXPECT_EQ(kind(nacre_store_new(engine_, grants, &store)), NACRE_ERROR_IO);
  EXPECT_EQ(store, nullptr);

  nacre_bytes_t problems = {};
  EXPECT_EQ(kind(nacre_policy_check("/no/such/file", &problems)), NACRE_ERROR_IO);
}

// What the grants say, in words.
std::string explanation(const nacre_module_t* module, const nacre_grants_t* grants) {
  nacre_bytes_t text = {};
  EXPECT_EQ(kind(nacre_explain("app.wat", module, grants, nullptr, &text)), kNone);
  std::string result(reinterpret_cast<const char*>(text.data), text.size);
  nacre_bytes_delete(&text);
  return result;
}

std::string policy_for(const char* name, const std::string& digit) {
  std::string path = testing::TempDir() + "/nacre-failures-" + name + ".toml";
  std::string digest;
  for (int i = 0; i < 64; ++i) digest += digit;
  std::ofstream(path) << "module = \"sha256:" << digest << "\"\n[allow]\nenv = [\"" << name
                      << "\"]\n";
  return path;
}

TEST_F(Failures, OfGrantsLeaveThemAsTheyWere) {
  nacre_module_t* app = module("(module)");
  nacre_grants_t* grants = nacre_grants_new();
  std::string one = policy_for("ONE", "1");
  ASSERT_EQ(kind(nacre_grants_add(grants, "policy", one.c_str())), kNone);
  std::string before = explanation(app, grants);
  EXPECT_NE(before.find("env ONE"), std::string::npos);

  std::string other = policy_for("OTHER", "2");
  EXPECT_EQ(kind(nacre_grants_add(grants, "policy", other.c_str())), NACRE_ERROR_USAGE);
  EXPECT_EQ(explanation(app, grants), before) << "two policies are for different modules";
  EXPECT_EQ(kind(nacre_grants_add(grants, "lockdown", "everything")), NACRE_ERROR_USAGE);
  EXPECT_EQ(explanation(app, grants), before) << "this process is not to be locked down";
  EXPECT_EQ(kind(nacre_grants_add(grants, "record", "/")), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_grants_add(grants, "dir", ":ro")), NACRE_ERROR_USAGE);
  EXPECT_EQ(explanation(app, grants), before);

  nacre_store_t* store = nullptr;
  EXPECT_EQ(kind(nacre_store_new(engine_, grants, &store)), kNone);
  EXPECT_EQ(kind(nacre_store_finish(store)), kNone) << "nothing is recorded";
  nacre_store_delete(store);
  nacre_module_delete(app);
}

TEST_F(Failures, OfLinking) {
  nacre_instance_t* instance = nullptr;
  EXPECT_EQ(instantiate("(module (import \"a\" \"b\" (func)))", &instance), NACRE_ERROR_UNLINKABLE);
  EXPECT_EQ(instantiate("(module (func $f unreachable) (start $f))", &instance), NACRE_ERROR_TRAP);
  EXPECT_EQ(instance, nullptr);

  ASSERT_EQ(instantiate("(module (func (export \"_start\") (param i32)))", &instance), kNone);
  EXPECT_EQ(kind(nacre_instance_start(instance)), NACRE_ERROR_INVALID);
  EXPECT_EQ(kind(nacre_instance_initialize(instance)), kNone) << "there is none";
  nacre_store_t* other = nullptr;
  ASSERT_EQ(kind(nacre_store_new(engine_, nullptr, &other)), kNone);
  EXPECT_EQ(kind(nacre_store_define_instance(other, "m", instance)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_pool_release(instance)), NACRE_ERROR_USAGE) << "it is no pool's";
  nacre_store_delete(other);
}

TEST_F(Failures, OfCalls) {
  nacre_instance_t* instance = nullptr;
  ASSERT_EQ(instantiate(R"((module
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
    (func (export "fail") (result i32)
      (global.set $n (i32.const 40)) unreachable)
    (func (export "take") (param funcref))))",
                        &instance),
            kNone);
  EXPECT_EQ(kind(nacre_instance_start(instance)), NACRE_ERROR_USAGE) << "no _start";
  nacre_val_t result = {.kind = NACRE_I32, .of = {.i32 = 7}};
  nacre_val_t argument = {.kind = NACRE_I32, .of = {.i32 = 1}};
  EXPECT_EQ(kind(nacre_instance_call(instance, "none", nullptr, 0, &result, 1)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_instance_call(instance, "next", nullptr, 0, nullptr, 0)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_instance_call(instance, "take", &argument, 1, nullptr, 0)),
            NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_instance_call(instance, "fail", nullptr, 0, &result, 1)), NACRE_ERROR_TRAP);
  EXPECT_EQ(result.of.i32, 7) << "results are written only on success";
  // The instance goes on in the state that the guest left.
  EXPECT_EQ(kind(nacre_instance_call(instance, "next", nullptr, 0, &result, 1)), kNone);
  EXPECT_EQ(result.of.i32, 41);

  nacre_func_t* func = nullptr;
  EXPECT_EQ(kind(nacre_instance_func(instance, "none", &func)), NACRE_ERROR_USAGE);
  ASSERT_EQ(kind(nacre_instance_func(instance, "next", &func)), kNone);
  EXPECT_EQ(kind(nacre_func_call(func, nullptr, 0)), NACRE_ERROR_USAGE) << "no room for the result";
  uint8_t* data = nullptr;
  size_t size = 0;
  EXPECT_EQ(kind(nacre_instance_memory(instance, "memory", &data, &size)), NACRE_ERROR_USAGE);
}

TEST_F(Failures, OfPools) {
  nacre_pool_limits_t limits = {.max_instances = 1};
  nacre_pool_t* pool = nullptr;
  ASSERT_EQ(kind(nacre_pool_new(engine_, &limits, &pool)), kNone);
  nacre_module_t* made = module("(module (func (export \"f\")))");
  nacre_instance_t* first = nullptr;
  nacre_instance_t* second = nullptr;
  ASSERT_EQ(kind(nacre_pool_instantiate(pool, made, nullptr, nullptr, &first)), kNone);
  EXPECT_EQ(kind(nacre_pool_instantiate(pool, made, nullptr, nullptr, &second)), NACRE_ERROR_LIMIT);
  EXPECT_EQ(kind(nacre_pool_define_func(pool, "m", "f", nullptr, 0, nullptr, 0, nullptr)),
            NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_pool_define_module(pool, "m", made)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_pool_release(first)), kNone);
  nacre_grants_t* grants = nacre_grants_new();
  ASSERT_EQ(kind(nacre_grants_add(grants, "lockdown", nullptr)), kNone);
  EXPECT_EQ(kind(nacre_pool_instantiate(pool, made, grants, nullptr, &second)), NACRE_ERROR_USAGE);
  ASSERT_EQ(kind(nacre_pool_instantiate(pool, made, nullptr, nullptr, &second)), kNone);
  EXPECT_EQ(kind(nacre_pool_release(second)), kNone);
  nacre_module_delete(made);
  nacre_pool_delete(pool);
}

TEST_F(Failures, OfNamesThatPoolsOffer) {
  nacre_pool_t* pool = nullptr;
  ASSERT_EQ(kind(nacre_pool_new(engine_, nullptr, &pool)), kNone);
  nacre_module_t* made = module("(module (func (export \"f\")))");
  auto define_func = [&](const char* of) {
    return kind(nacre_pool_define_func(pool, of, "f", nullptr, 0, nullptr, 0, nullptr));
  };
  EXPECT_EQ(define_func("host"), kNone);
  EXPECT_EQ(define_func("host"), kNone) << "in place of the first";
  EXPECT_EQ(kind(nacre_pool_define_module(pool, "host", made)), NACRE_ERROR_USAGE);
  EXPECT_EQ(kind(nacre_pool_define_module(pool, "lib", made)), kNone);
  EXPECT_EQ(kind(nacre_pool_define_module(pool, "lib", made)), NACRE_ERROR_USAGE);
  EXPECT_EQ(define_func("lib"), NACRE_ERROR_USAGE);
  nacre_module_t* throws = module("(module (func $f (throw $t)) (tag $t))");
  EXPECT_EQ(kind(nacre_pool_define_module(pool, "throws", throws)), NACRE_ERROR_UNSUPPORTED);
  nacre_module_delete(throws);
  nacre_module_delete(made);
  nacre_pool_delete(pool);
}

TEST_F(Failures, OfCallsThatDoNotKeepTheirThread) {
  nacre_instance_t* instance = nullptr;
  ASSERT_EQ(instantiate("(module (func (export \"fail\") unreachable))", &instance), kNone);
  nacre_call_t* call = nullptr;
  int over = 0;
  auto count = [](void* data, nacre_call_t*) { ++*static_cast<int*>(data); };
  EXPECT_EQ(kind(nacre_call_start(instance, "none", nullptr, 0, count, &over, &call)),
            NACRE_ERROR_USAGE);
  EXPECT_EQ(nacre_store_fd(store_), -1);
  ASSERT_EQ(kind(nacre_call_start(instance, "fail", nullptr, 0, count, &over, &call)), kNone);
  EXPECT_EQ(over, 0) << "a guest that ended at once is told of by nacre_store_run_ready";
  EXPECT_EQ(nacre_store_run_ready(store_), 1u);
  EXPECT_EQ(over, 1);
  EXPECT_EQ(kind(nacre_call_results(call, nullptr, 0)), NACRE_ERROR_TRAP);
  EXPECT_EQ(kind(nacre_call_results(call, nullptr, 0)), NACRE_ERROR_USAGE) << "it was told";
  nacre_call_cancel(call);
  EXPECT_STREQ(nacre_store_denial(store_, 5), "");
}

TEST_F(Failures, OfScripts) {
  nacre_wast_counts_t counts = {};
  auto ignore = [](void*, uint32_t, const char*, bool) {};
  EXPECT_EQ(kind(nacre_wast_run("/no/such.wast", nullptr, ignore, nullptr, &counts)),
            NACRE_ERROR_IO);
}

}  // namespace
