#include "runtime/engine.h"

#include <atomic>
#include <utility>

#include "os/fault.h"

namespace nacre::runtime {

Engine::Engine(std::unique_ptr<abi::Executor> executor, EngineOptions options)
    : options_(options),
      address_space_(options.address_space_bytes),
      small_stacks_(mapping(), options.max_small_stacks),
      executor_(std::move(executor)) {}

Result<std::shared_ptr<Engine>> Engine::create(std::unique_ptr<abi::Executor> executor,
                                               EngineOptions options) {
  if (executor == nullptr) return fail(ErrorCode::usage, "an engine needs a tier to run code with");
  if (options.guarded_memories) TRY(os::install_fault_handler());
  return std::shared_ptr<Engine>(new Engine(std::move(executor), options));
}

Result<std::shared_ptr<os::Watchdog>> Engine::watchdog() {
  std::lock_guard lock(watchdog_mutex_);
  if (watchdog_ == nullptr) watchdog_ = TRY(os::Watchdog::create());
  return watchdog_;
}

uint64_t Engine::next_store_id() {
  // Only a source of distinct numbers; nothing depends on their values.
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace nacre::runtime
