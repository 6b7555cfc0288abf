// Waiting for many things on one thread: descriptors that become ready, times that come, and what
// other threads send.
//
// What waits is a Waiter. It waits once: when it is woken it waits no more, until it is told to wait
// again. Who is woken together is woken in this order: by time, the earliest first; by descriptors;
// then come the tasks of other threads, as they were sent. All of that happens within run_ready()
// and run_once(), on the thread that calls them, and no waiter is woken twice in one of these
// calls, so that whoever waits again at once keeps nobody else from a turn.
//
// One thread at a time, except for an Inbox. Times are nanoseconds of CLOCK_MONOTONIC. Linux's epoll
// does the work: io_uring would do system calls that the filter of a process which is locked down
// (os/lockdown.h) cannot see.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "os/file.h"
#include "os/timer_heap.h"

namespace nacre::os {

class EventLoop;

// What wakes a waiter; if it is both, whichever comes first.
struct WaitFor {
  int fd = -1;  // none. It stays open while somebody waits for it
  bool want_read = false;
  bool want_write = false;
  std::optional<uint64_t> deadline = std::nullopt;
};

enum class Wake : uint8_t {
  ready,     // the descriptor, or so it seemed: somebody else may have been quicker
  deadline,  // its time has come
};

// A member of a list that is a circle through the list's head.
class WaitLink {
 public:
  WaitLink() = default;
  WaitLink(const WaitLink&) = delete;
  WaitLink& operator=(const WaitLink&) = delete;
  bool alone() const { return next_ == this; }
  WaitLink* next() const { return next_; }
  void unlink();
  // `link`, which is in no list, becomes the last of the list that this is the head of.
  void append(WaitLink& link);
  // All of `from`, behind what is here.
  void take_all(WaitLink& from);

 private:
  WaitLink* prev_ = this;
  WaitLink* next_ = this;
};

class Waiter : private WaitLink {
 public:
  Waiter() = default;
  virtual ~Waiter() { stop(); }
  bool is_waiting() const { return loop_ != nullptr; }
  // Nothing wakes it any more. Also within woken() of another one, and for what does not wait.
  void stop();

 protected:
  // It may wait again, stop others, and end its own life.
  virtual void woken(Wake why) = 0;

 private:
  friend class EventLoop;
  EventLoop* loop_ = nullptr;
  size_t timer_ = TimerHeap::kNone;
  bool want_read_ = false;
  bool want_write_ = false;
  Wake why_ = Wake::ready;
};

// Where other threads send what a loop's thread is to do. Any thread; may outlive the loop.
class Inbox {
 public:
  // False: the loop has ended, and nobody will ever do it.
  bool post(std::function<void()> task);

 private:
  friend class EventLoop;
  explicit Inbox(OwnedFd wakes) : wakes_(std::move(wakes)) {}
  std::vector<std::function<void()>> take();
  void close();

  const OwnedFd wakes_;  // readable while there are tasks
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool closed_ = false;
};

class EventLoop {
 public:
  static Sys<std::unique_ptr<EventLoop>> create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  // Who still waits is never woken; what was sent and not done is dropped.
  ~EventLoop();

  // Errors: EBADF, ENOMEM, ENOSPC (too many descriptors for this user): it does not wait then. A
  // regular file is always ready. `waiter` does not wait yet, and is not moved while it does.
  Sys<void> wait(Waiter& waiter, const WaitFor& what);

  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  // Wakes who is to be woken now. How many that were, tasks among them.
  size_t run_ready();
  // Waits before, if there is none, until there is or `deadline` comes (nothing: without end).
  // EINTR: what the thread runs is to stop (os/interrupt.h).
  Sys<size_t> run_once(std::optional<uint64_t> deadline = std::nullopt);

  // For a thread that waits for other things too: call run_ready() when this descriptor can be read
  // from, or at next_deadline(), whichever is first. 0: at once.
  int fd() const { return epoll_.get(); }
  std::optional<uint64_t> next_deadline() const;

 private:
  friend class Waiter;
  // Of one descriptor, whoever waits for it.
  struct Watched {
    WaitLink waiters;
    // The kernel may know it. (It forgets descriptors by itself when they are closed.)
    bool known = false;
  };

  EventLoop(OwnedFd epoll, std::shared_ptr<Inbox> inbox)
      : epoll_(std::move(epoll)), inbox_(std::move(inbox)) {}
  static Waiter& waiter_of(WaitLink& link) { return static_cast<Waiter&>(link); }
  // Asks the kernel for one event of the kinds that are waited for. EPERM: it is always ready.
  Sys<void> arm(int fd);
  void make_due(Waiter& waiter, Wake why);
  // Make due who is to be woken; collect() waits up to `wait_ns` for that.
  Sys<void> collect(uint64_t wait_ns);
  void collect_timers();
  void collect_descriptor(int fd, uint32_t events);
  size_t wake_all();

  OwnedFd epoll_;
  std::shared_ptr<Inbox> inbox_;
  TimerHeap timers_;
  std::deque<Watched> watched_;  // by descriptor; their addresses last
  WaitLink due_;
  bool has_tasks_ = false;
  bool waits_in_milliseconds_ = false;  // the kernel knows no better
};

}  // namespace nacre::os
