// Calls from the host into functions, of guests and of the host.
#pragma once

#include <span>

#include "abi/code.h"
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

// A function that the host calls often: what cannot change between calls is checked once.
//
// A small value; the store outlives it. Calling it is an error once the store was restored for
// another guest (Store::restore).
class PreparedCall {
 public:
  // Errors: usage, as of call(); out_of_memory.
  static Result<PreparedCall> create(Store& store, const Extern& func);

  const wasm::FuncType& type() const { return *type_; }
  // As call(), with arguments and results in the same array: `values` has room for the larger
  // number of both. Only references among the arguments are checked.
  Run<void> operator()(std::span<abi::Value> values) const;
  // Without any check: `values` is large enough, its references are the store's.
  Run<void> run_unchecked(abi::Value* values) const;

 private:
  PreparedCall() = default;
  Failure stale() const;
  abi::Outcome run_slowly(abi::Value* values) const;

  Store* store_ = nullptr;
  abi::FuncObject* func_ = nullptr;
  abi::HostEntry entry_ = nullptr;  // null: through the tier, or the host function itself
  const wasm::FuncType* type_ = nullptr;
  StoreId id_{};
  bool has_refs_ = false;  // among the arguments
};

}  // namespace nacre::runtime
