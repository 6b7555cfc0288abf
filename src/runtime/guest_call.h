// A call of a guest that may wait without a thread.
//
// A host function that would wait answers *pending* instead (abi::HostCall::suspend). The guest
// then leaves its stack as it is: it is parked, start() or resume() returns, and nothing of it is
// left on the native stack. When what it waits for is there, the host writes the results of that
// function and resumes the guest, on any thread:
//
//   auto call = GuestCall::start(store, *instance.find_export("run"), {});
//   while (call && (*call)->is_parked()) {
//     ... until (*call)->operation() is done ...
//     (*call)->host_results()[0].i32 = bytes_read;
//     Run<void> went_on = (*call)->resume();
//   }
//
// Several guests of a store may be parked, each on a stack of its own, and other calls may be made
// meanwhile; only one of them runs at a time. A parked guest uses up its time limit, but neither
// CPU time nor fuel. If its time is over (see os::Watch::deadline), or it was interrupted, it traps
// when it is resumed.
#pragma once

#include <memory>
#include <span>

#include "abi/code.h"
#include "abi/host_func.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "runtime/extern.h"
#include "runtime/failure.h"
#include "runtime/fixed_array.h"
#include "runtime/guest_stack.h"

namespace nacre::runtime {

class Store;

// One thread at a time, together with its store.
class GuestCall {
 public:
  // Calls `func`. Afterwards the guest is parked, or has returned. Errors, and then nothing ran:
  // as of runtime::call; usage also if a guest is running in the store; limit or out_of_memory, if
  // there is no stack. Traps: as of runtime::call.
  static Run<std::unique_ptr<GuestCall>> start(Store& store, const Extern& func,
                                               std::span<const abi::Value> args);
  GuestCall(const GuestCall&) = delete;
  GuestCall& operator=(const GuestCall&) = delete;
  // Cancels a guest that is parked. The host has to end what the guest waited for.
  ~GuestCall();

  bool is_parked() const { return stack_ != nullptr; }
  // ---- While it is parked.
  //
  // The operation that the host function named, and that function.
  void* operation() const { return stack_->suspension.operation; }
  const abi::HostFunc& host_function() const { return *stack_->suspension.function; }
  // Where the results of the host function are to be written.
  std::span<abi::Value> host_results() const;
  // Resumes the guest with them, until it is parked again or returns. Errors (it stays parked):
  // usage, if another guest is running in the store. Traps end the call: those of the guest, and
  // its limits.
  Run<void> resume();
  // Ends the call as if the host function had trapped. The failure is that trap, with the frames of
  // the guest.
  Failure fail(abi::TrapPtr trap);
  // The same with the trap `interrupted`, to cancel it.
  Failure cancel() { return fail(abi::make_trap(abi::TrapKind::interrupted)); }

  // What it returned, once it has.
  std::span<const abi::Value> results() const;

 private:
  friend class Store;
  GuestCall(Store& store, abi::FuncObject& func) : store_(&store), func_(func) {}
  enum class Step : uint8_t { start, resume };
  Run<void> go_on(Step step);
  abi::Outcome enter(Step step);
  // The store is destroyed, and with it the guest.
  void store_ended();

  Store* store_;  // null: destroyed
  abi::FuncObject& func_;
  const wasm::FuncType* type_ = nullptr;
  FixedArray<abi::Value> values_;             // the arguments, then the results
  GuestStack* stack_ = nullptr;               // while it runs or is parked
  abi::TrapKind stop_ = abi::TrapKind::none;  // why it must not go on
};

}  // namespace nacre::runtime
