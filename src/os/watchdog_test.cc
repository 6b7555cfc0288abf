#include "os/watchdog.h"

#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

namespace nacre::os {
namespace {

using namespace std::chrono_literals;

constexpr Watch::Reasons kReasons = {.time = 3, .cpu_time = 4, .interrupted = 5};
constexpr uint64_t kMs = 1'000'000;

// What a tier would run: it looks at the word, and ends.
uint32_t spin(Interruptible& target) {
  uint32_t reason;
  do {
    reason = target.stop.load(std::memory_order_relaxed);
  } while (reason == 0);
  return reason;
}

class WatchdogTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Watchdog::create();
    ASSERT_TRUE(made) << made.error().to_string();
    watchdog_ = *made;
    allow_interrupts();
  }
  std::shared_ptr<Watchdog> watchdog_;
};

TEST_F(WatchdogTest, SaysWhichTimeIsOver) {
  Interruptible target;
  Watch watch(watchdog_, target, kReasons);
  Running running(target);
  watch.set_time_left(5 * kMs);
  EXPECT_EQ(watch.begin(), 0u);
  EXPECT_EQ(spin(target), kReasons.time);
  watch.end();
  EXPECT_EQ(watch.begin(), kReasons.time) << "nothing is left";
  watch.end();
  watch.set_time_left(std::nullopt);
  watch.set_cpu_time_left(5 * kMs);
  EXPECT_EQ(watch.begin(), 0u);
  EXPECT_EQ(spin(target), kReasons.cpu_time);
  watch.end();
  EXPECT_EQ(watch.begin(), kReasons.cpu_time);
  watch.end();
}

TEST_F(WatchdogTest, EndsSystemCalls) {
  Interruptible target;
  Watch watch(watchdog_, target, kReasons);
  Running running(target);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  watch.set_time_left(10 * kMs);
  ASSERT_EQ(watch.begin(), 0u);
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), -1);
  EXPECT_EQ(errno, EINTR);
  EXPECT_TRUE(stop_requested());
  watch.end();
  EXPECT_FALSE(stop_requested());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(WatchdogTest, TimePassesOnlyBetweenBeginAndEnd) {
  Interruptible target;
  Watch watch(watchdog_, target, kReasons);
  Running running(target);
  watch.set_time_left(200 * kMs);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(watch.begin(), 0u);
    watch.end();
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(watch.begin(), 0u);
  {
    PauseTime thinking;
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_FALSE(stop_requested());
  watch.end();
}

TEST_F(WatchdogTest, TimePassesForWhoWaits) {
  Interruptible first, second;
  Watch watch(watchdog_, first, kReasons);
  watch.set_time_left(500'000'000);
  watch.set_cpu_time_left(10'000'000'000);
  EXPECT_EQ(watch.begin(), 0u);
  EXPECT_FALSE(watch.deadline());
  watch.wait();
  std::optional<uint64_t> deadline = watch.deadline();
  ASSERT_TRUE(deadline);
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(watch.deadline(), deadline);
  // Others use up some of it meanwhile, elsewhere.
  watch.set_target(second);
  EXPECT_EQ(first.watch, nullptr);
  EXPECT_EQ(watch.begin(), 0u);
  watch.wait();
  EXPECT_LE(*watch.deadline(), *deadline + 1'000'000);  // it is one stretch of time
  watch.stop_waiting();
  EXPECT_FALSE(watch.deadline());
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(watch.begin(), 0u);  // it was not waiting
  watch.wait();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(second.stop.load(), 0u);  // nothing is interrupted that does not run
  EXPECT_EQ(watch.begin(), kReasons.time);
  watch.end();
}

TEST_F(WatchdogTest, InterruptsWhoRunsOrRunsNext) {
  Interruptible target;
  Watch watch(watchdog_, target, kReasons);
  Running running(target);
  std::thread other([&] {
    std::this_thread::sleep_for(5ms);
    watch.interrupt();
  });
  EXPECT_EQ(watch.begin(), 0u);
  EXPECT_EQ(spin(target), kReasons.interrupted);
  other.join();
  watch.note_stopped(kReasons.interrupted);
  watch.end();
  EXPECT_EQ(watch.begin(), 0u);
  watch.end();
  watch.interrupt();
  EXPECT_EQ(watch.begin(), kReasons.interrupted);
  watch.note_stopped(kReasons.interrupted);
  watch.end();
}

TEST_F(WatchdogTest, DeadlinesBeyondTheClockNeverCome) {
  Interruptible target;
  Watch watch(watchdog_, target, kReasons);
  Running running(target);
  watch.set_time_left(UINT64_MAX);
  watch.set_cpu_time_left(UINT64_MAX - 1);
  EXPECT_EQ(watch.begin(), 0u);
  std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(stop_requested());
  watch.end();
}

// Earlier ones come while it sleeps for later ones; threads come and go.
TEST_F(WatchdogTest, LosesNoDeadline) {
  constexpr int kThreads = 6;
  constexpr int kRounds = 40;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i] {
      allow_interrupts();
      for (int k = 0; k < kRounds; ++k) {
        Interruptible target;
        Watch watch(watchdog_, target, kReasons);
        Running running(target);
        watch.set_time_left(static_cast<uint64_t>((i * 7 + k * 3) % 5) * kMs / 2 + 1);
        if (watch.begin() == 0) {
          EXPECT_EQ(spin(target), kReasons.time);
        }
        watch.end();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(WatchdogTest, ShortTurnsOfManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      allow_interrupts();
      Interruptible target;
      Watch watch(watchdog_, target, kReasons);
      for (int k = 0; k < 2000; ++k) {
        Running running(target);
        watch.set_time_left(1000 * kMs);
        EXPECT_EQ(watch.begin(), 0u);
        watch.end();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace nacre::os
