// A few threads for what cannot be waited for by a descriptor: reading from files, looking up
// names.
//
// A thread is made when there is more to do than idle threads, up to a limit, and lasts as long as
// this object. Landlock binds the threads that a restricted one makes (os/lockdown.h): whoever
// locks its process down does so before the first task, and the threads have no more rights than
// it. Signals of the process are for its other threads.
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
  // Does not wait: tasks that nobody has begun are dropped, and what runs goes on by itself. So a
  // task owns what it uses.
  ~WorkerThreads();

  // Tasks begin in the order of their coming. EAGAIN: not even one thread could be made; the task
  // is dropped.
  Sys<void> run(std::function<void()> task);

 private:
  struct Shared;
  static void* work(void* shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace nacre::os
