// A call of a guest that an event loop runs: whenever the guest would wait in a function of WASI,
// it is parked, and the loop resumes it when the wait is over. So one thread can run as many guests
// as there is memory for.
//
//   auto call = TRY(AsyncCall::start(loop, store, function, arguments, [] {}));
//   while (!call->is_over()) loop.run_once();
//
// One thread at a time: that of the loop. Calls are destroyed before their loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "abi/value.h"
#include "os/event_loop.h"
#include "runtime/guest_call.h"
#include "wasi/suspended_call.h"

namespace nacre::wasi {

class AsyncCall {
 public:
  // Runs the guest until it waits or returns. `done` is called by the loop, once, when the call is
  // over; it may end the call. Errors, and then nothing ran: as runtime::GuestCall::start. A trap
  // is the outcome, even of a guest that never waits.
  static runtime::Run<std::unique_ptr<AsyncCall>> start(os::EventLoop& loop, runtime::Store& store,
                                                        const runtime::Extern& func,
                                                        std::span<const abi::Value> args,
                                                        std::function<void()> done);
  AsyncCall(const AsyncCall&) = delete;
  AsyncCall& operator=(const AsyncCall&) = delete;
  // Cancels a call that is not over: the guest never goes on, and the host's work for it ends.
  ~AsyncCall();

  bool is_over() const { return outcome_.has_value(); }
  // ---- Once it is.
  //
  // How it ended. A trap is taken once; afterwards this is a usage error.
  runtime::Run<void> take_outcome();
  // Of one that returned.
  std::span<const abi::Value> results() const { return call_->results(); }

 private:
  class Timer final : public os::Waiter {
   public:
    explicit Timer(std::function<void()> action) : action_(std::move(action)) {}

   private:
    void woken(os::Wake) override {
      auto action = action_;  // which may end this object
      action();
    }
    std::function<void()> action_;
  };

  AsyncCall(os::EventLoop& loop, runtime::Store& store, std::function<void()> done)
      : loop_(loop), store_(store), done_(std::move(done)) {}
  // The guest ran, and is parked or has ended.
  void after(runtime::Run<void> ran);
  // What it is parked in.
  void wait();
  void go_on();
  void reach_time_limit();
  void end(runtime::Run<void> outcome);

  os::EventLoop& loop_;
  runtime::Store& store_;
  std::function<void()> done_;
  std::unique_ptr<runtime::GuestCall> call_;  // null: it trapped before it waited
  std::unique_ptr<SuspendedCall> suspended_;  // while it is parked
  std::optional<runtime::Run<void>> outcome_;
  Timer time_limit_{[this] { reach_time_limit(); }};
  Timer end_{[this] { std::exchange(done_, nullptr)(); }};
};

}  // namespace nacre::wasi
