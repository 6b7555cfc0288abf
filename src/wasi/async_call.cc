#include "wasi/async_call.h"

#include <utility>

#include "abi/trap.h"
#include "runtime/store.h"

namespace nacre::wasi {

using runtime::GuestCall;
using runtime::Run;

Run<std::unique_ptr<AsyncCall>> AsyncCall::start(os::EventLoop& loop, runtime::Store& store,
                                                 const runtime::Extern& func,
                                                 std::span<const abi::Value> args,
                                                 std::function<void()> done) {
  std::unique_ptr<AsyncCall> async(new AsyncCall(loop, store, std::move(done)));
  Run<std::unique_ptr<GuestCall>> call = GuestCall::start(store, func, args);
  if (call) {
    async->call_ = std::move(*call);
    async->after({});
  } else if (call.error().is_trap()) {
    async->end(std::unexpected(std::move(call).error()));
  } else {
    return std::unexpected(std::move(call).error());
  }
  return async;
}

AsyncCall::~AsyncCall() {
  suspended_ = nullptr;  // before the guest: it may look at its memory
}

Run<void> AsyncCall::take_outcome() {
  if (outcome_->has_value()) return {};
  runtime::Failure taken(Error(ErrorCode::usage, "the result of the call was taken already"));
  return std::unexpected(std::exchange(outcome_->error(), std::move(taken)));
}

void AsyncCall::after(Run<void> ran) {
  if (!ran || !call_->is_parked()) return end(std::move(ran));
  suspended_.reset(static_cast<SuspendedCall*>(call_->operation()));
  wait();
}

void AsyncCall::wait() {
  auto started = suspended_->operation().start(loop_, [this] { go_on(); });
  if (!started) {
    auto trap = abi::make_trap(abi::TrapKind::host_error,
                               "cannot wait: " + std::string(host::errno_text(started.error())));
    return end(std::unexpected(call_->fail(std::move(trap))));
  }
  os::Watch* watch = store_.watch();
  if (watch == nullptr || time_limit_.is_waiting()) return;
  if (auto deadline = watch->deadline()) {
    // If it cannot be waited for, the guest finds out when it is resumed.
    static_cast<void>(loop_.wait(time_limit_, {.deadline = deadline}).has_value());
  }
}

void AsyncCall::go_on() {
  std::optional<abi::Outcome> outcome = suspended_->go_on(call_->host_results().data());
  if (!outcome) return wait();
  suspended_ = nullptr;
  time_limit_.stop();
  if (outcome->is_trapped()) {
    end(std::unexpected(call_->fail(std::move(*outcome).take_trap())));
  } else {
    after(call_->resume());
  }
}

void AsyncCall::reach_time_limit() {
  suspended_ = nullptr;
  end(std::unexpected(call_->fail(abi::make_trap(abi::TrapKind::time_limit))));
}

void AsyncCall::end(Run<void> outcome) {
  suspended_ = nullptr;
  time_limit_.stop();
  outcome_ = std::move(outcome);
  // In the loop's next turn, also if the guest never waited.
  if (done_) static_cast<void>(loop_.wait(end_, {.deadline = 0}).has_value());
}

}  // namespace nacre::wasi
