// What a tier is: it turns a validated module into something callable and runs it. The runtime
// knows tiers only through these classes; src/api chooses and injects one.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "abi/code_listing.h"
#include "abi/outcome.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "base/result.h"
#include "os/cpu.h"
#include "os/interrupt.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wasm/validate/validate.h"

namespace nacre::abi {

// A thread of execution inside a store: the guest's own stack and who is running on it. Nested
// calls (host function calls back into wasm) continue where the outer one stands. Host code always
// runs on the native stack.
struct ExecContext {
  uint8_t* stack_begin = nullptr;  // lowest address of the guest stack
  uint8_t* stack_end = nullptr;
  // The interpreter's stack grows upwards: its first free byte while host code runs, 16-byte
  // aligned.
  uint8_t* stack_top = nullptr;
  // Machine code's stack grows downwards: below it is free while host code runs.
  uint8_t* frame_top = nullptr;
  void* native_sp = nullptr;  // of the native stack, while machine code runs
  Trap* trap = nullptr;       // owned; why machine code stopped, on its way to Tier::call
  // Whether to stop, and why: a TrapKind. Set by any thread when the guest's time is over, and by a
  // builtin or host function of the thread that runs when another limit is reached: whoever called
  // it stops there then. Cleared when a trap has left the guest.
  os::Interruptible running;
  int64_t fuel = 0;  // what is left, of engines that count it; negative: none
  bool counts_fuel = false;
  uint32_t host_depth = 0;        // nested entries from the host
  uint32_t max_host_depth = 200;  // each costs native stack: 200 x a few KiB stays far below 8 MiB
};

// What a tier made of one module. Shared by all instances of it; thread-safe.
class ModuleCode {
 public:
  virtual ~ModuleCode() = default;

  // Called for each instance before anything of it can run: its records are filled in, `functions`
  // are the function objects of what it defines. Fails if the code cannot run there.
  virtual Result<void> attach(VmCtx&, std::span<FuncObject> /*functions*/) { return {}; }
  // Makes the machine code of every function now, on this thread; how many bytes there are.
  virtual Result<uint64_t> compile_all() {
    return fail(ErrorCode::unsupported, "this tier makes no machine code");
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
};

// Runs a wasm function from the host, arguments in `values` and results left there: 0, or 1 and
// exec->trap says why it stopped.
using HostEntry = uint32_t (*)(ExecContext* exec, FuncObject* function, Value* values);

class Tier {
 public:
  virtual ~Tier() = default;
  virtual std::string_view name() const = 0;  // as in --tier=NAME

  // Called once per module, after validation. Work that can wait until a function's first call
  // does.
  virtual Result<std::unique_ptr<ModuleCode>> prepare(const ModuleInput& input) = 0;

  // Called for each host function before anything can call it.
  virtual Result<void> attach_host(FuncObject& /*function*/) { return {}; }

  // Calls a wasm function (function.host is null) from the host: arguments in `values`, results
  // left there. On a trap, adds this activation's frames to it. The caller counts host_depth.
  virtual Outcome call(ExecContext& exec, FuncObject& function, Value* values) = 0;

  // The same as call() for many calls of `function`; valid as long as the function. Null: there is
  // no shorter way. Errors: out_of_memory.
  virtual Result<HostEntry> host_entry(FuncObject& /*function*/) { return nullptr; }
};

// At the low end of the guest stack: VmCtx::area, then what stubs and functions that call nothing
// use unchecked. Frames end above it.
inline constexpr uint64_t kStackReserveBytes = 32 << 10;
static_assert(kStackReserveBytes >= (wasm::kMaxParams + 1) * sizeof(Value) + (8 << 10) &&
              wasm::kMaxResults <= wasm::kMaxParams);

// Fuel, in all tiers alike (docs/security.md#limits). Entering a function costs the bytes of its
// body. A branch to a loop costs the bytes from the loop's first instruction that is no `block` to
// the end of the branch's opcode. A bulk operation costs its length: elements, or
// bytes divided by this.
inline constexpr uint64_t kBytesPerFuel = 16;

// Takes `amount` of fuel; false: there was not enough.
[[nodiscard]] inline bool take_fuel(ExecContext& exec, uint64_t amount) {
  if (!exec.counts_fuel) return true;
  if (amount > static_cast<uint64_t>(INT64_MAX) || exec.fuel < static_cast<int64_t>(amount)) {
    exec.fuel = -1;
    return false;
  }
  exec.fuel -= static_cast<int64_t>(amount);
  return true;
}

// Why running code is to stop, or none.
inline TrapKind stop_reason(const ExecContext& exec) {
  return static_cast<TrapKind>(exec.running.stop.load(std::memory_order_relaxed));
}
inline void request_stop(ExecContext& exec, TrapKind kind) {
  exec.running.stop.store(static_cast<uint32_t>(kind), std::memory_order_relaxed);
}

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
