// Questions through the C API: an embedder answers, and the guest gets what was answered.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "nacre/nacre.h"

namespace nacre::api {
namespace {

constexpr int32_t kNotCapable = 76;

struct Asked {
  std::vector<std::string> objects;
  std::string kind;
  std::string rights;
  std::string name;
  std::string digest;
  int answer = NACRE_ANSWER_NO;
};

int answer(void* data, const nacre_question_t* question) {
  auto& asked = *static_cast<Asked*>(data);
  asked.objects.push_back(question->object);
  asked.kind = question->kind;
  asked.rights = question->rights;
  asked.name = question->module_name;
  asked.digest = question->digest;
  return asked.answer;
}

class AskTest : public testing::Test {
 protected:
  AskTest() {
    path_ = "/tmp/nacre-ask-XXXXXX";
    int fd = mkstemp(path_.data());
    EXPECT_GE(fd, 0);
    close(fd);
    nacre_engine_new(nullptr, &engine_);
    std::string path = path_.substr(1);
    std::string text = R"((module (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 100) ")" +
                       path + R"(")
      (func (export "open") (result i32) (call $open (i32.const 3) (i32.const 0) (i32.const 100)
        (i32.const )" + std::to_string(path.size()) +
                       R"() (i32.const 0) (i64.const 2) (i64.const 0)
        (i32.const 0) (i32.const 8)))))";
    EXPECT_EQ(nacre_module_new(engine_, text.data(), text.size(), &module_), nullptr);
  }
  ~AskTest() override {
    nacre_store_delete(store_);
    nacre_module_delete(module_);
    nacre_engine_delete(engine_);
    unlink(path_.c_str());
  }

  void start() {
    nacre_grants_t* grants = nacre_grants_new();
    nacre_grants_set_ask(grants, answer, &asked_);
    ASSERT_EQ(nacre_grants_add(grants, "ask", nullptr), nullptr);
    nacre_grants_set_module(grants, "guest", module_);
    ASSERT_EQ(nacre_store_new(engine_, grants, &store_), nullptr);
    ASSERT_EQ(nacre_instance_new(store_, module_, NACRE_UNKNOWN_IMPORTS_DENY, &instance_), nullptr);
  }
  int32_t open() {
    nacre_val_t result{NACRE_I32, {}};
    EXPECT_EQ(nacre_instance_call(instance_, "open", nullptr, 0, &result, 1), nullptr);
    return result.of.i32;
  }

  std::string path_;
  Asked asked_;
  nacre_engine_t* engine_ = nullptr;
  nacre_module_t* module_ = nullptr;
  nacre_store_t* store_ = nullptr;
  nacre_instance_t* instance_ = nullptr;
};

TEST_F(AskTest, OnceThenNo) {
  start();
  asked_.answer = NACRE_ANSWER_ONCE;
  EXPECT_EQ(open(), 0);
  EXPECT_EQ(asked_.kind, "file");
  EXPECT_EQ(asked_.rights, "read");
  EXPECT_EQ(asked_.name, "guest");
  EXPECT_EQ(asked_.digest, nacre_module_digest(module_));
  asked_.answer = NACRE_ANSWER_NO;
  EXPECT_EQ(open(), kNotCapable);
  EXPECT_EQ(open(), kNotCapable);
  EXPECT_EQ(asked_.objects, std::vector<std::string>(2, path_));
}

TEST_F(AskTest, RunIsAskedOnce) {
  start();
  asked_.answer = NACRE_ANSWER_RUN;
  EXPECT_EQ(open(), 0);
  EXPECT_EQ(open(), 0);
  EXPECT_EQ(asked_.objects.size(), 1u);
}

TEST_F(AskTest, AnAnswerThatDoesNotExistIsNo) {
  start();
  asked_.answer = 99;
  EXPECT_EQ(open(), kNotCapable);
}

TEST_F(AskTest, WithoutAskingNobodyIsAskedAndNothingIsShown) {
  nacre_grants_t* grants = nacre_grants_new();
  nacre_grants_set_ask(grants, answer, &asked_);
  ASSERT_EQ(nacre_store_new(engine_, grants, &store_), nullptr);
  ASSERT_EQ(nacre_instance_new(store_, module_, NACRE_UNKNOWN_IMPORTS_DENY, &instance_), nullptr);
  constexpr int32_t kBadDescriptor = 8;
  EXPECT_EQ(open(), kBadDescriptor);
  EXPECT_TRUE(asked_.objects.empty());
}

class VariablesTest : public testing::Test {
 protected:
  VariablesTest() {
    setenv("NACRE_TEST_ONE", "1", 1);
    setenv("NACRE_TEST_TWO", "22", 1);
    nacre_engine_new(nullptr, &engine_);
    std::string text = R"((module (import "wasi_snapshot_preview1" "environ_sizes_get"
      (func $sizes (param i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 100) "NACRE_TEST_TWO\00NACRE_TEST_ONE")
      (func (export "count") (result i32)
        (drop (call $sizes (i32.const 0) (i32.const 4))) (i32.load (i32.const 0)))))";
    EXPECT_EQ(nacre_module_new(engine_, text.data(), text.size(), &module_), nullptr);
  }
  ~VariablesTest() override {
    nacre_module_delete(module_);
    nacre_engine_delete(engine_);
    unsetenv("NACRE_TEST_ONE");
    unsetenv("NACRE_TEST_TWO");
  }

  // How many variables a guest sees, and again.
  int32_t count(bool ask, int answer_given) {
    nacre_grants_t* grants = nacre_grants_new();
    nacre_grants_set_ask(grants, answer, &asked_);
    if (ask) nacre_grants_add(grants, "ask", nullptr);
    nacre_grants_set_module(grants, "guest", module_);
    asked_.answer = answer_given;
    nacre_store_t* store = nullptr;
    EXPECT_EQ(nacre_store_new(engine_, grants, &store), nullptr);
    nacre_instance_t* instance = nullptr;
    EXPECT_EQ(nacre_instance_new(store, module_, NACRE_UNKNOWN_IMPORTS_DENY, &instance), nullptr);
    nacre_val_t results[2] = {{NACRE_I32, {}}, {NACRE_I32, {}}};
    for (nacre_val_t& result : results) {
      EXPECT_EQ(nacre_instance_call(instance, "count", nullptr, 0, &result, 1), nullptr);
    }
    EXPECT_EQ(results[0].of.i32, results[1].of.i32);
    nacre_store_delete(store);
    return results[0].of.i32;
  }

  Asked asked_;
  nacre_engine_t* engine_ = nullptr;
  nacre_module_t* module_ = nullptr;
};

TEST_F(VariablesTest, OneQuestionForTheWholeRun) {
  EXPECT_EQ(count(true, NACRE_ANSWER_ONCE), 2);
  EXPECT_EQ(asked_.objects, std::vector<std::string>{"NACRE_TEST_ONE NACRE_TEST_TWO"});
  EXPECT_EQ(asked_.kind, "env");
  EXPECT_EQ(count(true, NACRE_ANSWER_NO), 0);
  EXPECT_EQ(asked_.objects.size(), 2u);
}

TEST_F(VariablesTest, WithoutAskingThereAreNone) {
  EXPECT_EQ(count(false, NACRE_ANSWER_ONCE), 0);
  EXPECT_TRUE(asked_.objects.empty());
}

TEST(GrantKinds, AreListed) {
  ASSERT_GT(nacre_grant_kind_count(), 10u);
  EXPECT_STREQ(nacre_grant_kind_at(0).name, "dir");
  EXPECT_EQ(nacre_grant_kind_at(1000).name, nullptr);
}

}  // namespace
}  // namespace nacre::api
