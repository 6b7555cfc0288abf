// The machine code of one module: made function by function, when each is called for the first
// time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "abi/code.h"
#include "native/compiler.h"
#include "native/options.h"
#include "native/stubs.h"
#include "os/code_memory.h"
#include "os/fault.h"
#include "wasm/names.h"

namespace nacre::native {

// Thread-safe.
class ModuleCode final : public abi::ModuleCode {
 public:
  // `compiler` and `stubs` outlive it. Errors: out_of_memory.
  static Result<std::unique_ptr<abi::ModuleCode>> create(const abi::ModuleInput& input,
                                                         const Options& options, Compiler& compiler,
                                                         Stubs& stubs);
  ~ModuleCode() override;

  // Address space for the code of so many functions and bytes of bodies: as much as any needs.
  static uint64_t code_bytes_for(uint64_t functions, uint64_t body_bytes);
  // The slots of so many functions, rounded up to where code can begin.
  static uint64_t slot_bytes_for(uint64_t functions) {
    return (sizeof(void*) * functions + 63) & ~uint64_t{63};
  }

  Result<void> attach(abi::VmCtx& vmctx, std::span<abi::FuncObject> functions) override;
  Result<uint64_t> compile_all() override;
  Result<abi::CodeListing> list(uint32_t function, const os::CpuFeatures& cpu) override;

  // The entry of a function that the module defines; made now if nobody asked before. Errors: those
  // of validation, if that is lazy; limit; out_of_memory; stopped, if what runs on this thread is
  // to stop before it is made, or before another thread has made it.
  Result<const void*> function(uint32_t index);
  // How the host enters it.
  Result<HostEntry> host_entry(uint32_t index);

  struct Place {
    uint32_t function;
    uint64_t module_offset;  // of the instruction
  };
  // Which instruction a position of its code belongs to. An access may stand where a call returns
  // to, so who asks says which of the two it has. Nothing if the address is not noted as that.
  enum class At : uint8_t {
    behind_call,
    access,  // its first byte
  };
  std::optional<Place> find(const uint8_t* pc, At at) const;

  // How far a function has made its frame, or undone it.
  enum class FrameState : uint8_t {
    none,    // the stack pointer is at the return address, the frame pointer is the caller's
    pushed,  // the caller's frame pointer lies on top of it
    linked,  // and the frame pointer is its own
    whole,   // and the VmCtx is below it
  };
  struct Interrupted {
    bool in_function = false;  // else in a thunk in front of one
    uint32_t function = 0;
    uint64_t module_offset = 0;  // of the instruction, or of the nearest noted one before it
    FrameState frame = FrameState::none;
  };
  // Where any instruction of this code belongs; nothing if it is none of it.
  std::optional<Interrupted> find_interrupted(const uint8_t* pc) const;

  struct FunctionCode {
    Bytes code;  // as it is executed
    uint32_t index = 0;
    std::vector<CodePosition> positions;
  };
  // What was compiled so far.
  const FunctionCode* function_code(uint32_t index) const;

 private:
  ModuleCode(const abi::ModuleInput& input, const Options& options, Compiler& compiler,
             Stubs& stubs);
  Result<void> map();
  Result<void> make_room();
  // Without address space for guards, memories are checked; code that relies on them must not run.
  Result<void> choose_guards(const abi::VmCtx& vmctx);
  void compile_first();
  // The function whose code `pc` is in; null if it is in none. Under the lock.
  const FunctionCode* function_at(const uint8_t* pc) const;
  void populate_ahead();
  Result<void> compile(uint32_t index);
  // Tells the listener of functions_[first] and those behind it.
  void announce(size_t first);
  void make_thunk(uint32_t index);
  const wasm::Module& module() const { return info_.module(); }
  uint64_t module_offset(const FunctionCode& function, uint32_t body_offset) const {
    return module().offset_of(module().body_of(function.index).data()) + body_offset;
  }
  std::atomic<const void*>* slots() const {
    return reinterpret_cast<std::atomic<const void*>*>(memory_.writable());
  }

  wasm::ValidModuleInfo info_;
  Options options_;
  Stubs& stubs_;
  bool bodies_valid_;
  wasm::FunctionNames names_;
  std::string module_name_;  // for the listener; empty without one

  // Held while functions are compiled, which is long; mutex_ while what they became is noted or
  // looked up, which is short. Who wants both takes this one first.
  std::mutex compiling_;
  mutable std::mutex mutex_;  // guarded_memories_, functions_
  // Slots first: one for each function that is defined, null until code calls it.
  os::CodeMemory memory_;
  os::CodeRange fault_range_;
  std::atomic<bool> has_room_{false};  // memory_ is there
  size_t used_ = 0;
  size_t populated_ = 0;  // so far there are pages
  std::unique_ptr<ModuleCompiler> compiler_;
  bool guarded_memories_;                                   // whether code relies on their guards
  std::vector<std::unique_ptr<FunctionCode>> functions_;    // by rising address
  std::unique_ptr<std::atomic<const void*>[]> entries_;     // by function; null: not compiled
  std::unique_ptr<std::atomic<HostEntry>[]> host_entries_;  // by type
};

}  // namespace nacre::native
