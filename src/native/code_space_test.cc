#include "native/code_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "os/synchronize.h"

namespace nacre::native {
namespace {

constexpr uint32_t kFirst = 3;  // functions of the module in front of these are imported

struct CodeSpaceTest : ::testing::Test {
  std::vector<wasm::CanonTypeId> types = {static_cast<wasm::CanonTypeId>(70),
                                          static_cast<wasm::CanonTypeId>(0x01020304)};
  std::unique_ptr<CodeSpace> space = CodeSpace::create({.first_function = kFirst,
                                                        .slots = 4,
                                                        .code_bytes = 1 << 20,
                                                        .least_code_bytes = 1 << 20,
                                                        .type_ids = types})
                                         .value();

  static CodeImage image_of(uint32_t bytes) {
    CodeImage image;
    EXPECT_TRUE(image.code.reserve(bytes));
    std::memset(image.code.data(), 0x90, bytes);
    image.code.set_size(bytes);
    return image;
  }
  // The slot of a function, as code sees it that calls through a distance at `at`.
  static const uint8_t* target(const uint8_t* at) {
    const uint8_t* slot = at + 4 + load_le<int32_t>(at);
    const uint8_t* entry;
    std::memcpy(static_cast<void*>(&entry), slot, sizeof entry);
    return entry;
  }
};

TEST_F(CodeSpaceTest, ACallLeadsToAThunkUntilTheFunctionIsPublished) {
  CodeImage caller = image_of(32);
  caller.relocations.emplace_back(Relocation::Kind::function_slot, 8, kFirst + 2);
  Bytes code = space->publish(caller, kFirst).value();
  const uint8_t* thunk = target(code.data() + 8);
  ASSERT_NE(thunk, nullptr);
  EXPECT_TRUE(thunk >= code.data() + code.size() && thunk < space->end());

  Bytes callee = space->publish(image_of(16), kFirst + 2).value();
  space->lead_to(kFirst + 2, callee.data());
  EXPECT_EQ(target(code.data() + 8), callee.data());
}

TEST_F(CodeSpaceTest, TypeIdsAreThoseOfTheEngine) {
  CodeImage image = image_of(32);
  image.relocations.emplace_back(Relocation::Kind::type_id, 5, 1);
  Bytes code = space->publish(image, kFirst).value();
  EXPECT_EQ(load_le<uint32_t>(code.data() + 5), 0x01020304u);
  EXPECT_EQ(code[4], 0x90);
  EXPECT_EQ(code[9], 0x90);
}

TEST_F(CodeSpaceTest, WhatIsPublishedIsNeverWrittenAgain) {
  CodeImage image = image_of(40);
  Bytes first = space->publish(image, kFirst).value();
  std::vector<uint8_t> before(first.begin(), first.end());
  std::memset(image.code.data(), 0xCC, 40);
  Bytes second = space->publish(image, kFirst + 1).value();
  EXPECT_GE(second.data(), first.data() + first.size());
  EXPECT_TRUE(std::equal(before.begin(), before.end(), first.begin()));
}

TEST_F(CodeSpaceTest, SitesAreFoundByAddress) {
  CodeImage image = image_of(64);
  image.frame = {.pushed = 1, .linked = 4, .whole = 6, .undone = {{40, 41}, {50, 56}}};
  image.sites = {{10, 100, CodeSite::Kind::call},
                 {20, 200, CodeSite::Kind::call},
                 {20, 300, CodeSite::Kind::access}};
  space->publish(image_of(16), kFirst + 1).value();
  Bytes code = space->publish(image, kFirst + 3).value();
  EXPECT_EQ(CodeSpace::containing(code.data()), space.get());
  EXPECT_EQ(CodeSpace::containing(space->end()), nullptr);

  auto call = space->find(code.data() + 20, CodeSite::Kind::call);
  auto access = space->find(code.data() + 20, CodeSite::Kind::access);
  ASSERT_TRUE(call && access);
  EXPECT_EQ(call->function, kFirst + 3);
  EXPECT_EQ(call->body_offset, 200u);
  EXPECT_EQ(access->body_offset, 300u);
  EXPECT_FALSE(space->find(code.data() + 10, CodeSite::Kind::access));
  EXPECT_FALSE(space->find(code.data() + 11, CodeSite::Kind::call));

  auto state = [&](uint32_t offset) { return space->find_interrupted(code.data() + offset).frame; };
  EXPECT_EQ(state(0), FrameState::none);
  EXPECT_EQ(state(1), FrameState::pushed);
  EXPECT_EQ(state(4), FrameState::linked);
  EXPECT_EQ(state(6), FrameState::whole);
  EXPECT_EQ(state(39), FrameState::whole);
  EXPECT_EQ(state(40), FrameState::none);
  EXPECT_EQ(state(41), FrameState::whole);
  EXPECT_EQ(state(55), FrameState::none);
  EXPECT_EQ(state(56), FrameState::whole);
  EXPECT_EQ(space->find_interrupted(code.data() + 45).place->body_offset, 300u);
}

TEST_F(CodeSpaceTest, CodeThatDoesNotFitIsRefused) {
  CodeImage image = image_of((1 << 19) + 8192);
  ASSERT_TRUE(space->publish(image, kFirst));
  auto second = space->publish(image, kFirst + 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::limit);
}

TEST_F(CodeSpaceTest, RetiredCodeIsFoundUntilNoStackLeadsIntoItAndThenUsedAgain) {
  if (!os::synchronize_threads()) GTEST_SKIP() << "the system does not synchronize threads";
  abi::GuestStacks stacks;
  uintptr_t words[8] = {};
  abi::ExecContext stack;
  stack.downwards_end = reinterpret_cast<uint8_t*>(words);
  stack.stack_end = stack.frame_top = reinterpret_cast<uint8_t*>(words + 8);
  stacks.add(stack);
  CodeImage image = image_of(40);
  image.sites = {{20, 200, CodeSite::Kind::call}};
  Bytes old = space->publish(image, kFirst).value();
  Bytes other = space->publish(image_of(16), kFirst + 1).value();
  words[6] = reinterpret_cast<uintptr_t>(old.data() + 20);
  stack.suspension.resume_point = &words[2];
  stack.stack_use.enter();
  stack.stack_use.park();
  stack.stack_use.leave();

  Bytes current = space->publish(image_of(40), kFirst).value();
  space->retire(old.data());
  EXPECT_EQ(space->retired_bytes(), 40u);
  EXPECT_TRUE(space->free_unused(stacks, nullptr).empty());
  EXPECT_EQ(space->find(old.data() + 20, CodeSite::Kind::call)->body_offset, 200u);

  stack.stack_use.enter();
  stack.stack_use.unpark();
  stack.stack_use.leave();
  std::vector<Bytes> freed = space->free_unused(stacks, nullptr);
  ASSERT_EQ(freed.size(), 1u);
  EXPECT_EQ(freed[0].data(), old.data());
  EXPECT_EQ(space->retired_bytes(), 0u);
  EXPECT_FALSE(space->find(old.data() + 20, CodeSite::Kind::call));
  EXPECT_FALSE(space->find_interrupted(old.data() + 20).place);
  EXPECT_EQ(space->find_interrupted(other.data()).place->function, kFirst + 1);
  EXPECT_EQ(space->find_interrupted(current.data()).place->function, kFirst);

  // 40 bytes take 48, of which a function of 16 leaves 32.
  uint64_t before = space->code_bytes();
  Bytes first = space->publish(image_of(16), kFirst + 2).value();
  Bytes second = space->publish(image_of(30), kFirst + 3).value();
  EXPECT_EQ(first.data(), old.data());
  EXPECT_EQ(second.data(), old.data() + 16);
  EXPECT_EQ(space->code_bytes(), before);
  EXPECT_EQ(space->find_interrupted(first.data()).place->function, kFirst + 2);
  EXPECT_EQ(space->find_interrupted(second.data()).place->function, kFirst + 3);
  EXPECT_GT(space->publish(image_of(16), kFirst).value().data(), current.data());
  stacks.remove(stack);
}

TEST_F(CodeSpaceTest, ASpaceIsNoOwnerOnceItIsGone) {
  const uint8_t* begin = space->begin();
  ASSERT_NE(CodeSpace::containing(begin), nullptr);
  space.reset();
  EXPECT_EQ(CodeSpace::containing(begin), nullptr);
}

}  // namespace
}  // namespace nacre::native
