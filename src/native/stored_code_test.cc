#include "native/stored_code.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace nacre::native {
namespace {

constexpr std::string_view kCompiler = "a compiler, with settings";

struct StoredCodeTest : ::testing::Test {
  std::vector<uint8_t> source = {0, 'a', 's', 'm', 1, 0, 0, 0};
  wasm::Module module;
  std::vector<uint8_t> stored;

  StoredCodeTest() {
    module.bytes = source;
    module.imported_functions = 1;
    module.functions.resize(4);
    module.bodies.resize(3);
    module.types.resize(2);
    CodeImage image;
    EXPECT_TRUE(image.code.reserve(64));
    for (uint8_t i = 0; i < 64; ++i) image.code.data()[i] = i;
    image.code.set_size(64);
    image.relocations = {{Relocation::Kind::function_slot, 4, 3},
                         {Relocation::Kind::type_id, 60, 1}};
    image.sites = {{8, 100, CodeSite::Kind::call}, {64, 200, CodeSite::Kind::access}};
    image.frame = {.pushed = 1, .linked = 4, .whole = 6, .undone = {{30, 31}, {40, 50}}};
    StoredCodeWriter writer(module, kCompiler);
    writer.add(1, image);
    image.code.set_size(0);
    image.clear();
    writer.add(3, image);
    stored = writer.take();
  }

  Result<StoredCodeReader> open(Bytes bytes) const {
    return StoredCodeReader::open(bytes, module, kCompiler);
  }
  // Whether all of it can be read.
  bool reads(Bytes bytes) const {
    auto reader = open(bytes);
    if (!reader) return false;
    CodeImage image;
    while (!reader->at_end()) {
      if (!reader->next(image)) return false;
    }
    return true;
  }
};

TEST_F(StoredCodeTest, WhatIsReadIsWhatWasWritten) {
  auto reader = open(stored).value();
  CodeImage image;
  ASSERT_EQ(reader.next(image).value(), 1u);
  ASSERT_EQ(image.code.size(), 64u);
  for (uint8_t i = 0; i < 64; ++i) EXPECT_EQ(image.code.data()[i], i);
  ASSERT_EQ(image.relocations.size(), 2u);
  EXPECT_EQ(image.relocations[1].offset, 60u);
  EXPECT_EQ(image.relocations[1].kind, Relocation::Kind::type_id);
  EXPECT_EQ(image.relocations[1].index, 1u);
  ASSERT_EQ(image.sites.size(), 2u);
  EXPECT_EQ(image.sites[1].body, 200u);
  EXPECT_EQ(image.sites[1].kind, CodeSite::Kind::access);
  EXPECT_EQ(image.frame.at(5), FrameState::linked);
  EXPECT_EQ(image.frame.at(45), FrameState::none);
  EXPECT_FALSE(reader.at_end());
  ASSERT_EQ(reader.next(image).value(), 3u);
  EXPECT_EQ(image.code.size(), 0u);
  EXPECT_TRUE(image.sites.empty());
  EXPECT_TRUE(reader.at_end());
}

TEST_F(StoredCodeTest, CodeOfAnotherModuleOrCompilerIsRefused) {
  auto other_compiler = StoredCodeReader::open(stored, module, "another compiler");
  ASSERT_FALSE(other_compiler);
  EXPECT_EQ(other_compiler.error().code(), ErrorCode::unsupported);
  source[4] = 2;
  ASSERT_FALSE(open(stored));
  EXPECT_EQ(open(stored).error().code(), ErrorCode::unsupported);
}

TEST_F(StoredCodeTest, WhatIsCutOffAnywhereIsRefused) {
  size_t whole_functions = 0;
  for (size_t size = 0; size < stored.size(); ++size) {
    if (reads(Bytes(stored).first(size))) ++whole_functions;
  }
  EXPECT_EQ(whole_functions, 2u);  // none, and one
}

TEST_F(StoredCodeTest, NumbersThatLeadOutsideAreRefused) {
  size_t header = stored.size() - 24 - (24 + 64 + 2 * 8 + 2 * 8 + 2 * 8);
  auto reads_with = [&](size_t offset, uint32_t value) {
    std::vector<uint8_t> changed = stored;
    store_le(changed.data() + header + offset, value);
    return reads(changed);
  };
  size_t relocations = 24 + 64, sites = relocations + 16, undone = sites + 16;
  EXPECT_TRUE(reads_with(0, 1));
  EXPECT_TRUE(reads_with(0, 2));
  EXPECT_FALSE(reads_with(0, 0));             // imported
  EXPECT_FALSE(reads_with(0, 3));             // the next one is not behind it
  EXPECT_FALSE(reads_with(0, 4));             // there is none
  EXPECT_FALSE(reads_with(4, ~uint32_t{0}));  // more code than bytes
  EXPECT_FALSE(reads_with(8, ~uint32_t{0}));
  EXPECT_TRUE(reads_with(relocations, 0));
  EXPECT_FALSE(reads_with(relocations, 61));
  EXPECT_FALSE(reads_with(relocations + 4, 0));            // the slot of an imported function
  EXPECT_FALSE(reads_with(relocations + 4, 4 << 4));       // of none
  EXPECT_FALSE(reads_with(relocations + 4, 3 << 4 | 2));   // a place in the space
  EXPECT_FALSE(reads_with(relocations + 4, 0 << 4 | 3));   // a function of this program
  EXPECT_FALSE(reads_with(relocations + 12, 2 << 4 | 1));  // a type that is not there
  EXPECT_FALSE(reads_with(sites, 65));                     // sites out of order
  EXPECT_FALSE(reads_with(sites + 8, 65));                 // behind the code
  EXPECT_FALSE(reads_with(undone, 32));
  EXPECT_FALSE(reads_with(undone + 12, 65));
  EXPECT_FALSE(reads_with(20, 7));  // pushed behind linked
}

TEST_F(StoredCodeTest, RandomChangesNeverReadOutside) {
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> changed = stored;
    for (int n = 0; n < 3; ++n) changed[random() % changed.size()] = static_cast<uint8_t>(random());
    // An allocation of its own, so that a checked build sees what is read behind it.
    static_cast<void>(reads(changed));
  }
}

}  // namespace
}  // namespace nacre::native
