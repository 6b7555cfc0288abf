#include "runtime/park_waits.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "runtime/guest_call.h"
#include "runtime/store.h"

namespace nacre::runtime {
namespace {

// What a guest waits for: the call that its host function did not make yet.
struct PendingCall {
  const abi::HostFunc& original;
  abi::VmCtx* caller;
  abi::Value* values;
};

abi::Outcome park_or_call(const abi::HostCall& call, void* data, abi::Value* values) {
  const auto& original = *static_cast<const abi::HostFunc*>(data);
  if (call.waiting() != abi::Waiting::suspended) return original.call(call, original.data, values);
  return call.suspend(new PendingCall{original, call.caller, values});
}

// By another thread than the one that the guest ran on.
Run<void> finish(Store& store, GuestCall& call) {
  std::unique_ptr<PendingCall> pending(static_cast<PendingCall*>(call.operation()));
  abi::HostCall host_call{.exec = store.exec(), .caller = pending->caller};
  abi::Outcome outcome = pending->original.call(host_call, pending->original.data, pending->values);
  if (outcome.is_trapped()) return std::unexpected(call.fail(std::move(outcome).take_trap()));
  return call.resume();
}

}  // namespace

abi::HostFunc parking(Store& store, abi::HostFunc original) {
  auto kept = std::make_shared<abi::HostFunc>(std::move(original));
  store.keep(kept);
  abi::HostFunc result = *kept;
  result.call = park_or_call;
  result.direct = nullptr;
  result.data = kept.get();
  return result;
}

abi::Outcome call_parking(Store& store, abi::FuncObject& func, abi::Value* values) {
  const wasm::FuncType& type = store.type_of(func);
  Run<std::unique_ptr<GuestCall>> call =
      GuestCall::start(store, Extern(store.id(), func), {values, type.params.size()});
  if (!call) return std::move(call).error().take_trap();
  while ((*call)->is_parked()) {
    Run<void> went_on;
    std::thread([&] { went_on = finish(store, **call); }).join();
    if (!went_on) return std::move(went_on).error().take_trap();
  }
  std::ranges::copy((*call)->results(), values);
  return {};
}

}  // namespace nacre::runtime
