// Questions through the C API: an embedder answers, and the guest gets what was answered.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "nacre/nacre.h"
#include "signature/sign_for_test.h"

namespace nacre::api {
namespace {

constexpr int32_t kNotThere = 44;  // noent: what was refused looks as if it were missing

struct Asked {
  std::vector<std::string> objects;
  std::string kind;
  std::string rights;
  std::string name;
  std::string digest;
  std::string signer;
  int answer = NACRE_ANSWER_NO;
};

int answer(void* data, const nacre_question_t* question) {
  auto& asked = *static_cast<Asked*>(data);
  asked.objects.push_back(question->object);
  asked.kind = question->kind;
  asked.rights = question->rights;
  asked.name = question->module_name;
  asked.digest = question->digest;
  asked.signer = question->signer;
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
    text_ = R"((module (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 100) ")" +
            path + R"(")
      (func (export "open") (result i32) (call $open (i32.const 3) (i32.const 0) (i32.const 100)
        (i32.const )" +
            std::to_string(path.size()) +
            R"() (i32.const 0) (i64.const 2) (i64.const 0)
        (i32.const 0) (i32.const 8)))))";
    EXPECT_EQ(nacre_module_new(engine_, text_.data(), text_.size(), &module_), nullptr);
  }
  ~AskTest() override {
    nacre_store_delete(store_);
    nacre_module_delete(module_);
    nacre_engine_delete(engine_);
    unlink(path_.c_str());
  }

  void start(bool remember = false) {
    nacre_grants_t* grants = nacre_grants_new();
    nacre_grants_set_ask(grants, answer, &asked_);
    if (remember) nacre_grants_add(grants, "remember", nullptr);
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
  std::string text_;
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
  EXPECT_EQ(open(), kNotThere);
  EXPECT_EQ(open(), kNotThere);
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
  EXPECT_EQ(open(), kNotThere);
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

// The same guest, signed, with a store of decisions of its own.
class SignerTest : public AskTest {
 protected:
  SignerTest() {
    folder_ = "/tmp/nacre-signer-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
    nacre_bytes_t binary{};
    EXPECT_EQ(nacre_text_to_binary(text_.data(), text_.size(), nullptr, &binary), nullptr);
    signature::SignatureForTest signature;
    constexpr size_t kHeaderBytes = 8;
    signature.sets = {{{{binary.data + kHeaderBytes, binary.data + binary.size}}, {kAlice}}};
    std::vector<uint8_t> data = signature.data();
    nacre_module_delete(module_);
    EXPECT_EQ(nacre_module_new(engine_, binary.data, binary.size, &module_), nullptr);
    nacre_module_set_signature(module_, data.data(), data.size());
    nacre_bytes_delete(&binary);
  }
  ~SignerTest() override {
    unsetenv("XDG_CONFIG_HOME");
    std::filesystem::remove_all(folder_);
  }
  // A new run that is answered so.
  int32_t run(int its_answer) {
    nacre_store_delete(store_);
    asked_ = {.answer = its_answer};
    start(true);
    return open();
  }
  static void trust_alice() {
    std::vector<uint8_t> file = {1};
    file.insert(file.end(), kAlice.key.begin(), kAlice.key.end());
    ASSERT_EQ(nacre_permissions_trust("alice", file.data(), file.size()), nullptr);
  }

  inline static const signature::KeyForTest kAlice{1};
  std::string folder_;
};

TEST_F(SignerTest, AnswersForOneWhoIsNotKnownAreNo) {
  for (int answer_given : {NACRE_ANSWER_ALWAYS_SIGNER, NACRE_ANSWER_NEVER_SIGNER}) {
    EXPECT_EQ(run(answer_given), kNotThere);
    EXPECT_EQ(asked_.signer, "");
  }
  trust_alice();
  EXPECT_EQ(run(NACRE_ANSWER_ONCE), 0) << "neither was kept";
}

TEST_F(SignerTest, AlwaysSignerIsKept) {
  trust_alice();
  EXPECT_EQ(run(NACRE_ANSWER_ALWAYS_SIGNER), 0);
  EXPECT_EQ(asked_.signer, "alice");
  EXPECT_EQ(run(NACRE_ANSWER_NO), 0);
  EXPECT_TRUE(asked_.objects.empty());
  nacre_module_set_signature(module_, "", 0);
  EXPECT_EQ(run(NACRE_ANSWER_NO), kNotThere) << "it is unsigned now";
  EXPECT_EQ(asked_.objects.size(), 1u);
}

TEST_F(SignerTest, NeverSignerIsKept) {
  trust_alice();
  EXPECT_EQ(run(NACRE_ANSWER_NEVER_SIGNER), kNotThere);
  EXPECT_EQ(run(NACRE_ANSWER_ONCE), kNotThere);
  EXPECT_TRUE(asked_.objects.empty());
  ASSERT_EQ(nacre_permissions_distrust("alice"), nullptr);
  EXPECT_EQ(run(NACRE_ANSWER_ONCE), 0);
}

TEST_F(SignerTest, DecisionsCanBeMadeBefore) {
  nacre_error_t* error = nacre_permissions_decide_signer("alice", "file", path_.c_str(), 0);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(nacre_error_kind(error), NACRE_ERROR_USAGE);
  nacre_error_delete(error);
  trust_alice();
  ASSERT_EQ(nacre_permissions_decide_signer("alice", "file", path_.c_str(), 0), nullptr);
  EXPECT_EQ(run(NACRE_ANSWER_NO), 0);
  size_t count = 0;
  ASSERT_EQ(nacre_permissions_revoke("signer:alice", nullptr, nullptr, &count), nullptr);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(run(NACRE_ANSWER_NO), kNotThere);
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

TEST(GrantSettings, AreListedAndTakenWithTheirValues) {
  ASSERT_GT(nacre_grant_setting_count(), 8u);
  EXPECT_EQ(nacre_grant_setting_at(1000).name, nullptr);
  for (size_t i = 0; i < nacre_grant_setting_count(); ++i) {
    nacre_grant_setting_t setting = nacre_grant_setting_at(i);
    auto adding = [&](const char* value) {
      nacre_grants_t* grants = nacre_grants_new();
      nacre_error_t* error = nacre_grants_add(grants, setting.name, value);
      std::string text = error == nullptr ? "" : nacre_error_message(error);
      nacre_error_delete(error);
      nacre_grants_delete(grants);
      return text;
    };
    std::string without = adding(nullptr);
    std::string with = adding("/no/such/place");
    if (setting.place == NACRE_SETTING_FILE) {
      EXPECT_NE(with.find("no grant of the kind"), std::string::npos) << with;
      continue;
    }
    bool takes_none = *setting.value == '\0' && std::string(setting.name) != "ask";
    EXPECT_EQ(with.find("takes no value") != std::string::npos, takes_none) << setting.name << with;
    bool needs_one = without.find("needs a value") != std::string::npos;
    EXPECT_TRUE(needs_one || without.empty()) << setting.name << without;
    EXPECT_TRUE(!needs_one || *setting.value != '\0') << setting.name;
  }
}

}  // namespace
}  // namespace nacre::api
