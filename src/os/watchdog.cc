#include "os/watchdog.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "base/checked.h"

namespace nacre::os {
namespace {

constexpr uint64_t kNever = ~uint64_t{0};
// A thread that waits uses no CPU time, however long: it is looked at no more often than this.
constexpr uint64_t kCpuLookNs = 1'000'000;

// Nothing: the clock is gone, as that of a thread that has ended.
std::optional<uint64_t> read_clock(clockid_t clock) {
  timespec time;
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t now_ns() { return read_clock(CLOCK_MONOTONIC).value_or(0); }
uint64_t own_cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID).value_or(0); }

// What is beyond the clock never comes (invariants.md: saturating-deadlines).
uint64_t after(uint64_t when, std::optional<uint64_t> left) {
  return left ? checked_add(when, *left).value_or(kNever) : kNever;
}

}  // namespace

// ---- the watchdog

void prefer_short_turns() {
  struct {  // as sched_setattr(2) has it; libraries declare it late
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
  } attributes = {};
  attributes.size = sizeof attributes;
  errno = 0;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);
  if (errno != 0) return;
  attributes.runtime_ns = 100'000;
  static_cast<void>(::syscall(SYS_sched_setattr, 0, &attributes, 0));
}

Result<std::shared_ptr<Watchdog>> Watchdog::create() {
  TRY(install_interrupt_handler());
  std::shared_ptr<Watchdog> watchdog(new (std::nothrow) Watchdog);
  if (watchdog == nullptr) return fail(ErrorCode::out_of_memory, "no room for a watchdog");
  // Signals of the process are for its other threads.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // std::thread would throw.
  Watchdog* self = watchdog.get();
  int error = ::pthread_create(
      &self->thread_, nullptr,
      [](void* data) -> void* {
        static_cast<Watchdog*>(data)->run();
        return nullptr;
      },
      self);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  self->started_ = error == 0;
  if (error != 0) {
    return fail(ErrorCode::internal,
                std::string("cannot start the thread that keeps time: ") + std::strerror(error));
  }
  return watchdog;
}

Watchdog::~Watchdog() {
  if (!started_) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  ::pthread_join(thread_, nullptr);
}

void Watchdog::add(Watch& watch) {
  std::lock_guard lock(mutex_);
  watches_.push_back(&watch);
}

void Watchdog::remove(Watch& watch) {
  std::lock_guard lock(mutex_);
  std::erase(watches_, &watch);
}

void Watchdog::expect(uint64_t when_ns) {
  // The order of the two, here and in run(), is what no deadline is lost by: either it is seen
  // there or kNever is seen here.
  if (when_ns >= wakes_at_.load(std::memory_order_seq_cst)) return;
  std::lock_guard lock(mutex_);
  look_again_ = true;
  changed_.notify_one();
}

void Watchdog::run() {
  prefer_short_turns();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    look_again_ = false;
    wakes_at_.store(kNever, std::memory_order_seq_cst);
    uint64_t next = kNever - 1;  // less than kNever: who expects never need not wake it
    uint64_t now = now_ns();
    for (Watch* watch : watches_) next = std::min(next, watch->look(now));
    wakes_at_.store(next, std::memory_order_seq_cst);
    auto changed = [this] { return look_again_ || stopping_; };
    now = now_ns();
    // Longer than this no condition variable counts right; looking once a day costs nothing.
    uint64_t sleep = std::min<uint64_t>(next > now ? next - now : 0, 86'400'000'000'000);
    changed_.wait_for(lock, std::chrono::nanoseconds(sleep), changed);
  }
}

// ---- watches

Watch::Watch(std::shared_ptr<Watchdog> watchdog, Interruptible& target, Reasons reasons)
    : watchdog_(std::move(watchdog)),
      target_(&target),
      reasons_(reasons),
      deadline_(kNever),
      cpu_deadline_(kNever) {
  watchdog_->add(*this);
  target_->watch = this;
}

Watch::~Watch() {
  watchdog_->remove(*this);
  target_->watch = nullptr;
  target_->stop.store(0, std::memory_order_relaxed);
}

void Watch::set_target(Interruptible& target) {
  if (target_->watch == this) target_->watch = nullptr;
  target_ = &target;
  target_->watch = this;
}

namespace {

void use(std::optional<uint64_t>& left, uint64_t used) {
  if (left) *left -= std::min(*left, used);
}

}  // namespace

void Watch::charge() {
  if (time_left_) use(time_left_, now_ns() - began_at_);
  if (cpu_left_) use(cpu_left_, own_cpu_ns() - cpu_began_at_);
}

void Watch::publish() {
  began_at_ = now_ns();
  uint64_t next = after(began_at_, time_left_);
  deadline_.store(next, std::memory_order_seq_cst);
  if (cpu_left_) {
    cpu_began_at_ = own_cpu_ns();
    next = std::min(next, after(began_at_, cpu_left_));  // no thread runs faster than the clock
  }
  cpu_deadline_.store(after(cpu_began_at_, cpu_left_), std::memory_order_seq_cst);
  if (requested_.load(std::memory_order_relaxed)) next = began_at_;
  watchdog_->expect(next);
}

void Watch::set_time_left(std::optional<uint64_t> nanoseconds) {
  bool running = state_.load(std::memory_order_relaxed) != State::idle;
  if (running) charge();
  if (waits_since_) waits_since_ = now_ns();
  time_left_ = nanoseconds;
  if (running) publish();
}

void Watch::set_cpu_time_left(std::optional<uint64_t> nanoseconds) {
  bool running = state_.load(std::memory_order_relaxed) != State::idle;
  if (running) charge();
  cpu_left_ = nanoseconds;
  if (running) publish();
}

uint32_t Watch::begin() {
  thread_ = ::pthread_self();
  if (cpu_left_) {
    clockid_t clock = 0;
    if (::pthread_getcpuclockid(thread_, &clock) == 0)
      cpu_clock_.store(clock, std::memory_order_relaxed);
  }
  target_->stop.store(0, std::memory_order_relaxed);
  stop_waiting();
  state_.store(State::running, std::memory_order_seq_cst);
  publish();
  if (time_left_ && *time_left_ == 0) return reasons_.time;
  if (cpu_left_ && *cpu_left_ == 0) return reasons_.cpu_time;
  return requested_.load(std::memory_order_relaxed) ? reasons_.interrupted : 0;
}

void Watch::end() {
  charge();
  become_idle();
}

void Watch::wait() {
  end();
  waits_since_ = now_ns();
}

void Watch::stop_waiting() {
  if (waits_since_) use(time_left_, now_ns() - *waits_since_);
  waits_since_.reset();
}

std::optional<uint64_t> Watch::deadline() const {
  if (!waits_since_ || !time_left_) return std::nullopt;
  return after(*waits_since_, time_left_);
}

void Watch::become_idle() {
  deadline_.store(kNever, std::memory_order_relaxed);
  cpu_deadline_.store(kNever, std::memory_order_relaxed);
  // Once it is idle the watchdog does not touch the thread any more, which may end.
  State running = State::running;
  while (!state_.compare_exchange_weak(running, State::idle, std::memory_order_seq_cst)) {
    running = State::running;
    std::this_thread::yield();
  }
  target_->stop.store(0, std::memory_order_relaxed);
}

void Watch::interrupt() {
  requested_.store(true, std::memory_order_seq_cst);
  watchdog_->expect(0);
}

void Watch::note_stopped(uint32_t reason) {
  if (reason == reasons_.interrupted) requested_.store(false, std::memory_order_seq_cst);
  target_->stop.store(0, std::memory_order_relaxed);
}

// What is due, or when something may be.
uint32_t Watch::due(uint64_t now, uint64_t& next) const {
  if (requested_.load(std::memory_order_seq_cst)) return reasons_.interrupted;
  uint64_t deadline = deadline_.load(std::memory_order_seq_cst);
  if (deadline <= now) return reasons_.time;
  next = std::min(next, deadline);
  uint64_t cpu_deadline = cpu_deadline_.load(std::memory_order_seq_cst);
  if (cpu_deadline == kNever) return 0;
  std::optional<uint64_t> used = read_clock(cpu_clock_.load(std::memory_order_relaxed));
  if (!used) return 0;
  if (cpu_deadline <= *used) return reasons_.cpu_time;
  uint64_t left = std::max(cpu_deadline - *used, kCpuLookNs);
  next = std::min(next, after(now, left));
  return 0;
}

uint64_t Watch::look(uint64_t now) {
  State running = State::running;
  if (!state_.compare_exchange_strong(running, State::interrupting, std::memory_order_seq_cst))
    return kNever - 1;
  uint64_t next = kNever - 1;
  if (uint32_t reason = due(now, next); reason != 0) {
    target_->stop.store(reason, std::memory_order_relaxed);
    interrupt_thread(thread_);
    next = now + Watchdog::kRepeatNs;
  }
  state_.store(State::running, std::memory_order_seq_cst);
  return next;
}

// ---- pausing

PauseTime::PauseTime() {
  for (Interruptible* item = innermost(); item != nullptr; item = item->outer) {
    if (item->watch != nullptr) item->watch->end();
  }
}

PauseTime::~PauseTime() {
  for (Interruptible* item = innermost(); item != nullptr; item = item->outer) {
    // Should nothing be left, the watchdog sees that at once.
    if (item->watch != nullptr) static_cast<void>(item->watch->begin());
  }
}

}  // namespace nacre::os
