// The code of a module that several executors run: what each of them made of it, and which one
// runs a function when it is called next.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "abi/code.h"
#include "base/result.h"

namespace nacre::tiering {

class TieredCode;

// Which executor runs a function. Any number of threads asks at a time.
class Choice {
 public:
  virtual ~Choice() = default;
  // The executor for the first call, as an index in the list, of a function that the module
  // defines.
  virtual uint32_t first(uint32_t function) = 0;
  // Called before a call from the host or from another executor, so that it can move functions.
  virtual void before_call(TieredCode& code) = 0;
};

// Thread-safe.
class TieredCode final : public abi::ModuleCode {
 public:
  // `parts`: what each of the executors made. All outlive it. Errors: out_of_memory.
  static Result<std::unique_ptr<TieredCode>> create(
      const wasm::Module& module, std::span<const std::unique_ptr<abi::Executor>> executors,
      std::vector<std::unique_ptr<abi::ModuleCode>> parts, Choice& choice);

  uint32_t first_function() const { return first_function_; }
  uint32_t functions() const { return functions_; }
  uint32_t executors() const { return static_cast<uint32_t>(executors_.size()); }
  // From the next call on, that executor runs the function. Errors: those of compiling it; then the
  // function is not moved.
  Result<void> move(uint32_t function, uint32_t executor);
  abi::Executor& executor_of(uint32_t function) const {
    return *executors_[runners_[function - first_function_].load()];
  }
  Choice& choice() { return choice_; }

  Result<void> attach(abi::VmCtx& vmctx, std::span<abi::FuncObject> functions) override;
  Result<const void*> entry(uint32_t function) override;
  Result<const void*> object_entry(uint32_t function) override;
  abi::ModuleCode& made_by(const abi::Executor& executor) override;
  const abi::Executor* runner(uint32_t function) const override { return &executor_of(function); }
  Result<abi::CodeListing> list(uint32_t function, const os::CpuFeatures& cpu) override;

 private:
  TieredCode(uint32_t first_function, uint32_t functions, Choice& choice)
      : first_function_(first_function), functions_(functions), choice_(choice) {}
  Result<std::unique_lock<std::mutex>> lock_moving();
  // The part of the executor that makes machine code.
  abi::ModuleCode& machine_code() { return *parts_.back(); }

  const uint32_t first_function_;
  const uint32_t functions_;
  Choice& choice_;
  std::vector<abi::Executor*> executors_;
  std::vector<std::unique_ptr<abi::ModuleCode>> parts_;
  std::mutex moving_;                                // held while runners_ change
  std::unique_ptr<std::atomic<uint8_t>[]> runners_;  // by function
};

}  // namespace nacre::tiering
