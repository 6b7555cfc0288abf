#include "os/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "os/clock.h"
#include "os/interrupt.h"
#include "os/poll.h"
#include "os/watchdog.h"

namespace nacre::os {
namespace {

constexpr uint64_t kMs = 1'000'000;

uint64_t now() { return *clock_now(ClockKind::monotonic); }

class Called final : public Waiter {
 public:
  explicit Called(std::function<void(Wake)> action) : action_(std::move(action)) {}

 private:
  void woken(Wake why) override { action_(why); }
  std::function<void(Wake)> action_;
};

// Counts, and says why it was last.
class Counter final : public Waiter {
 public:
  int count = 0;
  Wake why = Wake::ready;

 private:
  void woken(Wake reason) override {
    ++count;
    why = reason;
  }
};

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    read = OwnedFd(ends[0]);
    write = OwnedFd(ends[1]);
  }
  void put() const { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  void get() const {
    char byte;
    EXPECT_EQ(::read(read.get(), &byte, 1), 1);
  }
  void fill() const {
    std::vector<char> bytes(4096);
    while (::write(write.get(), bytes.data(), bytes.size()) > 0) {
    }
  }
  OwnedFd read;
  OwnedFd write;
};

class EventLoopTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = EventLoop::create();
    ASSERT_TRUE(made);
    loop_ = std::move(*made);
  }
  void wait_to_read(Waiter& waiter, int fd) {
    ASSERT_TRUE(loop_->wait(waiter, {.fd = fd, .want_read = true}));
  }
  std::unique_ptr<EventLoop> loop_;
};

TEST_F(EventLoopTest, WakesTenThousandInTheOrderOfTheirTimes) {
  constexpr size_t kCount = 10'000;
  std::vector<size_t> order(kCount);
  for (size_t i = 0; i < kCount; ++i) order[i] = i;
  std::ranges::shuffle(order, std::mt19937(1));
  uint64_t begin = now() + 20 * kMs;
  std::vector<size_t> woken;
  std::vector<std::unique_ptr<Called>> waiters;
  for (size_t i : order) {
    // Ten have the same time: they come in the order in which they began to wait.
    uint64_t time = begin + i / 10 * 20'000;
    waiters.push_back(std::make_unique<Called>([&woken, time, i](Wake why) {
      EXPECT_EQ(why, Wake::deadline);
      EXPECT_GE(now(), time);
      woken.push_back(i);
    }));
    ASSERT_TRUE(loop_->wait(*waiters.back(), {.deadline = time}));
  }
  // A third changes its mind.
  std::vector<size_t> expected;
  for (size_t i = 0; i < kCount; ++i) {
    if (i % 3 == 0) {
      waiters[i]->stop();
    } else {
      expected.push_back(order[i]);
    }
  }
  std::ranges::stable_sort(expected, {}, [](size_t i) { return i / 10; });
  EXPECT_EQ(loop_->next_deadline(), begin + *std::ranges::min_element(expected) / 10 * 20'000);
  while (loop_->next_deadline()) ASSERT_TRUE(loop_->run_once());
  EXPECT_EQ(woken, expected);
}

TEST_F(EventLoopTest, WakesWithinAMillisecondOfTheTime) {
  uint64_t best = UINT64_MAX;
  for (int i = 0; i < 20; ++i) {
    Counter waiter;
    uint64_t time = now() + 300'000;
    ASSERT_TRUE(loop_->wait(waiter, {.deadline = time}));
    ASSERT_TRUE(loop_->run_once());
    uint64_t after = now();
    EXPECT_EQ(waiter.count, 1);
    ASSERT_GE(after, time);
    best = std::min(best, after - time);
  }
  EXPECT_LT(best, kMs) << "milliseconds are not the finest there is";
}

TEST_F(EventLoopTest, WakesWhoWaitsForADescriptorOnce) {
  Pipe pipe;
  Counter reader;
  wait_to_read(reader, pipe.read.get());
  EXPECT_EQ(loop_->run_ready(), 0u);
  EXPECT_TRUE(reader.is_waiting());
  pipe.put();
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(reader.count, 1);
  EXPECT_EQ(reader.why, Wake::ready);
  EXPECT_FALSE(reader.is_waiting());
  EXPECT_EQ(loop_->run_ready(), 0u) << "there still is a byte, but nothing waits for it";
  wait_to_read(reader, pipe.read.get());
  EXPECT_EQ(loop_->run_ready(), 1u) << "what is there already counts as well";
  EXPECT_EQ(reader.count, 2);
}

TEST_F(EventLoopTest, ManyWaitForOneDescriptor) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  OwnedFd here(ends[0]);
  OwnedFd there(ends[1]);
  Counter first;
  Counter second;
  Counter writer;
  wait_to_read(first, here.get());
  wait_to_read(second, here.get());
  ASSERT_TRUE(loop_->wait(writer, {.fd = here.get(), .want_write = true}));
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(writer.count, 1);
  ASSERT_EQ(::write(there.get(), "x", 1), 1);
  EXPECT_EQ(loop_->run_ready(), 2u) << "the readers wait on";
  EXPECT_EQ(first.count, 1);
  EXPECT_EQ(second.count, 1);
}

TEST_F(EventLoopTest, TheEarlierOfDescriptorAndTime) {
  Pipe pipe;
  Counter waiter;
  ASSERT_TRUE(
      loop_->wait(waiter, {.fd = pipe.read.get(), .want_read = true, .deadline = now() + 2 * kMs}));
  ASSERT_TRUE(loop_->run_once());
  EXPECT_EQ(waiter.why, Wake::deadline);
  pipe.put();
  EXPECT_EQ(loop_->run_ready(), 0u) << "it was woken already";
  ASSERT_TRUE(loop_->wait(
      waiter, {.fd = pipe.read.get(), .want_read = true, .deadline = now() + 10'000 * kMs}));
  ASSERT_TRUE(loop_->run_once());
  EXPECT_EQ(waiter.why, Wake::ready);
  EXPECT_EQ(loop_->next_deadline(), std::nullopt) << "its time is forgotten as well";
  EXPECT_EQ(waiter.count, 2);
}

TEST_F(EventLoopTest, WhatClosesAtTheOtherEndIsReady) {
  Pipe pipe;
  Counter reader;
  wait_to_read(reader, pipe.read.get());
  pipe.write.reset();
  EXPECT_EQ(loop_->run_ready(), 1u);
  Pipe full;
  full.fill();
  Counter writer;
  ASSERT_TRUE(loop_->wait(writer, {.fd = full.write.get(), .want_write = true}));
  EXPECT_EQ(loop_->run_ready(), 0u);
  full.read.reset();
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(writer.count, 1);
}

TEST_F(EventLoopTest, NumbersOfDescriptorsAreUsedAgain) {
  // With and without a duplicate of the closed one, which keeps it registered with the kernel.
  for (bool has_copy : {false, true}) {
    auto old = std::make_unique<Pipe>();
    OwnedFd copy = has_copy ? *duplicate(old->read.get()) : OwnedFd();
    OwnedFd far = *duplicate(old->write.get());
    int number = old->read.get();
    Counter waiter;
    wait_to_read(waiter, number);
    waiter.stop();
    old = nullptr;
    Pipe next;
    ASSERT_EQ(next.read.get(), number) << "the lowest that is free";
    wait_to_read(waiter, number);
    if (has_copy) {
      ASSERT_EQ(::write(far.get(), "x", 1), 1);
      // At most once, and who looks sees that nothing is there.
      if (loop_->run_ready() != 0) wait_to_read(waiter, number);
      EXPECT_EQ(loop_->run_ready(), 0u);
    }
    int before = waiter.count;
    next.put();
    EXPECT_EQ(loop_->run_ready(), 1u);
    EXPECT_EQ(waiter.count, before + 1);
  }
}

TEST_F(EventLoopTest, WhatCannotBeWaitedFor) {
  Counter waiter;
  auto none = loop_->wait(waiter, {.fd = 1'000, .want_read = true});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), EBADF);
  EXPECT_FALSE(waiter.is_waiting());
  EXPECT_EQ(loop_->run_ready(), 0u);
  // A regular file is always ready.
  OwnedFd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  wait_to_read(waiter, file.get());
  EXPECT_EQ(loop_->next_deadline(), 0u);
  ASSERT_TRUE(loop_->run_once());
  EXPECT_EQ(waiter.count, 1);
}

TEST_F(EventLoopTest, WhoIsWokenMayDoAnything) {
  Pipe pipe;
  pipe.put();
  Counter stopped;
  auto gone = std::make_unique<Counter>();
  int again = 0;
  std::unique_ptr<Called> waiter;
  waiter = std::make_unique<Called>([&](Wake) {
    stopped.stop();
    gone = nullptr;
    if (++again < 3) {
      wait_to_read(*waiter, pipe.read.get());
    } else {
      waiter = nullptr;  // itself
    }
  });
  wait_to_read(*waiter, pipe.read.get());
  wait_to_read(stopped, pipe.read.get());
  wait_to_read(*gone, pipe.read.get());
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(stopped.count, 0);
  EXPECT_EQ(loop_->run_ready(), 1u) << "once in a turn";
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(waiter, nullptr);
  EXPECT_EQ(loop_->run_ready(), 0u);
}

TEST_F(EventLoopTest, ATimeThatIsOverKeepsNobodyElseWaiting) {
  Pipe pipe;
  pipe.put();
  Counter reader;
  int times = 0;
  std::unique_ptr<Called> greedy;
  greedy = std::make_unique<Called>([&](Wake) {
    ++times;
    ASSERT_TRUE(loop_->wait(*greedy, {.deadline = 0}));
  });
  ASSERT_TRUE(loop_->wait(*greedy, {.deadline = 0}));
  wait_to_read(reader, pipe.read.get());
  EXPECT_EQ(loop_->run_ready(), 2u);
  EXPECT_EQ(reader.count, 1);
  EXPECT_EQ(times, 1);
}

TEST_F(EventLoopTest, IsWokenByOtherThreads) {
  constexpr int kThreads = 8;
  constexpr int kEach = 2'000;
  std::vector<int> next(kThreads, 0);
  int done = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread, inbox = loop_->inbox()] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(inbox->post([&, thread, i] {
          EXPECT_EQ(next[static_cast<size_t>(thread)]++, i) << "in the order of sending";
          ++done;
        }));
      }
    });
  }
  while (done < kThreads * kEach) ASSERT_TRUE(loop_->run_once(now() + 10'000 * kMs));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loop_->run_ready(), 0u);
}

TEST_F(EventLoopTest, TasksMaySendTasks) {
  int done = 0;
  ASSERT_TRUE(loop_->inbox()->post([&] {
    ++done;
    ASSERT_TRUE(loop_->inbox()->post([&] { ++done; }));
  }));
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(done, 2);
}

TEST_F(EventLoopTest, AnInboxOutlivesItsLoop) {
  auto inbox = loop_->inbox();
  auto owned = std::make_shared<int>();
  EXPECT_TRUE(inbox->post([owned] { FAIL(); }));
  Counter waiter;
  ASSERT_TRUE(loop_->wait(waiter, {.deadline = 0}));
  Pipe pipe;
  Counter reader;
  wait_to_read(reader, pipe.read.get());
  loop_ = nullptr;
  EXPECT_EQ(owned.use_count(), 1) << "what was sent is dropped";
  EXPECT_FALSE(waiter.is_waiting());
  EXPECT_FALSE(reader.is_waiting());
  EXPECT_FALSE(inbox->post([] { FAIL(); }));
}

TEST_F(EventLoopTest, ItsDescriptorSaysWhenThereIsSomething) {
  auto readable = [&] {
    PollItem item{.fd = loop_->fd(), .want_read = true};
    return *poll_until(std::span(&item, 1), 0) == 1;
  };
  EXPECT_FALSE(readable());
  Pipe pipe;
  Counter waiter;
  wait_to_read(waiter, pipe.read.get());
  EXPECT_FALSE(readable());
  pipe.put();
  EXPECT_TRUE(readable());
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_FALSE(readable());
  EXPECT_TRUE(loop_->inbox()->post([] {}));
  EXPECT_TRUE(readable());
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_FALSE(readable());
}

TEST_F(EventLoopTest, EndsAtTheDeadlineOrWhenStopped) {
  uint64_t begin = now();
  EXPECT_EQ(loop_->run_once(begin + 3 * kMs), 0u);
  EXPECT_GE(now(), begin + 3 * kMs);
  auto watchdog = Watchdog::create();
  ASSERT_TRUE(watchdog);
  allow_interrupts();
  Interruptible target;
  Watch watch(*watchdog, target, {.time = 1, .cpu_time = 2, .interrupted = 3});
  Running running(target);
  watch.set_time_left(3 * kMs);
  ASSERT_EQ(watch.begin(), 0u);
  auto ended = loop_->run_once();
  watch.end();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error(), EINTR);
}

TEST(TimerHeapTest, HasAnOrderWhateverIsTakenOut) {
  std::mt19937 random(7);
  TimerHeap heap;
  struct Timer {
    uint64_t time = 0;
    uint64_t number = 0;
    size_t place = TimerHeap::kNone;
  };
  std::vector<Timer> timers(500);
  uint64_t number = 0;
  for (int step = 0; step < 20'000; ++step) {
    Timer& timer = timers[random() % timers.size()];
    if (timer.place == TimerHeap::kNone) {
      timer.time = random() % 50;
      timer.number = number++;
      heap.add(timer.time, &timer, &timer.place);
    } else {
      heap.remove(&timer.place);
    }
    auto is_in = [](const Timer& item) { return item.place != TimerHeap::kNone; };
    auto count = static_cast<size_t>(std::ranges::count_if(timers, is_in));
    ASSERT_EQ(heap.size(), count);
    if (count == 0 || step % 16 != 0) continue;
    const Timer* first = nullptr;
    for (const Timer& item : timers) {
      if (!is_in(item)) continue;
      bool earlier = first == nullptr ||
                     std::pair(item.time, item.number) < std::pair(first->time, first->number);
      if (earlier) first = &item;
    }
    ASSERT_EQ(heap.first(), first);
    ASSERT_EQ(heap.first_time(), first->time);
  }
}

}  // namespace
}  // namespace nacre::os
