// A host function as running code sees it.
//
// `call` gets the arguments in `values` and leaves the results there, one Value each; `values` has
// room for the larger of both. It says how it ended; a trap ends the guest's call. It must not
// throw and must not longjmp (invariants.md: no-unwinding). It may call back into the same store.
//
// A function that may wait asks first how (HostCall::waiting). Where the guest can be parked, it
// starts what it waits for and returns HostCall::suspend(): nothing of it stays on any stack. Its
// results go to Suspension::values before the guest is resumed; `values` stays where it is.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "abi/exec_context.h"
#include "abi/guest_memory.h"
#include "abi/outcome.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "wasm/types.h"

namespace nacre::abi {

// How a host function waits, if it must.
enum class Waiting : uint8_t {
  in_place,   // on this thread, which has called the guest and waits for it
  suspended,  // it returns HostCall::suspend()
  refused,    // it traps: a host function below it on the stack cannot be parked
};

struct HostCall {
  ExecContext& exec;
  VmCtx* caller;  // the instance whose code called; null when the host itself calls

  // The group of instances that the function acts for; null when the host itself calls.
  CallerGroup* group() const { return caller != nullptr ? caller->group : nullptr; }
  // The caller's memory 0 as it is now; empty if it has none.
  GuestMemory memory() const {
    if (caller == nullptr || caller->memory0 == nullptr) return {};
    return GuestMemory(caller->memory0->base, memory_size(*caller->memory0),
                       caller->memory0->shared);
  }

  Waiting waiting() const {
    if (exec.suspend_depth == 0) return Waiting::in_place;
    return exec.stack_use.depth() == exec.suspend_depth ? Waiting::suspended : Waiting::refused;
  }
  // What a function returns that waits for `operation`, an address by which the code that resumes
  // the guest knows it; it is never dereferenced here. Only where waiting() is `suspended`, and by
  // functions that may_block; elsewhere it becomes a trap.
  Outcome suspend(void* operation) const {
    exec.suspension.operation = operation;
    return Outcome::suspended();
  }
};

// The first argument of HostFunc::direct.
struct DirectCall {
  ExecContext* exec = nullptr;
  VmCtx* caller = nullptr;
  // Set, and then owned by the caller, if the guest's call ends here; else unchanged.
  Trap* trap = nullptr;
  const HostFunc* host = nullptr;
};

struct HostFunc {
  wasm::FuncType type;  // references abstract only
  wasm::CanonTypeId canon_type = wasm::kNoCanonType;
  Outcome (*call)(const HostCall& call, void* data, Value* values) = nullptr;
  void* data = nullptr;  // not owned; outlives the store
  // The same function for machine code, or null: by the C calling convention it gets a DirectCall*,
  // `data`, then the arguments, and returns the result. For at most 4 integers and references, 8
  // floats, and one result. It never parks: not used where the guest can be parked and the function
  // may block.
  const void* direct = nullptr;
  bool may_block = false;  // whether the call may wait (reads, polls, sleeps)
  std::string name;        // "module.name", for traces and errors
};

// The trap of a direct call that did not return; such a call cannot park its guest.
TrapPtr direct_trap(Outcome outcome, const HostFunc& host);

// The outcome of a function that did not return; if it is suspended where it must not be, a trap.
void check_ending(Outcome& outcome, const HostFunc& host, ExecContext& exec, Value* values);

// Calls a host function as tiers do.
inline Outcome call_host_func(const HostFunc& host, const HostCall& call, Value* values) {
  Outcome outcome = host.call(call, host.data, values);
  if (!outcome.is_returned()) [[unlikely]]
    check_ending(outcome, host, call.exec, values);
  return outcome;
}

// Machine code addresses members by offsetof.
static_assert(std::is_standard_layout_v<HostFunc> && std::is_standard_layout_v<DirectCall>);

}  // namespace nacre::abi
