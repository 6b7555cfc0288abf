// A few threads for blocking calls that no descriptor can be polled for: reading from files,
// looking up names.
//
// A thread is made when there are more tasks than idle threads, up to a limit, and lasts as long as
// this object. Landlock binds only threads that are made after the lock-down (os/lockdown.h), so a
// process must be locked down before the first task. The threads block all signals.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "os/file.h"

namespace nacre::os {

// Any thread.
class WorkerThreads {
 public:
  explicit WorkerThreads(size_t max_threads);
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;
  // Does not wait: tasks that have not begun are dropped, and those that run go on by themselves.
  // So a task must own what it uses.
  ~WorkerThreads();

  // Tasks begin in the order in which they are added. EAGAIN: not even one thread could be made;
  // the task is dropped.
  Sys<void> run(std::function<void()> task);

 private:
  struct Shared;
  static void* work(void* shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace nacre::os
