// What a tier is: it turns a validated module into something callable and runs it. The runtime
// knows tiers only through these classes; src/api chooses and injects one.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "base/result.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wasm/validate/validate.h"

namespace nacre::abi {

// A thread of execution inside a store: the guest's own stack and who is running on it. Nested
// calls (host function calls back into wasm) continue where the outer one stands.
struct ExecContext {
  uint8_t* stack_begin = nullptr;  // lowest address of the guest stack; it grows upwards
  uint8_t* stack_end = nullptr;
  uint8_t* stack_top = nullptr;   // first free byte while host code runs; 16-byte aligned
  uint32_t host_depth = 0;        // nested entries from the host
  uint32_t max_host_depth = 200;  // each costs native stack: 200 x a few KiB stays far below 8 MiB
};

// What a tier made of one module. Shared by all instances of it; thread-safe.
class ModuleCode {
 public:
  virtual ~ModuleCode() = default;

  // Compiles every function that the module defines, now, on the calling thread; the answer is the
  // bytes of machine code made. Errors: unsupported, from a tier that makes none.
  virtual Result<uint64_t> compile_all() {
    return fail(ErrorCode::unsupported, "this tier makes no machine code");
  }
};

// A validated module. Refers to the wasm::Module, the type ids and the registry behind it; all of
// them outlive the code that is made of it.
struct ModuleInput {
  const wasm::ValidModuleInfo& info;
  const wasm::TypeRegistry& registry;
};

class Tier {
 public:
  virtual ~Tier() = default;
  virtual std::string_view name() const = 0;  // as in --tier=NAME

  // Called once per module, after validation. Work that can wait until a function's first call
  // does.
  virtual Result<std::unique_ptr<ModuleCode>> prepare(const ModuleInput& input) = 0;

  // Calls a wasm function (function.host is null) from the host: arguments in `values`, results
  // left there. On a trap, adds this activation's frames to it.
  virtual Outcome call(ExecContext& exec, FuncObject& function, Value* values) = 0;
};

inline constexpr uint64_t kGrowFailed = ~uint64_t{0};

}  // namespace nacre::abi
