#include "host/operation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <random>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "host/socket.h"
#include "host/stream.h"
#include "os/clock.h"
#include "os/watchdog.h"

namespace nacre::host {
namespace {

constexpr uint64_t kMs = 1'000'000;

uint64_t now() { return *os::clock_now(os::ClockKind::monotonic); }

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    in = make_real_stream(os::OwnedFd(ends[0]));
    out = os::OwnedFd(ends[1]);
  }
  void put() const { EXPECT_EQ(::write(out.get(), "x", 1), 1); }
  std::shared_ptr<Stream> in;
  os::OwnedFd out;
};

std::unique_ptr<Operation> readable(const Pipe& pipe) { return until_ready({{pipe.in, false}}); }

class OperationTest : public testing::Test {
 protected:
  OperationTest() { loop_ = std::move(*os::EventLoop::create()); }
  // How often `operation` says that it is over.
  std::shared_ptr<int> start(Operation& operation) {
    auto times = std::make_shared<int>(0);
    EXPECT_TRUE(operation.start(*loop_, [times] { ++*times; }).has_value());
    EXPECT_EQ(*times, 0);
    return times;
  }
  std::unique_ptr<os::EventLoop> loop_;
};

TEST_F(OperationTest, IsOverWhenAHandleIsReady) {
  Pipe pipe;
  Pipe other;
  auto operation = until_ready({{other.in, false}, {pipe.in, false}}, now() + 10'000 * kMs);
  auto times = start(*operation);
  EXPECT_FALSE(operation->is_over());
  EXPECT_EQ(loop_->run_ready(), 0u);
  pipe.put();
  EXPECT_TRUE(operation->is_over());
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(*times, 1);
  other.put();
  EXPECT_EQ(loop_->run_ready(), 0u) << "nothing of it is left in the loop";
  EXPECT_EQ(loop_->next_deadline(), std::nullopt);
}

TEST_F(OperationTest, IsOverAtTheDeadline) {
  Pipe pipe;
  uint64_t deadline = now() + 2 * kMs;
  auto operation = until_ready({{pipe.in, false}}, deadline);
  EXPECT_EQ(operation->deadline(), deadline);
  auto times = start(*operation);
  ASSERT_TRUE(loop_->run_once());
  EXPECT_EQ(*times, 1);
  EXPECT_GE(now(), deadline);
}

TEST_F(OperationTest, HandlesWithoutADescriptorAreLookedAt) {
  MemoryListener listener(Grant::simple("listen"));
  auto operation = until_ready({{listener.socket(), false}});
  auto times = start(*operation);
  ASSERT_TRUE(loop_->run_once(now() + 20 * kMs));
  EXPECT_EQ(*times, 0);
  auto peer = listener.connect();
  while (*times == 0) ASSERT_TRUE(loop_->run_once(now() + 1'000 * kMs));
  EXPECT_EQ(*times, 1);
}

TEST_F(OperationTest, WhatIsCancelledIsNeverOver) {
  Pipe pipe;
  auto operation = readable(pipe);
  auto times = start(*operation);
  operation->cancel();
  auto gone = readable(pipe);
  auto gone_times = start(*gone);
  gone = nullptr;
  auto timed = until_ready({}, now());
  auto timed_times = start(*timed);
  timed->cancel();
  pipe.put();
  static_cast<void>(loop_->run_once(now() + 2 * kMs));
  EXPECT_EQ(*times + *gone_times + *timed_times, 0);
}

// At each step at which an answer may be cancelled: before it is begun, while it is made, when it
// is there and was not told of, when it was told of.
TEST_F(OperationTest, AnAnswerMayBeCancelledAtEachStep) {
  struct State {
    std::binary_semaphore begun{0};
    std::binary_semaphore go_on{0};
    std::atomic<int> made = 0;
  };
  for (int step = 0; step < 4; ++step) {
    auto state = std::make_shared<State>();
    os::WorkerThreads workers(1);
    ASSERT_TRUE(workers.run([state] {
      state->begun.release();
      state->go_on.acquire();
    }));
    state->begun.acquire();
    auto work = [state, value = std::make_shared<int>(5)]() -> HostResult<int> {
      state->begun.release();
      state->go_on.acquire();
      ++state->made;
      return *value;
    };
    auto answer = answer_of<int>(workers, std::move(work));
    auto times = start(*answer);
    if (step == 0) answer = nullptr;
    state->go_on.release();  // the one in front
    if (step == 0) {
      auto last = std::make_shared<std::binary_semaphore>(0);
      ASSERT_TRUE(workers.run([last] { last->release(); }));
      last->acquire();
      EXPECT_EQ(state->made, 0) << "it was not wanted any more";
      continue;
    }
    state->begun.acquire();
    EXPECT_FALSE(answer->is_over());
    if (step == 1) answer = nullptr;
    state->go_on.release();
    while (state->made == 0) std::this_thread::yield();
    if (step == 1) {
      EXPECT_EQ(loop_->run_once(now() + 2 * kMs), 0u);
      EXPECT_EQ(*times, 0);
      continue;
    }
    while (!answer->is_over()) std::this_thread::yield();
    if (step == 2) answer->cancel();
    while (*times == 0 && step == 3) ASSERT_TRUE(loop_->run_once());
    static_cast<void>(loop_->run_once(now() + 2 * kMs));
    EXPECT_EQ(*times, step == 3 ? 1 : 0);
    if (step == 3) {
      EXPECT_EQ(answer->take(), 5);
    }
  }
}

TEST_F(OperationTest, CancellingSaysSoUnlessTheAnswerIsThere) {
  for (bool is_there : {false, true}) {
    auto place = std::make_shared<AnswerOf<int>>();
    int cancelled = 0;
    {
      AnswerFromElsewhere<int> answer(place, [&] { ++cancelled; });
      EXPECT_FALSE(place->is_cancelled());
      if (is_there) place->put(7);
      answer.cancel();
    }
    EXPECT_EQ(cancelled, is_there ? 0 : 1) << "once";
    EXPECT_TRUE(place->is_cancelled());
  }
}

TEST_F(OperationTest, AnAnswerThatIsThereIsToldOfByTheLoop) {
  auto answer = answered<int>(failed(Errno::inval));
  EXPECT_TRUE(answer->is_over());
  auto times = start(*answer);
  EXPECT_EQ(loop_->run_ready(), 1u);
  EXPECT_EQ(*times, 1);
  EXPECT_EQ(answer->take().error(), Errno::inval);
}

TEST_F(OperationTest, WaitsInPlaceUntilStopped) {
  Pipe pipe;
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    pipe.put();
  });
  EXPECT_TRUE(wait_in_place(*readable(pipe)).has_value());
  writer.join();
  Pipe never;
  Pipe give_up;
  give_up.put();
  EXPECT_EQ(wait_in_place(*readable(never), give_up.in->poll_fd()).error(), Errno::intr);
  auto watchdog = os::Watchdog::create();
  ASSERT_TRUE(watchdog);
  os::allow_interrupts();
  os::Interruptible target;
  os::Watch watch(*watchdog, target, {.time = 1, .cpu_time = 2, .interrupted = 3});
  os::Running running(target);
  watch.set_time_left(2 * kMs);
  ASSERT_EQ(watch.begin(), 0u);
  EXPECT_EQ(wait_in_place(*readable(never)).error(), Errno::intr);
  watch.end();
}

// As many as a server has: sleeps and reads, of which none costs a thread or much memory.
TEST_F(OperationTest, TenThousandWaitAtOnce) {
  constexpr size_t kSleeps = 6'000;
  constexpr size_t kReads = 4'000;
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit more{std::min<rlim_t>(limit.rlim_max, 3 * kReads), limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &more), 0);
  if (more.rlim_cur < 2 * kReads + 100) GTEST_SKIP() << "too few descriptors";
  std::vector<std::unique_ptr<Operation>> operations;
  std::vector<size_t> read;
  std::vector<size_t> slept;
  auto begin = [&](std::unique_ptr<Operation> operation, std::vector<size_t>& woken,
                   size_t number) {
    ASSERT_TRUE(operation->start(*loop_, [&woken, number] { woken.push_back(number); }));
    operations.push_back(std::move(operation));
  };
  std::vector<Pipe> pipes(kReads);
  for (size_t i = 0; i < kReads; ++i) begin(readable(pipes[i]), read, i);
  // The last that begins is the first to end.
  uint64_t first = now() + 100 * kMs;
  for (size_t i = 0; i < kSleeps; ++i) {
    begin(until_ready({}, first + (kSleeps - i) * 10'000), slept, i);
  }
  std::vector<size_t> order(kReads);
  for (size_t i = 0; i < kReads; ++i) order[i] = i;
  std::ranges::shuffle(order, std::mt19937(3));
  for (size_t number : order) {
    pipes[number].put();
    while (read.empty()) ASSERT_TRUE(loop_->run_once());
    ASSERT_EQ(read, std::vector<size_t>{number});
    read.clear();
  }
  while (slept.size() < kSleeps) ASSERT_TRUE(loop_->run_once());
  EXPECT_TRUE(std::ranges::is_sorted(slept, std::greater<>()));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

}  // namespace
}  // namespace nacre::host
