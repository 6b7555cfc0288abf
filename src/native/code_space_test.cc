#include "native/code_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

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

TEST_F(CodeSpaceTest, ASpaceIsNoOwnerOnceItIsGone) {
  const uint8_t* begin = space->begin();
  ASSERT_NE(CodeSpace::containing(begin), nullptr);
  space.reset();
  EXPECT_EQ(CodeSpace::containing(begin), nullptr);
}

}  // namespace
}  // namespace nacre::native
