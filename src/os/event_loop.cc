#include "os/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "os/clock.h"
#include "os/interrupt.h"

namespace nacre::os {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kMillisecond = 1'000'000;
// A longer wait only costs a wake-up.
constexpr uint64_t kLongestWait = 24 * 3600 * kSecond;
constexpr size_t kEventsAtOnce = 256;
// What the kernel says of the inbox's descriptor; others say their number.
constexpr uint64_t kOfInbox = ~uint64_t{0};

uint64_t now() { return clock_now(ClockKind::monotonic).value_or(0); }

}  // namespace

void WaitLink::unlink() {
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = this;
}

void WaitLink::append(WaitLink& link) {
  link.prev_ = prev_;
  link.next_ = this;
  prev_->next_ = &link;
  prev_ = &link;
}

void WaitLink::take_all(WaitLink& from) {
  if (from.alone()) return;
  prev_->next_ = from.next_;
  from.next_->prev_ = prev_;
  from.prev_->next_ = this;
  prev_ = from.prev_;
  from.prev_ = from.next_ = &from;
}

void Waiter::stop() {
  if (loop_ == nullptr) return;
  unlink();
  if (timer_ != TimerHeap::kNone) loop_->timers_.remove(&timer_);
  loop_ = nullptr;
}

bool Inbox::post(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) {
    uint64_t one = 1;
    ssize_t written = ::write(wakes_.get(), &one, sizeof one);
    static_cast<void>(written);  // an eventfd takes it
  }
  return true;
}

std::vector<std::function<void()>> Inbox::take() {
  std::lock_guard lock(mutex_);
  uint64_t count = 0;
  ssize_t read = ::read(wakes_.get(), &count, sizeof count);
  static_cast<void>(read);  // what it was does not matter
  return std::exchange(tasks_, {});
}

void Inbox::close() {
  std::vector<std::function<void()>> dropped;  // which may end in post() again
  std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

Sys<std::unique_ptr<EventLoop>> EventLoop::create() {
  OwnedFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  OwnedFd wakes(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !wakes.valid()) return std::unexpected(errno);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kOfInbox}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakes.get(), &event) != 0) {
    return std::unexpected(errno);
  }
  std::shared_ptr<Inbox> inbox(new Inbox(std::move(wakes)));
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(inbox)));
}

EventLoop::~EventLoop() {
  inbox_->close();
  while (!timers_.empty()) static_cast<Waiter*>(timers_.first())->stop();
  while (!due_.alone()) waiter_of(*due_.next()).stop();
  for (Watched& watched : watched_) {
    while (!watched.waiters.alone()) waiter_of(*watched.waiters.next()).stop();
  }
}

Sys<void> EventLoop::wait(Waiter& waiter, const WaitFor& what) {
  waiter.want_read_ = what.want_read;
  waiter.want_write_ = what.want_write;
  waiter.loop_ = this;
  if (what.fd >= 0) {
    auto fd = static_cast<size_t>(what.fd);
    while (watched_.size() <= fd) watched_.emplace_back();
    watched_[fd].waiters.append(waiter);
    Sys<void> armed = arm(what.fd);
    if (!armed && armed.error() == EPERM) {
      waiter.unlink();
      make_due(waiter, Wake::ready);
      return {};
    }
    if (!armed) {
      waiter.stop();
      return armed;
    }
  }
  if (what.deadline) timers_.add(*what.deadline, &waiter, &waiter.timer_);
  return {};
}

Sys<void> EventLoop::arm(int fd) {
  Watched& watched = watched_[static_cast<size_t>(fd)];
  epoll_event event{.events = EPOLLONESHOT, .data = {.u64 = static_cast<uint64_t>(fd)}};
  for (WaitLink* link = watched.waiters.next(); link != &watched.waiters; link = link->next()) {
    const Waiter& waiter = waiter_of(*link);
    if (waiter.want_read_) event.events |= EPOLLIN;
    if (waiter.want_write_) event.events |= EPOLLOUT;
  }
  auto control = [&](int operation) {
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  };
  bool done = watched.known ? control(EPOLL_CTL_MOD) : control(EPOLL_CTL_ADD);
  // The number stands for something else than it did.
  if (!done && errno == ENOENT) done = control(EPOLL_CTL_ADD);
  if (!done && errno == EEXIST) done = control(EPOLL_CTL_MOD);
  watched.known = done;
  if (!done) return std::unexpected(errno);
  return {};
}

void EventLoop::make_due(Waiter& waiter, Wake why) {
  if (waiter.timer_ != TimerHeap::kNone) timers_.remove(&waiter.timer_);
  waiter.unlink();
  waiter.why_ = why;
  due_.append(waiter);
}

void EventLoop::collect_timers() {
  if (timers_.empty()) return;
  uint64_t time = now();
  while (!timers_.empty() && timers_.first_time() <= time) {
    make_due(*static_cast<Waiter*>(timers_.first()), Wake::deadline);
  }
}

void EventLoop::collect_descriptor(int fd, uint32_t events) {
  Watched& watched = watched_[static_cast<size_t>(fd)];
  bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
  bool writable = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  for (WaitLink* link = watched.waiters.next(); link != &watched.waiters;) {
    Waiter& waiter = waiter_of(*link);
    link = link->next();
    bool wanted = (waiter.want_read_ && readable) || (waiter.want_write_ && writable) ||
                  (!waiter.want_read_ && !waiter.want_write_);
    if (wanted) make_due(waiter, Wake::ready);
  }
  if (watched.waiters.alone()) return;
  if (!arm(fd)) {
    // It cannot be waited for any more: the next use of it shows why.
    while (!watched.waiters.alone()) make_due(waiter_of(*watched.waiters.next()), Wake::ready);
  }
}

Sys<void> EventLoop::collect(uint64_t wait_ns) {
  std::array<epoll_event, kEventsAtOnce> events;
  auto room = static_cast<int>(events.size());
  int count = -1;
  if (!waits_in_milliseconds_) {
    timespec timeout = {static_cast<time_t>(wait_ns / kSecond),
                        static_cast<long>(wait_ns % kSecond)};
    count = ::epoll_pwait2(epoll_.get(), events.data(), room, &timeout, nullptr);
    waits_in_milliseconds_ = count < 0 && (errno == ENOSYS || errno == EPERM);
  }
  if (waits_in_milliseconds_) {
    auto timeout = static_cast<int>((wait_ns + kMillisecond - 1) / kMillisecond);
    count = ::epoll_pwait(epoll_.get(), events.data(), room, timeout, nullptr);
  }
  if (count < 0) return std::unexpected(errno);
  collect_timers();
  for (const epoll_event& event : std::span(events).first(static_cast<size_t>(count))) {
    if (event.data.u64 == kOfInbox) {
      has_tasks_ = true;
    } else {
      collect_descriptor(static_cast<int>(event.data.u64), event.events);
    }
  }
  return {};
}

size_t EventLoop::wake_all() {
  size_t count = 0;
  // Who becomes due meanwhile has the next turn.
  WaitLink now_due;
  now_due.take_all(due_);
  while (!now_due.alone()) {
    Waiter& waiter = waiter_of(*now_due.next());
    waiter.unlink();
    waiter.loop_ = nullptr;
    ++count;
    waiter.woken(waiter.why_);
  }
  if (!std::exchange(has_tasks_, false)) return count;
  for (const auto& task : inbox_->take()) {
    ++count;
    task();
  }
  return count;
}

size_t EventLoop::run_ready() {
  auto collected = collect(0);
  static_cast<void>(collected);  // whatever went wrong, who is due already is woken
  return wake_all();
}

Sys<size_t> EventLoop::run_once(std::optional<uint64_t> deadline) {
  for (;;) {
    uint64_t wait = kLongestWait;
    auto until = next_deadline();
    if (deadline) until = std::min(until.value_or(UINT64_MAX), *deadline);
    if (until) {
      uint64_t time = now();
      wait = std::min(wait, *until > time ? *until - time : 0);
    }
    auto collected = collect(wait);
    bool interrupted = !collected && collected.error() == EINTR;
    if (!collected && (!interrupted || stop_requested())) return std::unexpected(collected.error());
    size_t woken = wake_all();
    bool is_over = deadline && *deadline <= now();
    if (woken != 0 || is_over) return woken;
  }
}

std::optional<uint64_t> EventLoop::next_deadline() const {
  if (!due_.alone()) return 0;
  if (timers_.empty()) return std::nullopt;
  return timers_.first_time();
}

}  // namespace nacre::os
