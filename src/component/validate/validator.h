// The validator of one component with all that is nested in it. Private to component/validate: the
// work is spread over its files.
#pragma once

#include <string>
#include <unordered_map>

#include "component/features.h"
#include "component/names.h"
#include "component/validate/match.h"
#include "component/validate/scope.h"
#include "component/validate/types.h"
#include "component/validate/validate.h"

namespace nacre::component {

// `invalid`, without place: the definition that is checked adds its own.
template <class... Parts>
std::unexpected<Error> invalid(const Parts&... parts) {
  std::string message;
  (message.append(parts), ...);
  return fail(ErrorCode::invalid, std::move(message));
}
std::string quoted(std::string_view name);

class Validator {
 public:
  Validator(const Features& features, wasm::TypeRegistry& registry, Types& types,
            wasm::ValidateOptions module_options)
      : features_(features), registry_(registry), types_(types), module_options_(module_options) {}

  // The type of a component with these definitions.
  Result<TypeId> component(const Definitions& definitions, Scope* parent);
  // Of all components that were checked.
  std::unordered_map<const Definitions*, IndexSpaces> take_spaces() && {
    return std::move(spaces_);
  }

 private:
  // ---- validate.cc
  Result<void> definitions(const Definitions& list, Scope& scope);
  Result<void> define(const CoreModule& module, Scope& scope);
  Result<void> define(const CoreInstance& instance, Scope& scope);
  Result<void> define(const CoreType& type, Scope& scope);
  Result<void> define(const NestedComponent& component, Scope& scope);
  Result<void> define(const Instance& instance, Scope& scope);
  Result<void> define(const Alias& alias, Scope& scope);
  Result<void> define(const Type& type, Scope& scope);
  Result<void> define(const Canon& canon, Scope& scope);
  Result<void> define(const Import& import, Scope& scope);
  Result<void> define(const Export& item, Scope& scope);
  Result<void> define(const ExportDeclaration& item, Scope& scope);
  Result<void> define(const CustomSection&, Scope&) { return {}; }
  Result<void> check_place(const Definition& definition, const Scope& scope) const;
  Result<TypeId> finish(Scope& scope);
  Result<void> need(Feature feature, std::string_view what) const;

  // ---- externs.cc: imports and exports
  Result<Entity> described(const ExternDesc& desc, Scope& scope, std::vector<ResourceId>* fresh);
  Result<TypeId> fresh_instance(TypeId type, std::vector<ResourceId>* fresh);
  Result<Entity> item(const SortIndex& item, const Scope& scope) const;
  void add(const Entity& entity, Scope& scope);
  Result<void> add_import(const AttributedName& name, const Entity& entity, Scope& scope);
  Result<void> add_export(const AttributedName& name, const Entity& entity, Scope& scope);
  Result<void> add_name(const AttributedName& name, const Entity& entity, std::string_view what,
                        Names& names, bool names_resources);
  Result<void> check_attributes(const AttributedName& name, const ExternName& parsed,
                                const Entity& entity) const;
  Result<void> check_function_name(const ExternName& name, const Entity& entity,
                                   const Names& names) const;
  Result<void> check_resource_name(TypeId resource, const ExternName& name,
                                   const Names& names) const;

  // Whether all that an entity mentions has a name among `named`, or gets one by it.
  using Named = std::unordered_set<TypeId>;
  struct Visibility;
  Result<bool> is_visible(const Entity& entity, const Scope& scope, bool as_import);
  static void name_types(const Types& types, const Entity& entity, Named& named);

  // ---- define_types.cc
  Result<TypeId> value_type(ValType type, const Scope& scope) const;
  Result<TypeId> optional_type(const std::optional<ValType>& type, const Scope& scope) const;
  Result<TypeDef> value_def(const Type& type, const Scope& scope) const;
  Result<TypeDef> func_def(const Type& type, const Scope& scope) const;
  Result<TypeDef> resource_def(const Type& type, Scope& scope);
  Result<TypeId> nested_type(const Type& type, Scope& scope);
  Result<void> check_labels(const Type& type) const;
  Result<TypeId> type_at(uint32_t index, const Scope& scope) const;
  Result<TypeId> type_at(uint32_t index, Type::Kind kind, const Scope& scope) const;

  // ---- core_types.cc
  Result<std::vector<wasm::CanonTypeId>> intern(const CoreRecGroup& group,
                                                const std::vector<wasm::CanonTypeId>& known);
  Result<ModuleTypeId> module_type(const CoreModuleType& type, Scope& scope);
  Result<void> check_supertype(const wasm::CanonType& type) const;
  Result<CoreItem> core_item(const wasm::ExternType& type,
                             const std::vector<wasm::CanonTypeId>& known) const;
  Result<void> check_limits(const CoreModuleType& type) const;
  Result<ModuleTypeId> module_type(const wasm::Module& module,
                                   const std::vector<wasm::CanonTypeId>& ids);
  Result<void> check_core_names(const ModuleType& type) const;

  // ---- instances.cc
  Result<CoreItem> core_item_at(const SortIndex& item, const Scope& scope) const;
  Result<CoreExports> instantiate_module(const CoreInstance& instance, const Scope& scope) const;
  Result<TypeId> instantiate(const Instance& instance, const Scope& scope);
  Result<TypeId> bag_of_exports(const Instance& instance, const Scope& scope);
  Result<void> alias_export(const Alias& alias, Scope& scope);
  Result<void> alias_core_export(const Alias& alias, Scope& scope);
  Result<void> alias_outer(const Alias& alias, Scope& scope);
  const Entity* find_export(TypeId instance, std::string_view name);

  // ---- canons.cc
  struct Options;
  Result<Options> options(const Canon& canon, const Scope& scope) const;
  Result<void> set_option(Options& options, const Option& option, const Scope& scope) const;
  Result<void> check_options(const Options& options, const Canon& canon) const;
  Result<void> lift(const Canon& canon, Scope& scope);
  Result<void> lower(const Canon& canon, Scope& scope);
  Result<void> built_in(const Canon& canon, Scope& scope);
  Result<void> check_built_in_type(const Canon& canon, const Scope& scope) const;
  Result<void> check_copy(const Canon& canon, const Scope& scope) const;
  Result<void> check_text_options(const Canon& canon, const Scope& scope) const;
  Result<wasm::FuncType> task_return(const Canon& canon, const Scope& scope) const;
  Result<wasm::FuncType> context_slot(const Canon& canon) const;
  Result<void> check_memory(uint32_t index, const Scope& scope) const;
  Result<void> check_start(const Canon& canon, const Scope& scope) const;
  Result<const wasm::FuncType*> core_function(uint32_t index, const Scope& scope) const;

  const Features& features_;
  wasm::TypeRegistry& registry_;
  Types& types_;
  wasm::ValidateOptions module_options_;
  std::unordered_map<const Definitions*, IndexSpaces> spaces_;
  // Exports by name, of the instances that were looked into.
  std::unordered_map<TypeId, std::unordered_map<std::string_view, Entity>> exports_;
};

}  // namespace nacre::component
