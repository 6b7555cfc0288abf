// Instances of modules and components, and aliases.
#include "component/limits.h"
#include "component/validate/validator.h"

namespace nacre::component {

using wasm::ExternKind;

namespace {

std::unexpected<Error> out_of_bounds(Sort sort, uint32_t index) {
  std::string text(sort_text(sort));
  if (text.starts_with("core ")) text.erase(0, 5);
  return invalid("unknown ", text, " ", std::to_string(index), ": ", text, " index out of bounds");
}

}  // namespace

// ---- core instances

Result<CoreItem> Validator::core_item_at(const SortIndex& item, const Scope& scope) const {
  CoreItem result{.kind = extern_kind(item.sort)};
  auto take = [&](const auto& list, auto& into) -> Result<CoreItem> {
    if (item.index >= list.size()) return out_of_bounds(item.sort, item.index);
    into = list[item.index];
    return result;
  };
  switch (item.sort) {
    case Sort::core_func:
      return take(scope.core_funcs, result.type);
    case Sort::core_table:
      return take(scope.core_tables, result.table);
    case Sort::core_memory:
      return take(scope.core_memories, result.memory);
    case Sort::core_global:
      return take(scope.core_globals, result.global);
    case Sort::core_tag:
      return take(scope.core_tags, result.type);
    default:
      return invalid("a core instance cannot export a ", sort_text(item.sort));
  }
}

Result<void> Validator::define(const CoreInstance& instance, Scope& scope) {
  TRY(types_.spend(instance.exports.size() + instance.arguments.size()));
  CoreExports exports;
  if (instance.module) exports = TRY(instantiate_module(instance, scope));
  for (const CoreInstance::Export& item : instance.exports) {
    if (exports.emplace(item.name, TRY(core_item_at(item.item, scope))).second) continue;
    return invalid("export name ", quoted(item.name), " already defined");
  }
  scope.core_instances.push_back(std::move(exports));
  return {};
}

Result<CoreExports> Validator::instantiate_module(const CoreInstance& instance,
                                                  const Scope& scope) const {
  if (*instance.module >= scope.core_modules.size()) {
    return out_of_bounds(Sort::core_module, *instance.module);
  }
  std::unordered_map<std::string_view, const CoreExports*> arguments;
  for (const CoreInstance::Argument& argument : instance.arguments) {
    if (argument.instance >= scope.core_instances.size()) {
      return out_of_bounds(Sort::core_instance, argument.instance);
    }
    if (!arguments.emplace(argument.name, &scope.core_instances[argument.instance]).second) {
      return invalid("duplicate module instantiation argument named ", quoted(argument.name));
    }
  }
  const ModuleType& module = types_.module(scope.core_modules[*instance.module]);
  TRY(types_.spend(module.imports.size() + module.exports.size()));
  Matcher matcher(types_, registry_);
  for (const CoreImport& import : module.imports) {
    auto argument = arguments.find(import.module);
    if (argument == arguments.end()) {
      return invalid("missing module instantiation argument named ", quoted(import.module));
    }
    auto found = argument->second->find(import.name);
    if (found == argument->second->end()) {
      return invalid("module instantiation argument ", quoted(import.module),
                     " does not export an item named ", quoted(import.name));
    }
    Result<void> checked = matcher.check(found->second, import.item);
    if (!checked) {
      return std::unexpected(std::move(checked).error().with_context(
          "type mismatch for export " + quoted(import.name) + " of module instantiation argument " +
          quoted(import.module)));
    }
  }
  CoreExports exports;
  for (const CoreExport& item : module.exports) exports.emplace(item.name, item.item);
  return exports;
}

// ---- instances

Result<void> Validator::define(const Instance& instance, Scope& scope) {
  TypeId type =
      instance.component ? TRY(instantiate(instance, scope)) : TRY(bag_of_exports(instance, scope));
  scope.instances.push_back(type);
  return {};
}

Result<TypeId> Validator::instantiate(const Instance& instance, const Scope& scope) {
  if (*instance.component >= scope.components.size()) {
    return out_of_bounds(Sort::component, *instance.component);
  }
  // A copy: types are added while it is used.
  TypeDef component = types_.at(scope.components[*instance.component]);
  TRY(types_.spend(instance.arguments.size() + component.imports.size() +
                   component.exports.size()));
  std::unordered_map<std::string_view, Entity> arguments;
  for (const Instance::Argument& argument : instance.arguments) {
    Entity entity = TRY(item(argument.item, scope));
    if (arguments.emplace(argument.name, entity).second) continue;
    return invalid("instantiation argument ", quoted(argument.name),
                   " conflicts with previous argument ", quoted(argument.name));
  }
  Substitution given_by;
  Substitution by;
  for (ResourceId id : component.imported_resources) {
    by.resources.emplace(id, Substitution::kUnbound);
  }
  Matcher matcher(types_, registry_);
  for (const NamedEntity& import : component.imports) {
    auto argument = arguments.find(import.name);
    if (argument == arguments.end()) {
      return invalid("missing import named ", quoted(import.name));
    }
    Result<void> checked = matcher.check(argument->second, import.entity, given_by, by);
    if (!checked) {
      return std::unexpected(std::move(checked).error().with_context("type mismatch for import " +
                                                                     quoted(import.name)));
    }
  }
  for (ResourceId id : component.defined_resources) {
    by.resources.insert_or_assign(id, types_.add_resource());
  }
  TypeDef result{.kind = Type::Kind::instance};
  for (const NamedEntity& item : component.exports) {
    result.exports.push_back({item.name, TRY(substitute(types_, item.entity, by))});
  }
  return types_.add(std::move(result));
}

Result<TypeId> Validator::bag_of_exports(const Instance& instance, const Scope& scope) {
  TypeDef result{.kind = Type::Kind::instance};
  Names names;
  for (const Instance::Export& exported : instance.exports) {
    Entity entity = TRY(item(exported.item, scope));
    // Its types are those of the component around it, so they have no names in it.
    TRY(add_name(exported.name, entity, "export", names, /*names_resources=*/false));
    result.exports.push_back({exported.name.name, entity});
  }
  return types_.add(std::move(result));
}

// ---- aliases

Result<void> Validator::define(const Alias& alias, Scope& scope) {
  bool in_type = scope.kind != Scope::Kind::component;
  bool is_type = alias.sort == Sort::type || alias.sort == Sort::core_type;
  bool is_instance = alias.sort == Sort::instance && alias.target == Alias::Target::export_;
  if (in_type && ((!is_type && !is_instance) || alias.target == Alias::Target::core_export)) {
    return invalid(
        "an alias in a component type or instance type may only refer to types or "
        "instances");
  }
  switch (alias.target) {
    case Alias::Target::export_:
      return alias_export(alias, scope);
    case Alias::Target::core_export:
      return alias_core_export(alias, scope);
    case Alias::Target::outer:
      return alias_outer(alias, scope);
  }
  return {};
}

const Entity* Validator::find_export(TypeId instance, std::string_view name) {
  auto [found, is_new] = exports_.try_emplace(instance);
  if (is_new) {
    for (const NamedEntity& item : types_.at(instance).exports) {
      found->second.emplace(item.name, item.entity);
    }
  }
  auto item = found->second.find(name);
  return item == found->second.end() ? nullptr : &item->second;
}

Result<void> Validator::alias_export(const Alias& alias, Scope& scope) {
  if (alias.instance >= scope.instances.size()) {
    return out_of_bounds(Sort::instance, alias.instance);
  }
  const Entity* found = find_export(scope.instances[alias.instance], alias.name);
  if (found == nullptr) {
    return invalid("instance ", std::to_string(alias.instance), " has no export named ",
                   quoted(alias.name));
  }
  if (found->sort != alias.sort) {
    std::string_view wanted = alias.sort == Sort::core_module ? "module" : sort_text(alias.sort);
    return invalid("export ", quoted(alias.name), " for instance ", std::to_string(alias.instance),
                   " is not a ", wanted);
  }
  add(*found, scope);
  return {};
}

Result<void> Validator::alias_core_export(const Alias& alias, Scope& scope) {
  if (alias.instance >= scope.core_instances.size()) {
    return out_of_bounds(Sort::core_instance, alias.instance);
  }
  const CoreExports& exports = scope.core_instances[alias.instance];
  auto found = exports.find(alias.name);
  if (found == exports.end()) {
    return invalid("core instance ", std::to_string(alias.instance), " has no export named ",
                   quoted(alias.name));
  }
  const CoreItem& item = found->second;
  if (item.kind != extern_kind(alias.sort)) {
    return invalid("export ", quoted(alias.name), " for core instance ",
                   std::to_string(alias.instance), " is not a ",
                   extern_kind_text(extern_kind(alias.sort)));
  }
  switch (item.kind) {
    case ExternKind::func:
      scope.core_funcs.push_back(item.type);
      break;
    case ExternKind::table:
      scope.core_tables.push_back(item.table);
      break;
    case ExternKind::memory:
      scope.core_memories.push_back(item.memory);
      break;
    case ExternKind::global:
      scope.core_globals.push_back(item.global);
      break;
    case ExternKind::tag:
      scope.core_tags.push_back(item.type);
      break;
  }
  return {};
}

Result<void> Validator::alias_outer(const Alias& alias, Scope& scope) {
  const Scope* outer = &scope;
  bool leaves_component = false;
  for (uint32_t i = 0; i < alias.count && outer != nullptr; ++i) {
    leaves_component |= outer->kind == Scope::Kind::component;
    outer = outer->parent;
  }
  if (outer == nullptr) {
    return invalid("invalid outer alias count of ", std::to_string(alias.count));
  }
  auto has_index = [&](const auto& list) { return alias.index < list.size(); };
  switch (alias.sort) {
    case Sort::core_module:
      if (!has_index(outer->core_modules)) break;
      scope.core_modules.push_back(outer->core_modules[alias.index]);
      return {};
    case Sort::core_type: {
      if (!has_index(outer->core_types)) break;
      CoreTypeEntry entry = outer->core_types[alias.index];
      scope.core_types.push_back(entry);
      return {};
    }
    case Sort::component:
      if (!has_index(outer->components)) break;
      scope.components.push_back(outer->components[alias.index]);
      return {};
    case Sort::type: {
      if (!has_index(outer->types)) break;
      TypeId type = outer->types[alias.index];
      if (leaves_component && !TRY(types_.free_resources(type)).empty()) {
        return invalid(
            "the aliased type transitively refers to resources, which are not those of "
            "this component");
      }
      scope.types.push_back(type);
      return {};
    }
    default:
      return invalid("an outer alias may only refer to types, modules or components");
  }
  return out_of_bounds(alias.sort, alias.index);
}

}  // namespace nacre::component
