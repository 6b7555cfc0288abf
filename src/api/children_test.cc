// Instances with rights of their own through the C API: each can give on only what it was given.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "nacre/nacre.h"

namespace nacre::api {
namespace {

constexpr int32_t kBadDescriptor = 8, kNotPermitted = 63;

class ChildTest : public testing::Test {
 protected:
  ChildTest() {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    EXPECT_EQ(mkdir((folder_ + "/sub").c_str(), 0777), 0);
    nacre_engine_new(nullptr, &engine_);
    // Makes the directory "made" below descriptor 3.
    std::string text = R"((module
      (import "wasi_snapshot_preview1" "path_create_directory"
        (func $make (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 8) "made")
      (func (export "make") (result i32)
        (call $make (i32.const 3) (i32.const 8) (i32.const 4)))))";
    EXPECT_EQ(nacre_module_new(engine_, text.data(), text.size(), &module_), nullptr);
  }
  ~ChildTest() override {
    nacre_store_delete(store_);
    nacre_module_delete(module_);
    nacre_engine_delete(engine_);
    EXPECT_EQ(std::system(("rm -rf " + folder_).c_str()), 0);
  }

  nacre_grants_t* grants(const std::string& dir) {
    nacre_grants_t* grants = nacre_grants_new();
    if (!dir.empty()) {
      EXPECT_EQ(nacre_grants_add(grants, "dir", dir.c_str()), nullptr);
    }
    return grants;
  }
  void start(nacre_grants_t* grants) {
    ASSERT_EQ(nacre_store_new(engine_, grants, &store_), nullptr);
  }
  // The kind of the error; -1: none.
  int child(nacre_instance_t* parent, nacre_grants_t* grants, nacre_instance_t** out) {
    nacre_error_t* error =
        nacre_instance_new_child(store_, parent, module_, NACRE_UNKNOWN_IMPORTS_DENY, grants, out);
    int kind = error == nullptr ? -1 : static_cast<int>(nacre_error_kind(error));
    nacre_error_delete(error);
    return kind;
  }
  int32_t make(nacre_instance_t* instance) {
    nacre_val_t result{NACRE_I32, {}};
    EXPECT_EQ(nacre_instance_call(instance, "make", nullptr, 0, &result, 1), nullptr);
    return result.of.i32;
  }
  bool is_made(const std::string& below) {
    struct stat status;
    return stat((folder_ + below + "/made").c_str(), &status) == 0;
  }

  // Makes three instances of module_, with the store's rights, a part of them, and none, and calls
  // each.
  void expect_own_rights() {
    nacre_instance_t* all = nullptr;
    nacre_instance_t* part = nullptr;
    nacre_instance_t* none = nullptr;
    ASSERT_EQ(nacre_instance_new(store_, module_, NACRE_UNKNOWN_IMPORTS_DENY, &all), nullptr);
    ASSERT_EQ(child(nullptr, grants(folder_ + "/sub"), &part), -1);
    ASSERT_EQ(child(nullptr, grants(""), &none), -1);
    EXPECT_EQ(make(none), kBadDescriptor);
    EXPECT_EQ(make(part), 0);
    EXPECT_TRUE(is_made("/sub"));
    EXPECT_FALSE(is_made(""));
    EXPECT_EQ(make(all), 0);
    EXPECT_TRUE(is_made(""));
  }

  std::string folder_ = "/tmp/nacre-children-XXXXXX";
  nacre_engine_t* engine_ = nullptr;
  nacre_module_t* module_ = nullptr;
  nacre_store_t* store_ = nullptr;
};

TEST_F(ChildTest, EachHasItsOwn) {
  start(grants(folder_));
  expect_own_rights();
}

// What a function of WASI may do depends on who calls it, not on whose import it is: a module that
// gets hold of one through a table has its own rights there, and no others.
TEST_F(ChildTest, AFunctionActsForItsCaller) {
  start(grants(folder_));
  std::string text = R"((module
    (import "wasi_snapshot_preview1" "path_create_directory"
      (func $make (param i32 i32 i32) (result i32)))
    (table (export "t") 1 funcref) (elem (i32.const 0) $make)))";
  nacre_module_t* giving = nullptr;
  ASSERT_EQ(nacre_module_new(engine_, text.data(), text.size(), &giving), nullptr);
  nacre_instance_t* program = nullptr;
  ASSERT_EQ(nacre_instance_new(store_, giving, NACRE_UNKNOWN_IMPORTS_DENY, &program), nullptr);
  ASSERT_EQ(nacre_store_define_instance(store_, "program", program), nullptr);
  nacre_module_delete(module_);
  text = R"((module
    (type $make (func (param i32 i32 i32) (result i32)))
    (import "program" "t" (table 1 funcref))
    (memory (export "memory") 1) (data (i32.const 8) "made")
    (func (export "make") (result i32)
      (call_indirect (type $make) (i32.const 3) (i32.const 8) (i32.const 4) (i32.const 0)))))";
  ASSERT_EQ(nacre_module_new(engine_, text.data(), text.size(), &module_), nullptr);
  expect_own_rights();
  nacre_module_delete(giving);
}

TEST_F(ChildTest, GivesOnNoMoreThanItHas) {
  start(grants(folder_));
  nacre_instance_t* reader = nullptr;
  nacre_instance_t* part = nullptr;
  nacre_instance_t* other = nullptr;
  ASSERT_EQ(child(nullptr, grants(folder_ + ":ro"), &reader), -1);
  ASSERT_EQ(child(nullptr, grants(folder_ + "/sub"), &part), -1);
  EXPECT_EQ(make(reader), kNotPermitted);
  EXPECT_EQ(child(reader, grants(folder_ + "/sub"), &other), NACRE_ERROR_DENIED);
  EXPECT_EQ(child(part, grants(folder_), &other), NACRE_ERROR_DENIED);
  ASSERT_EQ(child(reader, grants(folder_ + "/sub:ro"), &other), -1);
  EXPECT_EQ(make(other), kNotPermitted);
  ASSERT_EQ(child(part, grants(folder_ + "/sub"), &other), -1);
  EXPECT_EQ(make(other), 0);
}

TEST_F(ChildTest, NothingCannotBeGivenOn) {
  start(nullptr);
  nacre_instance_t* out = nullptr;
  EXPECT_EQ(child(nullptr, grants(""), &out), NACRE_ERROR_DENIED);
  EXPECT_EQ(out, nullptr);
}

TEST_F(ChildTest, WhatIsAProgramsIsRefused) {
  start(grants(folder_));
  for (const char* kind : {"ask", "remember", "lockdown"}) {
    nacre_grants_t* wrong = grants("");
    ASSERT_EQ(nacre_grants_add(wrong, kind, nullptr), nullptr);
    nacre_instance_t* out = nullptr;
    EXPECT_EQ(child(nullptr, wrong, &out), NACRE_ERROR_USAGE) << kind;
  }
}

TEST_F(ChildTest, AParentOfAnotherStoreIsRefused) {
  start(grants(folder_));
  nacre_store_t* first = store_;
  nacre_instance_t* instance = nullptr;
  ASSERT_EQ(nacre_instance_new(store_, module_, NACRE_UNKNOWN_IMPORTS_DENY, &instance), nullptr);
  start(grants(folder_));
  nacre_instance_t* out = nullptr;
  EXPECT_EQ(child(instance, grants(""), &out), NACRE_ERROR_USAGE);
  nacre_store_delete(first);
}

}  // namespace
}  // namespace nacre::api
