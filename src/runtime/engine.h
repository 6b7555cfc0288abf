// An Engine is what modules share: the tier that runs them, the features they may use, the
// identities of their types. One per process is enough.
//
// Shared by its modules and stores; immutable but for the type registry and the watchdog, and
// usable from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "abi/code.h"
#include "abi/guest_stacks.h"
#include "base/result.h"
#include "os/memory.h"
#include "os/watchdog.h"
#include "runtime/guest_stack.h"
#include "wasm/features.h"
#include "wasm/type_registry.h"

namespace nacre::runtime {

struct EngineOptions {
  wasm::Features features;
  // How many threads validate one module at most; 0: one per core.
  uint32_t validation_threads = 0;
  // Whether memories get guard regions where that is possible. Off: every access is checked.
  bool guarded_memories = true;
  // Checked builds, for tests: every access beyond a memory's initial last byte faults. Without it,
  // only one beyond the last page of the system does.
  bool memories_end_at_guard = false;
  // Checked builds, for tests: whatever may wait parks its guest (runtime/park_waits.h).
  bool park_waits = false;
  // Address space that all memories and stacks together may reserve. A process has 128 TiB; the
  // rest is for the embedder (invariants.md: limits-by-default).
  uint64_t address_space_bytes = uint64_t{64} << 40;
  // Small guest stacks in use at one time (runtime/guest_stack.h). Each takes two of the 65,530
  // mappings that Linux lets a process have.
  uint32_t max_small_stacks = 20'000;
  // Code counts fuel (abi/exec_context.h), for stores that limit it; the tier was made with
  // the same.
  bool counts_fuel = false;
  // Tests: which allocation fails. Outlives the engine and everything made with it.
  os::FailPoint* fail_point = nullptr;
};

// An engine keeps what it has compiled for a function type, stubs between host and guest, as long
// as it lives; it has room for some 50,000 types. A process that runs ever new modules should make
// a new engine now and then.
class Engine {
 public:
  // Errors: usage (no tier), internal (no fault handler).
  static Result<std::shared_ptr<Engine>> create(std::unique_ptr<abi::Executor> executor,
                                                EngineOptions options = {});
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  abi::Executor& executor() { return *executor_; }
  wasm::TypeRegistry& types() { return types_; }
  const wasm::TypeRegistry& types() const { return types_; }
  const EngineOptions& options() const { return options_; }
  wasm::Features features() const { return options_.features; }

  os::MappingContext mapping() { return {.budget = &address_space_, .fail_point = fail_point()}; }
  os::FailPoint* fail_point() const { return options_.fail_point; }
  StackPool& small_stacks() { return small_stacks_; }
  // Stacks of its stores; empty if the executor does not replace code.
  abi::GuestStacks& guest_stacks() { return guest_stacks_; }
  // Keeps time for the stores; its thread starts when the first one asks. Errors: as
  // os::Watchdog::create.
  Result<std::shared_ptr<os::Watchdog>> watchdog();
  // A number that no other store of the process has.
  static uint64_t next_store_id();

 private:
  Engine(std::unique_ptr<abi::Executor> executor, EngineOptions options);

  EngineOptions options_;
  os::AddressSpaceBudget address_space_;
  StackPool small_stacks_;
  abi::GuestStacks guest_stacks_;
  wasm::TypeRegistry types_;
  std::unique_ptr<abi::Executor> executor_;
  std::mutex watchdog_mutex_;
  std::shared_ptr<os::Watchdog> watchdog_;
};

}  // namespace nacre::runtime
