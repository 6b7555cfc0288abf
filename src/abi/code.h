// Executors: they turn a validated module into something callable, and call it. The runtime knows
// them only through these classes; src/api chooses one.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "abi/code_listing.h"
#include "abi/exec_context.h"
#include "abi/guest_stacks.h"
#include "abi/outcome.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "base/bytes.h"
#include "base/result.h"
#include "os/cpu.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wasm/validate/validate.h"

namespace nacre::abi {

// Runs a wasm function from the host, arguments in `values` and results left there. How it ended:
// 0, returned; 1, trapped, exec->trap says why; 2, suspended, exec->suspension says on what.
using HostEntry = uint32_t (*)(ExecContext* exec, FuncObject* function, Value* values);

class Executor;

// What an executor made of one module. Shared by all instances of it; thread-safe.
class ModuleCode {
 public:
  virtual ~ModuleCode() = default;

  // Called for each instance before anything of it can run: its records are filled in, `functions`
  // are the function objects of what it defines. Fails if the code cannot run there.
  virtual Result<void> attach(VmCtx&, std::span<FuncObject> /*functions*/) { return {}; }
  // Where machine code enters a function that the module defines (abi/calls.h); made now if it was
  // not called before. Errors: those of validation, if that is lazy; limit; out_of_memory; stopped,
  // if what runs on this thread is to stop before it is made, or before another thread has made it.
  virtual Result<const void*> entry(uint32_t /*function*/) {
    return fail(ErrorCode::unsupported, "this tier makes no machine code");
  }
  // Where a function object of it leads to from now on (FuncObject::code); as entry() otherwise.
  virtual Result<const void*> object_entry(uint32_t function) { return entry(function); }
  // The same as Executor::call for many calls of it; valid as long as the function. Null: there is
  // no shorter way. Errors: out_of_memory.
  virtual Result<HostEntry> host_entry(uint32_t /*function*/) { return nullptr; }

  // ---- Where several executors run functions of one module (tiering/executor.h)
  //
  // What this one of them made of it.
  virtual ModuleCode& made_by(const Executor&) { return *this; }
  // Which one runs a defined function when it is called now; null: there is only one.
  virtual const Executor* runner(uint32_t /*function*/) const { return nullptr; }
  // From now on another one runs the function, or this one again: the next call of it goes there,
  // calls that run finish where they are. Where machine code enters it from now on, or null.
  // Errors: those of entry().
  virtual Result<const void*> give_away(uint32_t /*function*/) { return nullptr; }
  virtual Result<const void*> take_back(uint32_t /*function*/) { return nullptr; }

  // ---- Machine code as a whole
  //
  // Makes the machine code of every function now, on this thread, and the ways into those that are
  // exported; how many bytes there are. Calls of them write no code afterwards, so that processes
  // which share it can be forked.
  virtual Result<uint64_t> compile_all() {
    return fail(ErrorCode::unsupported, "this tier makes no machine code");
  }
  // What compile_all() makes, as bytes that load() takes in another process or a later one. Errors:
  // unsupported.
  virtual Result<std::vector<uint8_t>> save() {
    return fail(ErrorCode::unsupported, "this tier makes no machine code");
  }
  // Takes the machine code of functions from what save() gave of the same module, in place of
  // compiling them; before anything of the module runs. The bytes are trusted: their code is run.
  // Errors: malformed; unsupported, if they are another module's, compiler's or processor's.
  virtual Result<void> load(Bytes /*stored*/) {
    return fail(ErrorCode::unsupported, "this tier runs no machine code");
  }
  // Makes the machine code of a defined function once more, only to be looked at, as a processor
  // with these features would get it. Errors: those of compiling; unsupported.
  virtual Result<CodeListing> list(uint32_t /*function*/, const os::CpuFeatures& /*cpu*/) {
    return fail(ErrorCode::unsupported, "this tier makes no machine code");
  }
};

// A validated module. Refers to the wasm::Module, the type ids and the registry behind it; all of
// them outlive the code that is made of it.
struct ModuleInput {
  const wasm::ValidModuleInfo& info;
  const wasm::TypeRegistry& registry;
  bool bodies_valid = false;  // else each body is validated before it runs
  // All that code of the module runs on; outlives it. Null: not known, and no code is ever freed.
  GuestStacks* stacks = nullptr;
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual std::string_view name() const = 0;  // as in --tier=NAME

  // Called once per module, after validation. Work that can wait until a function's first call
  // does.
  virtual Result<std::unique_ptr<ModuleCode>> prepare(const ModuleInput& input) = 0;

  // Called for each host function before anything can call it.
  virtual Result<void> attach_host(FuncObject& /*function*/) { return {}; }

  // Whether code of one guest may stand at both ends of its stack (exec_context.h).
  virtual bool uses_both_ends() const { return false; }
  // Whether code may take the place of other code, so that it matters who runs it (guest_stacks.h).
  virtual bool replaces_code() const { return false; }

  // Calls a wasm function (function.host is null) from the host: arguments in `values`, results
  // left there. On a trap, adds this activation's frames to it. If it is suspended, nothing of it
  // is on the native stack any more, and exec.suspension says why. The caller counts the entry (StackUse).
  virtual Outcome call(ExecContext& exec, FuncObject& function, Value* values) = 0;

  // Goes on with what is suspended on this stack, as call() would have: what the function that it
  // waits for returns is in exec.suspension.values. Any thread.
  virtual Outcome resume(ExecContext& exec, Value* values) = 0;
  // What is suspended on this stack never goes on: adds its frames to `trap`.
  virtual void abandon(ExecContext& exec, Trap& trap) = 0;
};

// Why no code could be made of a function, as the trap of who called it.
inline TrapPtr make_code_trap(const ExecContext& exec, const Error& error) {
  switch (error.code()) {
    case ErrorCode::stopped: {  // what runs on this thread; if not this store, one below it
      TrapKind reason = stop_reason(exec);
      if (reason == TrapKind::none) reason = static_cast<TrapKind>(exec.running.stop_for_others);
      return make_trap(reason);
    }
    case ErrorCode::out_of_memory:
    case ErrorCode::limit:
      return make_trap(TrapKind::out_of_memory, error.to_string());
    default:
      return make_trap(TrapKind::invalid_code, error.to_string());
  }
}

inline constexpr uint64_t kGrowFailed = ~uint64_t{0};

}  // namespace nacre::abi
