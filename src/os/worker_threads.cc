#include "os/worker_threads.h"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace nacre::os {

struct WorkerThreads::Shared {
  const size_t max_threads;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;
  size_t threads = 0;
  size_t idle = 0;
  bool ended = false;
};

WorkerThreads::WorkerThreads(size_t max_threads) : shared_(std::make_shared<Shared>(max_threads)) {}

WorkerThreads::~WorkerThreads() {
  std::deque<std::function<void()>> dropped;  // after the lock
  std::lock_guard lock(shared_->mutex);
  shared_->ended = true;
  dropped.swap(shared_->tasks);
  shared_->changed.notify_all();
}

void* WorkerThreads::work(void* argument) {
  std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(argument));
  Shared& shared = **own;
  std::unique_lock lock(shared.mutex);
  for (;;) {
    ++shared.idle;
    shared.changed.wait(lock, [&] { return shared.ended || !shared.tasks.empty(); });
    --shared.idle;
    if (shared.ended) return nullptr;
    auto task = std::move(shared.tasks.front());
    shared.tasks.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it owned ends outside the lock
    lock.lock();
  }
}

Sys<void> WorkerThreads::run(std::function<void()> task) {
  std::lock_guard lock(shared_->mutex);
  shared_->tasks.push_back(std::move(task));
  bool enough = shared_->idle >= shared_->tasks.size() || shared_->threads == shared_->max_threads;
  if (!enough) {
    auto its = std::make_unique<std::shared_ptr<Shared>>(shared_);
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = ::pthread_create(&thread, nullptr, &work, its.get());
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error == 0) {
      auto* held = its.release();  // by the thread
      static_cast<void>(held);
      ::pthread_detach(thread);
      ++shared_->threads;
    } else if (shared_->threads == 0) {
      shared_->tasks.pop_back();
      return std::unexpected(EAGAIN);
    }
  }
  shared_->changed.notify_one();
  return {};
}

}  // namespace nacre::os
