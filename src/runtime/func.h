// Calls from the host into functions, of guests and of the host.
#pragma once

#include <span>

#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "runtime/extern.h"
#include "runtime/failure.h"

namespace nacre::runtime {

class Store;

// Calls `func` with arguments and room for results, as many as its type says (Store::type_of).
// May be called from a host function that the same store's guest called.
//
// Errors (nothing ran): usage, if a count or a reference does not fit or the function belongs to
// another store; out_of_memory. Traps: what the guest did; call_stack_exhausted also when the host
// and the guest call each other too deep (StoreOptions::max_host_depth).
Run<void> call(Store& store, const Extern& func, std::span<const abi::Value> args,
               std::span<abi::Value> results);

// The same for a function object of this store, as a funcref names it.
Run<void> call(Store& store, abi::FuncObject& func, std::span<const abi::Value> args,
               std::span<abi::Value> results);

}  // namespace nacre::runtime
