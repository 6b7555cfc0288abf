// Waits for many things on one thread: descriptors that become ready, deadlines, and tasks that
// other threads send.
//
// A Waiter waits for one of these, once: after it was woken it does not wait until it is told to
// again. The order of waking is: by deadlines, the earliest first; by descriptors; then the tasks
// of other threads, in the order in which they were sent. All of that happens within run_ready()
// and run_once(), on the thread that calls them. No waiter is woken twice in one of these calls, so
// one that waits again at once cannot starve the others.
//
// One thread at a time, except for an Inbox. Times are nanoseconds of CLOCK_MONOTONIC. Linux's
// epoll does the work: io_uring could make system calls past the filter of a locked-down process
// (os/lockdown.h).
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
  int fd = -1;  // -1: none. It must stay open while a waiter waits for it
  bool want_read = false;
  bool want_write = false;
  std::optional<uint64_t> deadline = std::nullopt;
};

enum class Wake : uint8_t {
  ready,     // the descriptor is ready, unless another user of it was quicker
  deadline,  // its time has come
};

// A member of a circular list through the list's head.
class WaitLink {
 public:
  WaitLink() = default;
  WaitLink(const WaitLink&) = delete;
  WaitLink& operator=(const WaitLink&) = delete;
  bool alone() const { return next_ == this; }
  WaitLink* next() const { return next_; }
  void unlink();
  // Appends `link`, which must not be in a list, to the list that this is the head of.
  void append(WaitLink& link);
  // Moves all of `from` to the end of this list.
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
  // Stops waiting. May be called within woken() of another waiter, and if it does not wait.
  void stop();

 protected:
  // May wait again, stop others, and destroy this object.
  virtual void woken(Wake why) = 0;

 private:
  friend class EventLoop;
  EventLoop* loop_ = nullptr;
  size_t timer_ = TimerHeap::kNone;
  bool want_read_ = false;
  bool want_write_ = false;
  Wake why_ = Wake::ready;
};

// Through which other threads send tasks to a loop's thread. Any thread; may outlive the loop.
class Inbox {
 public:
  // False: the loop has ended, and the task will never run.
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
  // Waiters that still wait are never woken; tasks that were sent and not run are dropped.
  ~EventLoop();

  // Errors: EBADF, ENOMEM, ENOSPC (too many descriptors for this user): then it does not wait. A
  // regular file is always ready. `waiter` must not be waiting already, nor be moved while it
  // waits.
  Sys<void> wait(Waiter& waiter, const WaitFor& what);

  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

  // Wakes what is due now. Returns how many waiters and tasks that were.
  size_t run_ready();
  // The same, but if nothing is due it first waits until something is or `deadline` is reached
  // (nothing: without end). EINTR: the code that the thread runs is to stop (os/interrupt.h).
  Sys<size_t> run_once(std::optional<uint64_t> deadline = std::nullopt);

  // For a thread that waits for other things too: call run_ready() when this descriptor can be read
  // from, or at next_deadline(), whichever is first. 0: at once.
  int fd() const { return epoll_.get(); }
  std::optional<uint64_t> next_deadline() const;

 private:
  friend class Waiter;
  // One descriptor, and its waiters.
  struct Watched {
    WaitLink waiters;
    // It may be registered with the kernel, which forgets descriptors when they are closed.
    bool known = false;
  };

  EventLoop(OwnedFd epoll, std::shared_ptr<Inbox> inbox)
      : epoll_(std::move(epoll)), inbox_(std::move(inbox)) {}
  static Waiter& waiter_of(WaitLink& link) { return static_cast<Waiter&>(link); }
  // Asks the kernel for one event of the kinds that are waited for. EPERM: it is always ready.
  Sys<void> arm(int fd);
  void make_due(Waiter& waiter, Wake why);
  // Add waiters to `due_`; collect() waits up to `wait_ns` for that.
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
  bool waits_in_milliseconds_ = false;  // the kernel lacks epoll_pwait2
};

}  // namespace nacre::os
