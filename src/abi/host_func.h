// A function of the host as running code sees it.
//
// `call` gets the arguments in `values` and leaves the results there, one Value each; `values` has
// room for the larger of both. It says how it ended; a trap ends the guest's call. It must not
// throw and must not longjmp (invariants.md: no-unwinding). It may call back into the same store.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "abi/guest_memory.h"
#include "abi/outcome.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "wasm/types.h"

namespace nacre::abi {

struct ExecContext;

struct HostCall {
  ExecContext& exec;
  VmCtx* caller;  // the instance whose code called; null when the host itself calls

  // The caller's memory 0 as it is now; empty if it has none.
  GuestMemory memory() const {
    if (caller == nullptr || caller->memory0 == nullptr) return {};
    return GuestMemory(caller->memory0->base, memory_size(*caller->memory0),
                       caller->memory0->shared);
  }
};

// The first argument of HostFunc::direct.
struct DirectCall {
  ExecContext* exec = nullptr;
  VmCtx* caller = nullptr;
  // Set, and owned by the caller then, if the guest's call ends here; else left alone.
  Trap* trap = nullptr;
};

struct HostFunc {
  wasm::FuncType type;  // references abstract only
  wasm::CanonTypeId canon_type = wasm::kNoCanonType;
  Outcome (*call)(const HostCall& call, void* data, Value* values) = nullptr;
  void* data = nullptr;  // not owned; outlives the store
  // The same function for machine code, or null: by the C calling convention it gets a DirectCall*,
  // `data`, then the arguments, and returns the result. For at most 4 integers and references, 8
  // floats, and one result.
  const void* direct = nullptr;
  // Whether the call may wait (reads, polls, sleeps): such calls will run on a fiber.
  bool may_block = false;
  std::string name;  // "module.name", for traces and errors
};
// Machine code addresses members by offsetof.
static_assert(std::is_standard_layout_v<HostFunc> && std::is_standard_layout_v<DirectCall>);

}  // namespace nacre::abi
