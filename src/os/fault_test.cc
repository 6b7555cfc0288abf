#include "os/fault.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstring>
#include <thread>
#include <vector>

#include "os/memory.h"

namespace nacre::os {
namespace {

class FaultTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(install_fault_handler());
    ensure_signal_stack();
    auto memory = Reservation::reserve(4 * page_bytes());
    ASSERT_TRUE(memory);
    memory_ = std::move(*memory);
    ASSERT_TRUE(memory_.commit(0, page_bytes()));
    range_ = FaultRange(memory_.data(), memory_.size_bytes());
    ASSERT_TRUE(range_.ok());
  }
  uint8_t* end() { return memory_.data() + page_bytes(); }

  Reservation memory_;
  FaultRange range_;
};

template <class T>
void check_width(uint8_t* end) {
  T pattern;
  std::memset(&pattern, 0xA5, sizeof pattern);
  T read{};
  // The last place where it fits, misaligned ones too.
  EXPECT_TRUE(guarded_store(end - sizeof(T), pattern));
  EXPECT_TRUE(guarded_load(end - sizeof(T), read));
  EXPECT_EQ(std::memcmp(&read, &pattern, sizeof(T)), 0);
  std::memset(end - 16, 0, 16);
  for (size_t past = 1; past <= sizeof(T); ++past) {
    EXPECT_FALSE(guarded_load(end - sizeof(T) + past, read));
    EXPECT_FALSE(guarded_store(end - sizeof(T) + past, pattern));
  }
  for (size_t i = 1; i <= 16; ++i) EXPECT_EQ(end[-static_cast<ptrdiff_t>(i)], 0);
  EXPECT_FALSE(guarded_load(end + 2 * page_bytes(), read));
}

TEST_F(FaultTest, EveryWidthLandsAtTheEndOfMemory) {
  check_width<uint8_t>(end());
  check_width<uint16_t>(end());
  check_width<uint32_t>(end());
  check_width<uint64_t>(end());
  check_width<Bytes16>(end());
}

TEST_F(FaultTest, SmallLoadsAreZeroExtended) {
  end()[-1] = 0xFF;
  uint8_t byte = 0;
  ASSERT_TRUE(guarded_load(end() - 1, byte));
  EXPECT_EQ(uint32_t{byte}, 0xFFu);
}

TEST_F(FaultTest, KeepsLocalsAndFaultsManyTimes) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    uint32_t value = 0;
    if (!guarded_load(end() + i, value)) sum += i;
  }
  EXPECT_EQ(sum, 999u * 1000 / 2);
}

TEST_F(FaultTest, WorksInOtherThreadsAndAcrossManyRanges) {
  std::vector<FaultRange> others;
  std::vector<Reservation> memories;
  for (int i = 0; i < 300; ++i) {
    memories.push_back(*Reservation::reserve(page_bytes()));
    others.emplace_back(memories.back().data(), page_bytes());
  }
  std::vector<std::thread> threads;
  std::atomic<int> faults{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ensure_signal_stack();
      for (const Reservation& memory : memories) {
        uint64_t value = 0;
        if (!guarded_load(memory.data(), value)) ++faults;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 4 * 300);
}

using FaultDeathTest = FaultTest;

// Sanitizers report such faults in their own words; their handler is the former one.
constexpr const char* kDeath =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "SEGV";
#else
    "not an access to guest memory";
#endif

TEST_F(FaultDeathTest, AGuardedAccessOutsideEveryRangeDies) {
  auto other = Reservation::reserve(page_bytes());
  ASSERT_TRUE(other);
  uint32_t value = 0;
  EXPECT_DEATH((void)guarded_load(other->data(), value), kDeath);
  range_ = FaultRange();
  EXPECT_DEATH((void)guarded_load(end(), value), kDeath);
}

TEST_F(FaultDeathTest, AnotherInstructionInsideARangeDies) {
  EXPECT_DEATH(*static_cast<volatile uint8_t*>(end()) = 1, kDeath);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(FaultDeathTest, ASentSignalKills) {
  EXPECT_EXIT(::raise(SIGSEGV), testing::KilledBySignal(SIGSEGV), "segmentation fault");
}

TEST(FaultChain, PassesOnToTheFormerHandler) {
  auto child = [] {
    struct sigaction action = {};
    action.sa_handler = [](int) { ::_exit(7); };
    ::sigaction(SIGSEGV, &action, nullptr);
    if (!install_fault_handler()) ::_exit(1);
    *static_cast<volatile uint8_t*>(nullptr) = 1;
  };
  // In a child of its own: this process may have installed the handler already.
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(child(), testing::ExitedWithCode(7), "");
  testing::FLAGS_gtest_death_test_style = "fast";
}
#endif

}  // namespace
}  // namespace nacre::os
