#include "runtime/guest_call.h"

#include <algorithm>
#include <new>
#include <utility>

#include "os/fault.h"
#include "runtime/entry.h"
#include "runtime/store.h"

namespace nacre::runtime {

using abi::TrapKind;

Run<std::unique_ptr<GuestCall>> GuestCall::start(Store& store, const Extern& item,
                                                 std::span<const abi::Value> args) {
  if (!store.owns(item))
    return nacre::fail(ErrorCode::usage, "the function belongs to another store");
  if (item.func() == nullptr) return nacre::fail(ErrorCode::usage, "this handle is not a function");
  if (store.running()) return nacre::fail(ErrorCode::usage, "a guest is running in the store");
  abi::FuncObject& func = *item.func();
  std::unique_ptr<GuestCall> call(new (std::nothrow) GuestCall(store, func));
  if (call == nullptr) return nacre::fail(ErrorCode::out_of_memory, "no room for a call");
  const wasm::FuncType& type = store.type_of(func);
  call->type_ = &type;
  call->values_ = TRY(FixedArray<abi::Value>::create(
      std::max(type.params.size(), type.results.size()), store.engine().fail_point()));
  std::span<abi::Value> room(call->values_.begin(), type.results.size());
  TRY(check_args(store, type, args, room));
  std::copy(args.begin(), args.end(), call->values_.begin());
  call->stack_ = TRY(store.take_stack());
  store.note_entry();
  store.add_call(*call);
  TRY(call->go_on(Step::start));
  return call;
}

GuestCall::~GuestCall() {
  if (store_ == nullptr) return;
  if (is_parked()) static_cast<void>(cancel());
  store_->remove_call(*this);
}

std::span<abi::Value> GuestCall::host_results() const {
  return {stack_->suspension.values, host_function().type.results.size()};
}

std::span<const abi::Value> GuestCall::results() const {
  return {values_.begin(), type_->results.size()};
}

Run<void> GuestCall::resume() {
  if (store_->running()) return nacre::fail(ErrorCode::usage, "a guest is running in the store");
  store_->resume(*stack_);
  return go_on(Step::resume);
}

Run<void> GuestCall::go_on(Step step) {
  os::ensure_signal_stack();
  abi::Outcome outcome = enter(step);
  if (outcome.is_suspended()) {
    stack_->suspend_depth = 0;
    store_->park();
    return {};
  }
  if (outcome.is_trapped()) store_->note_trap(outcome.trap());
  store_->give_back(*std::exchange(stack_, nullptr));
  if (outcome.is_trapped()) return std::unexpected(std::move(outcome).take_trap());
  return {};
}

abi::Outcome GuestCall::enter(Step step) {
  abi::ExecContext& exec = *stack_;
  abi::Executor& executor = store_->engine().executor();
  Entry entry(*store_, exec);
  if (step == Step::resume) exec.stack_use.unpark();
  exec.suspend_depth = exec.stack_use.depth();
  TrapKind stop = entry.refused() != TrapKind::none ? entry.refused() : stop_;
  if (stop != TrapKind::none) {
    abi::TrapPtr trap = abi::make_trap(stop);
    if (step == Step::resume && func_.host == nullptr) executor.abandon(exec, *trap);
    return trap;
  }
  abi::Outcome outcome;
  if (func_.host == nullptr) {
    outcome = step == Step::start ? executor.call(exec, func_, values_.data())
                                  : executor.resume(exec, values_.data());
  } else if (step == Step::start) {
    outcome = abi::call_host_func(*func_.host, {.exec = exec, .caller = nullptr}, values_.data());
  }
  if (outcome.is_suspended()) {
    stop_ = abi::stop_reason(exec);  // a limit that it reached as it began to wait
    entry.note_suspended();
  }
  return outcome;
}

Failure GuestCall::fail(abi::TrapPtr trap) {
  stack_->stack_use.enter();
  stack_->stack_use.unpark();
  if (func_.host == nullptr) store_->engine().executor().abandon(*stack_, *trap);
  stack_->stack_use.leave();
  store_->note_end(*trap);
  store_->abandon(*std::exchange(stack_, nullptr));
  return trap;
}

void GuestCall::store_ended() {
  store_ = nullptr;
  stack_ = nullptr;
}

}  // namespace nacre::runtime
