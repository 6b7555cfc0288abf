#include "os/worker_threads.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "os/event_loop.h"

namespace nacre::os {
namespace {

using namespace std::chrono_literals;

TEST(WorkerThreadsTest, DoesEverythingOnFewThreads) {
  constexpr size_t kThreads = 3;
  constexpr int kTasks = 200;
  struct State {
    std::mutex mutex;
    std::set<std::thread::id> ids;
    std::counting_semaphore<> done{0};
  };
  auto state = std::make_shared<State>();
  WorkerThreads workers(kThreads);
  for (int i = 0; i < kTasks; ++i) {
    ASSERT_TRUE(workers.run([state] {
      {
        std::lock_guard lock(state->mutex);
        state->ids.insert(std::this_thread::get_id());
      }
      std::this_thread::sleep_for(200us);
      state->done.release();
    }));
  }
  for (int i = 0; i < kTasks; ++i) state->done.acquire();
  EXPECT_LE(state->ids.size(), kThreads);
  EXPECT_FALSE(state->ids.contains(std::this_thread::get_id()));
}

TEST(WorkerThreadsTest, OneThatWaitsKeepsNobodyElse) {
  struct State {
    std::binary_semaphore go_on{0};
    std::binary_semaphore done{0};
  };
  auto state = std::make_shared<State>();
  WorkerThreads workers(2);
  ASSERT_TRUE(workers.run([state] { state->go_on.acquire(); }));
  ASSERT_TRUE(workers.run([state] { state->done.release(); }));
  EXPECT_TRUE(state->done.try_acquire_for(10s));
  state->go_on.release();
  ASSERT_TRUE(workers.run([state] { state->done.release(); }));
  EXPECT_TRUE(state->done.try_acquire_for(10s)) << "the first one is there again";
}

TEST(WorkerThreadsTest, EndsWithoutWaiting) {
  struct State {
    std::binary_semaphore go_on{0};
    std::binary_semaphore begun{0};
    std::binary_semaphore done{0};
    std::atomic<bool> dropped_ran = false;
  };
  auto state = std::make_shared<State>();
  {
    WorkerThreads workers(1);
    ASSERT_TRUE(workers.run([state] {
      state->begun.release();
      state->go_on.acquire();
      state->done.release();
    }));
    state->begun.acquire();
    ASSERT_TRUE(workers.run([state] { state->dropped_ran = true; }));
  }
  state->go_on.release();
  EXPECT_TRUE(state->done.try_acquire_for(10s)) << "what runs goes on by itself";
  EXPECT_FALSE(state->dropped_ran);
}

TEST(WorkerThreadsTest, SignalsAreForOthers) {
  struct State {
    sigset_t blocked;
    std::binary_semaphore done{0};
  };
  auto state = std::make_shared<State>();
  WorkerThreads workers(1);
  ASSERT_TRUE(workers.run([state] {
    pthread_sigmask(SIG_BLOCK, nullptr, &state->blocked);
    state->done.release();
  }));
  state->done.acquire();
  for (int signal : {SIGINT, SIGTERM, SIGURG, SIGCHLD}) {
    EXPECT_EQ(sigismember(&state->blocked, signal), 1) << signal;
  }
}

TEST(WorkerThreadsTest, AnswersToALoop) {
  auto loop = EventLoop::create();
  ASSERT_TRUE(loop);
  WorkerThreads workers(4);
  std::vector<int> answers;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(workers.run([&answers, i, inbox = (*loop)->inbox()] {
      ASSERT_TRUE(inbox->post([&answers, i] { answers.push_back(i * i); }));
    }));
  }
  while (answers.size() < 100) ASSERT_TRUE((*loop)->run_once());
  std::ranges::sort(answers);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(answers[static_cast<size_t>(i)], i * i);
}

}  // namespace
}  // namespace nacre::os
