#include "os/code_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace nacre::os {
namespace {

// What the system says of the mapping that an address is in: its protection, and whose it is.
struct Mapping {
  std::string protection;  // "rw-s"
  std::string file;
};

Mapping mapping_of(const void* address) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    uint64_t begin = 0, end = 0;
    char dash = 0;
    Mapping mapping;
    std::string offset, device, node;
    std::istringstream fields(line);
    fields >> std::hex >> begin >> dash >> end >> mapping.protection >> offset >> device >> node;
    std::getline(fields >> std::ws, mapping.file);
    auto wanted = reinterpret_cast<uintptr_t>(address);
    if (begin <= wanted && wanted < end) return mapping;
  }
  return {};
}

class CodeMemoryTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Debuggers, CodeMemoryTest, testing::Bool());

TEST_P(CodeMemoryTest, HasTwoViewsOfTheSameBytes) {
  auto memory = CodeMemory::create(100'000, GetParam());
  ASSERT_TRUE(memory) << memory.error().to_string();
  EXPECT_GE(memory->size_bytes(), 100'000u);
  EXPECT_EQ(memory->executable()[99'999], 0);
  memory->populate(0, 4096);
  std::memcpy(memory->writable() + 99'990, "code", 4);
  const uint8_t* seen = memory->executable_of(memory->writable() + 99'990);
  EXPECT_EQ(std::memcmp(seen, "code", 4), 0);
}

TEST_P(CodeMemoryTest, IsNeverWritableAndExecutable) {
  auto memory = CodeMemory::create(1 << 16, GetParam());
  ASSERT_TRUE(memory);
  EXPECT_EQ(mapping_of(memory->writable()).protection, "rw-s");
  EXPECT_EQ(mapping_of(memory->executable()).protection, GetParam() ? "r-xp" : "r-xs");
  EXPECT_EQ(mapping_of(memory->executable() + memory->size_bytes() - 1).protection.substr(0, 3),
            "r-x");
}

TEST_P(CodeMemoryTest, IsUnmappedAndPaidBack) {
  AddressSpaceBudget budget(1 << 20);
  const uint8_t* executable = nullptr;
  {
    auto memory = CodeMemory::create(1 << 16, GetParam(), {.budget = &budget});
    ASSERT_TRUE(memory);
    executable = memory->executable();
    EXPECT_EQ(budget.used_bytes(), uint64_t{2} << 16);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_EQ(mapping_of(executable).protection, "");
  EXPECT_EQ(CodeMemory::create(1 << 20, GetParam(), {.budget = &budget}).error().code(),
            ErrorCode::out_of_memory);
}

// perf takes these two for memory that is not a file's, and looks for names in its map.
TEST(CodeMemory, IsAnonymousForProfilers) {
  auto memory = CodeMemory::create(1 << 16);
  ASSERT_TRUE(memory);
  std::string file = mapping_of(memory->executable()).file;
  EXPECT_TRUE(file.starts_with("/dev/zero") || file.empty()) << file;
}

}  // namespace
}  // namespace nacre::os
