// A module that was decoded, validated and given to the engine's tier: ready to be instantiated,
// any number of times, in any store of its engine.
//
// Immutable, shared; all methods may be called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "abi/code.h"
#include "base/bytes.h"
#include "base/result.h"
#include "runtime/engine.h"
#include "wasm/module.h"
#include "wasm/names.h"
#include "wasm/validate/validate.h"

namespace nacre::runtime {

struct ModuleOptions {
  // eager: every function body before create() returns. lazy: each at its first call; a body that
  // is not valid then traps with the validation error. Everything else is always checked at once.
  enum class Validate : uint8_t { eager, lazy };
  Validate validate = Validate::eager;
};

class Module;
using ModulePtr = std::shared_ptr<const Module>;

class Module {
 public:
  // From the binary format. `backing` owns what `bytes` views and is kept; it may be null if
  // `bytes` outlives the module. Errors: malformed, invalid, limit, unsupported, out_of_memory.
  static Result<ModulePtr> create(std::shared_ptr<Engine> engine, Bytes bytes,
                                  std::shared_ptr<const void> backing, ModuleOptions options = {});
  // The same for bytes that the module takes over.
  static Result<ModulePtr> create(std::shared_ptr<Engine> engine, std::vector<uint8_t> bytes,
                                  ModuleOptions options = {});

  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  Engine& engine() const { return *engine_; }
  const std::shared_ptr<Engine>& shared_engine() const { return engine_; }
  const wasm::Module& wasm() const { return wasm_; }
  const wasm::ValidModuleInfo& info() const { return *info_; }
  // The engine-wide ids of the type section.
  const std::vector<wasm::CanonTypeId>& type_ids() const { return info_->type_ids(); }
  wasm::CanonTypeId type_id(wasm::TypeIdx index) const { return type_ids()[wasm::index_of(index)]; }
  // The type of an import that is a function; null for others.
  const wasm::FuncType* imported_func_type(const wasm::Import& import) const;
  abi::ModuleCode& code() const { return *code_; }
  // Fails with unsupported if the module contains an instruction that no tier runs; names it.
  // Bodies that are validated lazily are not searched: there such an instruction traps.
  Result<void> check_runs() const;

  // The module's name in the name section; empty if it has none.
  std::string_view name() const { return name_; }
  // From the name section, an export or an import, or "func[12]"; printable.
  std::string function_name(uint32_t function) const;

 private:
  Module(std::shared_ptr<Engine> engine, wasm::Module module);
  static Result<ModulePtr> create(std::shared_ptr<Engine> engine, wasm::Module decoded,
                                  ModuleOptions options);

  std::shared_ptr<Engine> engine_;
  wasm::Module wasm_;
  std::optional<wasm::ValidModuleInfo> info_;
  wasm::FunctionNames function_names_;
  std::string name_;
  std::unique_ptr<abi::ModuleCode> code_;  // goes before what it refers to
};

}  // namespace nacre::runtime
