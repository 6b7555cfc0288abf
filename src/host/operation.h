// What a guest's call waits for, so that it can wait without keeping a thread.
//
// A host object begins an Operation; it is over when a handle is ready, a time has come, or another
// thread or the broker has answered. Its owner either waits for it (wait_in_place), or leaves it to
// an event loop and runs other guests meanwhile (start). Destroying an operation before it is over
// cancels it, and the host's work for it as far as that can be stopped.
//
// An operation is used by the thread of its loop; only where it says so may others bring its
// answer.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "host/errno.h"
#include "host/handle.h"
#include "os/event_loop.h"
#include "os/worker_threads.h"

namespace nacre::host {

class Operation {
 public:
  virtual ~Operation() = default;
  // `done` is called once, by the loop, as soon as the operation is over; never within this call.
  // Errors: of os::EventLoop::wait, and then it is not called. May be called once per operation.
  virtual HostResult<void> start(os::EventLoop& loop, std::function<void()> done) = 0;
  // Whether it is over, as of now.
  virtual bool is_over() = 0;
  // Cancels it: `done` is not called, and the host's work for it ends.
  virtual void cancel() = 0;
  // When it is over at the latest (CLOCK_MONOTONIC); nothing: no bound is known.
  virtual std::optional<uint64_t> deadline() const { return std::nullopt; }
};

// Waits for it on this thread, with an event loop of its own. intr: the thread's code is to stop,
// or `give_up` can be read from (-1: none); the operation is cancelled then.
HostResult<void> wait_in_place(Operation& operation, int give_up = -1);

// A handle that is to become ready; for reading, or for writing.
struct Interest {
  HandlePtr handle;
  bool writing = false;
};
// Over when one of the handles is ready, or at the deadline. The caller has to find out which is
// ready, if any still is: another user of the handle may have been quicker.
std::unique_ptr<Operation> until_ready(std::vector<Interest> interests,
                                       std::optional<uint64_t> deadline = std::nullopt);

// An operation that ends with an answer.
template <class T>
class Answer : public Operation {
 public:
  // Once, when it is over.
  virtual HostResult<T> take() = 0;
};

// Where another thread leaves the answer. Both share it, so either may end first.
class AnswerPlace {
 public:
  virtual ~AnswerPlace() = default;
  bool is_there() const;
  // The answer is not wanted any more.
  bool is_cancelled() const;

 protected:
  // Publishes the answer, which only write() changes, to the other thread.
  void publish(const std::function<void()>& write);

 private:
  friend class AnswerBase;
  mutable std::mutex mutex_;
  bool is_there_ = false;
  bool is_cancelled_ = false;
  std::function<void()> tell_;  // once it is there
};

template <class T>
class AnswerOf final : public AnswerPlace {
 public:
  // Any thread, once.
  void put(HostResult<T> answer) {
    publish([&] { answer_.emplace(std::move(answer)); });
  }

 private:
  template <class>
  friend class AnswerFromElsewhere;
  std::optional<HostResult<T>> answer_;
};

// The base of operations whose answer comes from another thread or process.
class AnswerBase {
 protected:
  AnswerBase(std::shared_ptr<AnswerPlace> place, std::function<void()> on_cancel)
      : place_(std::move(place)), on_cancel_(std::move(on_cancel)) {}
  ~AnswerBase() { cancel_it(); }
  void start_in(os::EventLoop& loop, std::function<void()> done);
  void cancel_it();
  const std::shared_ptr<AnswerPlace>& place() const { return place_; }

 private:
  std::shared_ptr<AnswerPlace> place_;
  std::function<void()> on_cancel_;
  // What the loop calls. Shared, because the loop may call it when this object has ended.
  std::shared_ptr<std::function<void()>> done_;
};

// `on_cancel` is called, on the operation's thread, if that ends before there is an answer.
template <class T>
class AnswerFromElsewhere final : public Answer<T>, private AnswerBase {
 public:
  explicit AnswerFromElsewhere(std::shared_ptr<AnswerOf<T>> place,
                               std::function<void()> on_cancel = nullptr)
      : AnswerBase(std::move(place), std::move(on_cancel)) {}
  HostResult<void> start(os::EventLoop& loop, std::function<void()> done) override {
    start_in(loop, std::move(done));
    return {};
  }
  bool is_over() override { return place()->is_there(); }
  void cancel() override { cancel_it(); }
  HostResult<T> take() override { return std::move(*static_cast<AnswerOf<T>&>(*place()).answer_); }
};

// With an answer from the start.
template <class T>
std::unique_ptr<Answer<T>> answered(HostResult<T> answer) {
  auto place = std::make_shared<AnswerOf<T>>();
  place->put(std::move(answer));
  return std::make_unique<AnswerFromElsewhere<T>>(std::move(place));
}

// An answer that is made from another one, by `make(HostResult<From>) -> HostResult<To>`.
template <class To, class From, class Make>
class MadeAnswer final : public Answer<To> {
 public:
  MadeAnswer(std::unique_ptr<Answer<From>> from, Make make)
      : from_(std::move(from)), make_(std::move(make)) {}
  HostResult<void> start(os::EventLoop& loop, std::function<void()> done) override {
    return from_->start(loop, std::move(done));
  }
  bool is_over() override { return from_->is_over(); }
  void cancel() override { from_->cancel(); }
  HostResult<To> take() override { return make_(from_->take()); }

 private:
  std::unique_ptr<Answer<From>> from_;
  Make make_;
};
template <class To, class From, class Make>
std::unique_ptr<Answer<To>> make_answer(std::unique_ptr<Answer<From>> from, Make make) {
  return std::make_unique<MadeAnswer<To, From, Make>>(std::move(from), std::move(make));
}

// Runs `work` on one of the threads; its result is the answer. `work` must own what it uses: if the
// operation is cancelled, it is not begun, or goes on and its result is dropped.
template <class T>
std::unique_ptr<Answer<T>> answer_of(os::WorkerThreads& workers,
                                     std::function<HostResult<T>()> work) {
  auto place = std::make_shared<AnswerOf<T>>();
  auto begun = workers.run([place, its = std::move(work)] {
    if (!place->is_cancelled()) place->put(its());
  });
  if (!begun) place->put(failed(from_native(begun.error())));
  return std::make_unique<AnswerFromElsewhere<T>>(std::move(place));
}

}  // namespace nacre::host
