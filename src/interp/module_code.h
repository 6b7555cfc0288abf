// The interpreter's code of a module: nothing is made until a function is first called.
#pragma once

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "abi/code.h"
#include "interp/machine.h"
#include "interp/tier.h"

namespace nacre::interp {

// Thread-safe. A function that was never called costs one pointer; steps take memory only where
// they are written.
class InterpCode final : public abi::ModuleCode {
 public:
  static Result<std::unique_ptr<abi::ModuleCode>> create(const abi::ModuleInput& input,
                                                         Options options);
  ~InterpCode() override;

  Result<const void*> give_away(uint32_t function) override;
  Result<const void*> take_back(uint32_t function) override;

  // The code of a function that the module defines; made now at the first request. Fails if its
  // body is invalid (under lazy validation), or memory ran out.
  Result<const FunctionCode*> function(uint32_t index);

  const wasm::Module& module() const { return info_.module(); }
  // For reg_steps (machine.h).
  uintptr_t steps() const {
    return reinterpret_cast<uintptr_t>(steps_.get()) -
           sizeof(Step) * reinterpret_cast<uintptr_t>(module().bytes.data());
  }
  // The return addresses of functions that a bridge or the host called: bytes of the module's
  // header, which is not code.
  const uint8_t* bridge_pc() const { return module().bytes.data(); }
  const uint8_t* exit_pc() const { return module().bytes.data() + 1; }
  const wasm::FuncType& type(uint32_t index) const;

  // Which instruction of a function holds a byte of its body.
  struct Place {
    const FunctionCode* code;
    const uint8_t* pc;
    uint64_t offset = 0;  // of the instruction in the module: what is found
  };
  // Places in one function, by rising pc: one walk through it finds them all.
  void find_instructions(std::span<Place*> places) const;

 private:
  InterpCode(const wasm::ValidModuleInfo& info, Options options) : info_(info), options_(options) {}
  Result<std::unique_ptr<FunctionCode>> make(uint32_t index);

  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  wasm::ValidModuleInfo info_;
  Options options_;
  std::mutex making_;                    // of functions, and the steps written for them
  std::unique_ptr<Step[], Free> steps_;  // of each byte of the module
  std::unique_ptr<std::atomic<const FunctionCode*>[]> functions_;
  uint32_t function_count_ = 0;
};

// The code of a function object that a module defines, remembered in it.
Result<const FunctionCode*> code_of(abi::FuncObject& function, const abi::Executor& executor);

// Whether this executor runs the function when it is called now.
bool runs_here(const abi::FuncObject& function, const abi::Executor& executor);

}  // namespace nacre::interp
