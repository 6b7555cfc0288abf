#include "tiering/tiered_code.h"

#include <new>
#include <utility>

#include "os/interrupt.h"

namespace nacre::tiering {

Result<std::unique_ptr<TieredCode>> TieredCode::create(
    const wasm::Module& module, std::span<const std::unique_ptr<abi::Executor>> executors,
    std::vector<std::unique_ptr<abi::ModuleCode>> parts, Choice& choice) {
  uint32_t functions = module.defined_functions();
  std::unique_ptr<TieredCode> code(new (std::nothrow)
                                       TieredCode(module.imported_functions, functions, choice));
  if (code != nullptr)
    code->runners_.reset(new (std::nothrow) std::atomic<uint8_t>[functions + 1]());
  if (code == nullptr || code->runners_ == nullptr)
    return fail(ErrorCode::out_of_memory, "no memory for the code of a module");
  for (const auto& executor : executors) code->executors_.push_back(executor.get());
  code->parts_ = std::move(parts);
  for (uint32_t i = 0; i < functions; ++i) {
    code->runners_[i].store(static_cast<uint8_t>(choice.first(module.imported_functions + i)),
                            std::memory_order_relaxed);
  }
  return code;
}

Result<std::unique_lock<std::mutex>> TieredCode::lock_moving() {
  std::unique_lock lock(moving_, std::defer_lock);
  if (!os::lock_unless_stopped(lock))
    return fail(ErrorCode::stopped, "waiting for the code of a function was stopped");
  return lock;
}

// Where machine code goes agrees with runners_ when the lock is released: else it would leave for
// an executor that comes back to it, for ever.
Result<void> TieredCode::move(uint32_t function, uint32_t executor) {
  std::unique_lock lock = TRY(lock_moving());
  std::atomic<uint8_t>& runner = runners_[function - first_function_];
  uint8_t before = runner.exchange(static_cast<uint8_t>(executor));
  if (before == executor) return {};
  if (auto taken = parts_[executor]->take_back(function); !taken) {
    runner.store(before);
    return std::unexpected(std::move(taken).error());
  }
  TRY(parts_[before]->give_away(function));
  return {};
}

Result<void> TieredCode::attach(abi::VmCtx& vmctx, std::span<abi::FuncObject> functions) {
  for (auto& part : parts_) TRY(part->attach(vmctx, functions));
  return {};
}

// Called by machine code, for the first time.
Result<const void*> TieredCode::entry(uint32_t function) {
  std::unique_lock lock = TRY(lock_moving());
  bool is_machine_code = &machine_code() == parts_[runners_[function - first_function_]].get();
  return is_machine_code ? machine_code().entry(function) : machine_code().give_away(function);
}

Result<const void*> TieredCode::object_entry(uint32_t function) {
  return machine_code().object_entry(function);
}

abi::ModuleCode& TieredCode::made_by(const abi::Executor& executor) {
  for (size_t i = 0; i < executors_.size(); ++i) {
    if (executors_[i] == &executor) return *parts_[i];
  }
  return *this;
}

Result<abi::CodeListing> TieredCode::list(uint32_t function, const os::CpuFeatures& cpu) {
  return machine_code().list(function, cpu);
}

}  // namespace nacre::tiering
