// Validation (specification 3.0, chapter 3; proposals: threads, custom page sizes, wide arithmetic,
// legacy exceptions).
//
// validate_module checks everything a module says and returns what the checks found out, which
// later steps (linking, compiling, interpreting, validating bodies lazily) need again. Errors name
// the item ("function 12: type mismatch: expected i32, found i64") and carry the byte offset of the
// instruction from the start of the module; of several faulty functions the lowest index is named,
// however many threads worked.
//
// Nothing else makes a module runnable (invariants.md: validate-first).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wasm/validate/side_table.h"

namespace nacre::wasm {

// wasm/validate/module_context.h: the module as the function validator sees it.
class ModuleContext;

// Const methods may be called from any thread. Refers to the Module and must not outlive it.
class ValidModuleInfo {
 public:
  explicit ValidModuleInfo(std::shared_ptr<const ModuleContext> context);

  const Module& module() const;
  Features features() const;
  // The engine-wide identities of the module's types.
  const std::vector<CanonTypeId>& type_ids() const;
  const ModuleContext& context() const { return *context_; }

 private:
  std::shared_ptr<const ModuleContext> context_;
};

struct ValidateOptions {
  // Check the function bodies too. If not, each must pass validate_function or build_side_table
  // before it runs.
  bool bodies = true;
  // How many threads work on the bodies at most; 0: one per core. Small modules are never worth a
  // thread.
  uint32_t threads = 0;
};

Result<ValidModuleInfo> validate_module(const Module& module, Features features,
                                        TypeRegistry& registry, ValidateOptions options = {});

// Asked now and then whether to give up with an error of kind stopped; null: never.
using StopCheck = bool (*)();

// Checks one body. `function` counts imports, as everywhere.
Result<void> validate_function(const ValidModuleInfo& info, uint32_t function,
                               StopCheck stop = nullptr);

// Checks one body and makes its side table, at about the cost of validate_function. `out` is
// overwritten; its capacity is used again.
Result<FunctionShape> build_side_table(const ValidModuleInfo& info, uint32_t function,
                                       SideTable& out, StopCheck stop = nullptr);

}  // namespace nacre::wasm
