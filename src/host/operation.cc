#include "host/operation.h"

#include <algorithm>

#include "base/checked.h"
#include "os/clock.h"
#include "os/poll.h"

namespace nacre::host {
namespace {

// How long until the next look at objects that no descriptor stands for.
constexpr uint64_t kLookAgain = 5'000'000;

// Calls a function when it is woken.
class Alarm final : public os::Waiter {
 public:
  explicit Alarm(std::function<void()> action) : action_(std::move(action)) {}

 private:
  void woken(os::Wake) override {
    auto action = action_;  // which may end this object
    action();
  }
  std::function<void()> action_;
};

class UntilReady final : public Operation {
 public:
  UntilReady(std::vector<Interest> interests, std::optional<uint64_t> deadline)
      : interests_(std::move(interests)), deadline_(deadline) {}

  HostResult<void> start(os::EventLoop& loop, std::function<void()> done) override {
    loop_ = &loop;
    done_ = std::move(done);
    size_t descriptors = 0;
    for (const Interest& interest : interests_) descriptors += interest.handle->poll_fd() >= 0;
    has_memory_objects_ = descriptors != interests_.size();
    waiters_ = std::vector<Member>(descriptors);
    auto waiter = waiters_.begin();
    for (const Interest& interest : interests_) {
      int fd = interest.handle->poll_fd();
      if (fd < 0) continue;
      HOST_TRY(wait(*waiter++,
                    {.fd = fd, .want_read = !interest.writing, .want_write = interest.writing}));
    }
    return wait_for_time();
  }

  bool is_over() override {
    if (deadline_ && *deadline_ <= now()) return true;
    std::vector<os::PollItem> items;
    for (const Interest& interest : interests_) {
      int fd = interest.handle->poll_fd();
      if (fd < 0 && interest.handle->readiness(interest.writing).ready) return true;
      if (fd < 0) continue;
      items.push_back({.fd = fd, .want_read = !interest.writing, .want_write = interest.writing});
    }
    return !items.empty() && os::poll_until(items, 0).value_or(1) != 0;
  }

  void cancel() override {
    waiters_.clear();
    timer_.stop();
    done_ = nullptr;
  }
  std::optional<uint64_t> deadline() const override { return deadline_; }

 private:
  struct Member final : os::Waiter {
    UntilReady* owner = nullptr;
    void woken(os::Wake) override { owner->end(); }
  };

  static uint64_t now() { return os::clock_now(os::ClockKind::monotonic).value_or(0); }

  HostResult<void> wait(Member& waiter, const os::WaitFor& what) {
    waiter.owner = this;
    auto waits = from_sys(loop_->wait(waiter, what));
    if (!waits) cancel();
    return waits;
  }

  HostResult<void> wait_for_time() {
    std::optional<uint64_t> until = deadline_;
    if (has_memory_objects_) {
      uint64_t again = checked_add(now(), kLookAgain).value_or(UINT64_MAX);
      until = std::min(until.value_or(UINT64_MAX), again);
    }
    if (!until) return {};
    return from_sys(loop_->wait(timer_, {.deadline = until}));
  }

  void look_again() {
    bool over = !has_memory_objects_ || is_over();
    if (over || !wait_for_time()) end();
  }

  void end() {
    auto done = std::exchange(done_, nullptr);
    cancel();
    if (done) done();  // which may end this object
  }

  std::vector<Interest> interests_;
  std::optional<uint64_t> deadline_;
  os::EventLoop* loop_ = nullptr;
  std::function<void()> done_;
  std::vector<Member> waiters_;
  bool has_memory_objects_ = false;
  Alarm timer_{[this] { look_again(); }};
};

}  // namespace

HostResult<void> wait_in_place(Operation& operation, int give_up) {
  if (operation.is_over()) return {};
  auto loop = HOST_TRY(from_sys(os::EventLoop::create()));
  bool over = false;
  bool gave_up = false;
  Alarm unwanted([&] { gave_up = true; });
  if (give_up >= 0) HOST_TRY(from_sys(loop->wait(unwanted, {.fd = give_up, .want_read = true})));
  HOST_TRY(operation.start(*loop, [&] { over = true; }));
  while (!over && !gave_up) {
    auto woken = loop->run_once();
    if (woken) continue;
    operation.cancel();
    return failed(from_native(woken.error()));
  }
  if (over) return {};
  operation.cancel();
  return failed(Errno::intr);
}

std::unique_ptr<Operation> until_ready(std::vector<Interest> interests,
                                       std::optional<uint64_t> deadline) {
  return std::make_unique<UntilReady>(std::move(interests), deadline);
}

bool AnswerPlace::is_there() const {
  std::lock_guard lock(mutex_);
  return is_there_;
}

bool AnswerPlace::is_cancelled() const {
  std::lock_guard lock(mutex_);
  return is_cancelled_;
}

void AnswerPlace::publish(const std::function<void()>& write) {
  std::function<void()> tell;
  {
    std::lock_guard lock(mutex_);
    write();
    is_there_ = true;
    tell = std::exchange(tell_, nullptr);
  }
  if (tell) tell();
}

void AnswerBase::start_in(os::EventLoop& loop, std::function<void()> done) {
  done_ = std::make_shared<std::function<void()>>(std::move(done));
  auto tell = [inbox = loop.inbox(), ours = std::weak_ptr(done_)] {
    // Looked at by the loop's thread, on which the operation ends as well.
    inbox->post([ours] {
      auto still = ours.lock();
      if (!still) return;
      auto call = std::exchange(*still, nullptr);
      if (call) call();
    });
  };
  {
    std::lock_guard lock(place_->mutex_);
    if (!place_->is_there_) {
      place_->tell_ = std::move(tell);
      return;
    }
  }
  tell();
}

void AnswerBase::cancel_it() {
  done_ = nullptr;
  bool is_there;
  {
    std::lock_guard lock(place_->mutex_);
    is_there = place_->is_there_;
    place_->is_cancelled_ = true;
    place_->tell_ = nullptr;
  }
  auto on_cancel = std::exchange(on_cancel_, nullptr);
  if (!is_there && on_cancel) on_cancel();
}

}  // namespace nacre::host
