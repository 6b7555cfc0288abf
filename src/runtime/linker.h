// Finds what a module imports, by module and field name, and instantiates it.
//
// A linker belongs to one store and must not outlive it; one thread at a time. Host functions that
// are only described (HostFuncDef) become functions of the store when something imports them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/failure.h"
#include "runtime/host_func.h"
#include "runtime/instance.h"
#include "runtime/store.h"

namespace nacre::runtime {

enum class UnknownImports : uint8_t {
  deny,  // an error that lists all of them
  trap,  // functions are replaced by ones that trap (unlinked_import); the rest is an error
};

class Linker {
 public:
  explicit Linker(Store& store) : store_(store), group_(&store.group()) {}

  // The group of the instances that this linker makes from now on; of the same store.
  void set_group(abi::CallerGroup& group) { group_ = &group; }
  abi::CallerGroup& group() const { return *group_; }

  // Later definitions of a name replace earlier ones. Errors: usage (a handle of another store).
  Result<void> define(std::string_view module, std::string_view name, const Extern& item);
  // All exports of an instance, under a module name.
  Result<void> define_instance(std::string_view module, const Instance& instance);
  // `data`: the State of the functions. It outlives the store, and so do the rows.
  void define_functions(std::string_view module, std::span<const HostFuncDef> functions,
                        void* data);
  // A lambda, which the store keeps.
  template <class F>
  void define_func(std::string_view module, std::string_view name, F function,
                   MayBlock may_block = MayBlock::no) {
    auto kept = std::make_shared<F>(std::move(function));
    add(module, name, Described{host_object<F>({}, may_block), kept.get()});
    store_.keep(std::move(kept));
  }

  // Nothing if it is not defined. `wanted`: of a described function that has several forms, the one
  // of this type; may be null. Errors: as Store::add_func.
  Result<std::optional<Extern>> find(std::string_view module, std::string_view name,
                                     const wasm::FuncType* wanted = nullptr);

  // The imports of a module, in order. Errors: unlinkable, naming every import that is missing, and
  // in a second line ("note: ...") the other host that has them, if it is known. The types of those
  // that were found are checked by instantiate().
  Result<std::vector<Extern>> resolve(const Module& module,
                                      UnknownImports unknown = UnknownImports::deny);
  // resolve() and runtime/instance.h's instantiate().
  Run<Instance*> instantiate(ModulePtr module, UnknownImports unknown = UnknownImports::deny);

 private:
  struct Described {
    HostFuncDef def;
    void* data;
  };
  using Definition = std::variant<Extern, Described>;
  struct Table {
    std::span<const HostFuncDef> functions;
    void* data;
  };
  struct Form {
    const HostFuncDef* def;
    void* data;
    Extern made;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class V>
  using Map = std::unordered_map<std::string, V, Hash, std::equal_to<>>;

  // All items under one module name. A name without a definition is looked for in the tables, the
  // last of them first; a function that is made from a row is a definition from then on.
  struct Names {
    Map<Definition> defined;
    std::vector<Table> tables;
  };

  Names& names_of(std::string_view module);
  Result<std::optional<Extern>> find_in_tables(std::string_view module, Names& names,
                                               std::string_view name, const wasm::FuncType* wanted);
  void add(std::string_view module, std::string_view name, Definition definition);
  Result<Extern> made_form(std::string_view module, const HostFuncDef& def, void* data);

  Store& store_;
  abi::CallerGroup* group_;
  Map<Names> modules_;
  std::vector<Form> forms_;  // of functions that have several; those that something imports
};

}  // namespace nacre::runtime
