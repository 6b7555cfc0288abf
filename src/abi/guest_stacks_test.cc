#include "abi/guest_stacks.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "os/synchronize.h"

namespace nacre::abi {
namespace {

struct GuestStacksTest : ::testing::Test {
  struct Stack {
    ExecContext exec;
    std::array<uintptr_t, 64> words{};
    Stack() {
      exec.stack_begin = exec.downwards_end = exec.stack_top =
          reinterpret_cast<uint8_t*>(words.data());
      exec.stack_end = exec.upwards_end = exec.frame_top =
          reinterpret_cast<uint8_t*>(words.data() + words.size());
    }
    void park(size_t word) {
      exec.suspension.resume_point = &words[word];
      exec.stack_use.enter();
      exec.stack_use.park();
      exec.stack_use.leave();
    }
  };

  std::array<uint8_t, 96> code{};  // of three functions
  std::vector<OldCode> old = {{.begin = &code[0], .end = &code[32]},
                              {.begin = &code[32], .end = &code[64]},
                              {.begin = &code[64], .end = code.data() + code.size()}};
  GuestStacks stacks;
  Stack one, two;

  void SetUp() override {
    stacks.add(one.exec);
    stacks.add(two.exec);
    if (!os::synchronize_threads()) GTEST_SKIP() << "the system does not synchronize threads";
  }
  void TearDown() override {
    stacks.remove(one.exec);
    stacks.remove(two.exec);
  }
  std::string look(const ExecContext* own = nullptr) {
    EXPECT_TRUE(stacks.look_for(old, own));
    std::string used;
    for (const OldCode& item : old) used += item.is_unused() ? '-' : 'u';
    return used;
  }
  uintptr_t address(size_t offset) const {
    return reinterpret_cast<uintptr_t>(code.data()) + offset;
  }
};

TEST_F(GuestStacksTest, NothingIsUnusedBeforeItWasLookedFor) {
  EXPECT_FALSE(old[0].is_unused());
  EXPECT_EQ(look(), "---");
}

TEST_F(GuestStacksTest, WhatWasLeftOnAStackThatNobodyUsesLeadsNowhere) {
  one.words.fill(address(8));
  EXPECT_EQ(look(), "---");
}

TEST_F(GuestStacksTest, ParkedFramesAreThoseFromWhereTheGuestGoesOn) {
  one.words[9] = address(8);
  one.words[10] = address(40);
  one.park(10);
  EXPECT_EQ(look(), "-u-");
  one.exec.stack_use.enter();
  EXPECT_EQ(look(), "-u-") << "where it is now is not known";
  one.exec.stack_use.unpark();
  one.exec.stack_use.leave();
  EXPECT_EQ(look(), "---");
}

// A call may be the last instruction.
TEST_F(GuestStacksTest, TheEndOfCodeIsAnAddressOfIt) {
  one.words[63] = address(96);
  one.park(0);
  EXPECT_EQ(look(), "--u");
  one.words[63] = address(32);
  old[0].looked_for = old[1].looked_for = false;
  EXPECT_EQ(look(), "uu-");
}

TEST_F(GuestStacksTest, OfAGuestThatRunsElsewhereNothingIsKnown) {
  two.words[20] = address(0);
  two.exec.frame_top = reinterpret_cast<uint8_t*>(&two.words[20]);
  two.exec.stack_use.enter();
  EXPECT_EQ(look(), "uuu");
  EXPECT_EQ(look(&two.exec), "u--");
  // It left and came back: what is not led into then never is again.
  two.exec.stack_use.leave();
  two.exec.stack_use.enter();
  EXPECT_EQ(look(), "u--");
  two.exec.stack_use.leave();
  EXPECT_EQ(look(), "---");
}

TEST_F(GuestStacksTest, StacksAreSeenToBeLeftOneAfterTheOther) {
  one.exec.stack_use.enter();
  two.exec.stack_use.enter();
  EXPECT_EQ(look(), "uuu");
  one.exec.stack_use.leave();
  EXPECT_EQ(look(), "uuu");
  one.exec.stack_use.enter();
  two.exec.stack_use.leave();
  EXPECT_EQ(look(), "---");
  one.exec.stack_use.leave();
}

TEST_F(GuestStacksTest, AStackThatIsGoneLeadsNowhere) {
  auto third = std::make_unique<Stack>();
  stacks.add(third->exec);
  third->words[5] = address(70);
  third->park(5);
  EXPECT_EQ(look(), "--u");
  stacks.remove(third->exec);
  third = nullptr;
  EXPECT_EQ(look(), "---");
}

}  // namespace
}  // namespace nacre::abi
