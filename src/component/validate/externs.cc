// Imports and exports: what their types say, and their names.
#include "component/validate/validator.h"

namespace nacre::component {

using Kind = Type::Kind;

// ---- what is imported and exported

// Resources that the description makes are added to `fresh`.
Result<Entity> Validator::described(const ExternDesc& desc, Scope& scope,
                                    std::vector<ResourceId>* fresh) {
  switch (desc.sort) {
    case Sort::core_module: {
      if (desc.index >= scope.core_types.size()) {
        return invalid("unknown core type ", std::to_string(desc.index),
                       ": type index out of bounds");
      }
      const CoreTypeEntry& entry = scope.core_types[desc.index];
      if (!entry.module) {
        return invalid("core type index ", std::to_string(desc.index), " is not a module type");
      }
      return Entity{.sort = Sort::core_module, .module = *entry.module};
    }
    case Sort::func:
      return Entity{.sort = Sort::func, .type = TRY(type_at(desc.index, Kind::func, scope))};
    case Sort::component:
      return Entity{.sort = Sort::component,
                    .type = TRY(type_at(desc.index, Kind::component, scope))};
    case Sort::instance: {
      TypeId type = TRY(type_at(desc.index, Kind::instance, scope));
      return Entity{.sort = Sort::instance, .type = TRY(fresh_instance(type, fresh))};
    }
    case Sort::type: {
      if (!desc.is_fresh_resource) {
        TypeId type = TRY(type_at(desc.index, scope));
        return Entity{.sort = Sort::type, .type = TRY(types_.add_alias(type))};
      }
      ResourceId resource = types_.add_resource();
      if (fresh != nullptr) fresh->push_back(resource);
      TypeDef def{.kind = Kind::resource, .resource = resource};
      return Entity{.sort = Sort::type, .type = TRY(types_.add(std::move(def)))};
    }
    default:
      return invalid("a ", sort_text(desc.sort), " cannot be imported or exported");
  }
}

// The type of one instance of an instance type: its resources are new.
Result<TypeId> Validator::fresh_instance(TypeId type, std::vector<ResourceId>* fresh) {
  if (types_.at(type).defined_resources.empty()) return type;
  TypeDef def = types_.at(type);
  Substitution by;
  for (ResourceId id : def.defined_resources) {
    ResourceId resource = types_.add_resource();
    if (fresh != nullptr) fresh->push_back(resource);
    by.resources.emplace(id, resource);
  }
  TypeDef instance{.kind = Kind::instance};
  for (const NamedEntity& item : def.exports) {
    instance.exports.push_back({item.name, TRY(substitute(types_, item.entity, by))});
  }
  return types_.add(std::move(instance));
}

namespace {

template <class List>
Result<typename List::value_type> at_index(const List& list, const SortIndex& item) {
  if (item.index < list.size()) return list[item.index];
  std::string sort(sort_text(item.sort));
  return invalid("unknown ", sort, " ", std::to_string(item.index), ": ", sort,
                 " index out of bounds");
}

}  // namespace

Result<Entity> Validator::item(const SortIndex& item, const Scope& scope) const {
  switch (item.sort) {
    case Sort::core_module:
      return Entity{.sort = Sort::core_module, .module = TRY(at_index(scope.core_modules, item))};
    case Sort::func:
      return Entity{.sort = Sort::func, .type = TRY(at_index(scope.funcs, item))};
    case Sort::type:
      return Entity{.sort = Sort::type, .type = TRY(at_index(scope.types, item))};
    case Sort::component:
      return Entity{.sort = Sort::component, .type = TRY(at_index(scope.components, item))};
    case Sort::instance:
      return Entity{.sort = Sort::instance, .type = TRY(at_index(scope.instances, item))};
    default:
      return invalid("a ", sort_text(item.sort), " cannot be passed between components");
  }
}

void Validator::add(const Entity& entity, Scope& scope) {
  switch (entity.sort) {
    case Sort::core_module:
      return scope.core_modules.push_back(entity.module);
    case Sort::func:
      return scope.funcs.push_back(entity.type);
    case Sort::component:
      return scope.components.push_back(entity.type);
    case Sort::instance:
      return scope.instances.push_back(entity.type);
    default:
      return scope.types.push_back(entity.type);
  }
}

Result<void> Validator::add_import(const AttributedName& name, const Entity& entity, Scope& scope) {
  TRY(add_name(name, entity, "import", scope.import_names, /*names_resources=*/true));
  if (!TRY(is_visible(entity, scope, /*as_import=*/true))) {
    return invalid("import ", quoted(name.name), ": ", sort_text(entity.sort),
                   " not valid to be used as import: it mentions a type that is not imported "
                   "before it");
  }
  name_types(types_, entity, scope.imported_types);
  scope.imports.push_back({name.name, entity});
  return {};
}

Result<void> Validator::add_export(const AttributedName& name, const Entity& entity, Scope& scope) {
  TRY(add_name(name, entity, "export", scope.export_names, /*names_resources=*/true));
  // Of instance types this is asked where they are used.
  bool is_checked = scope.kind != Scope::Kind::instance_type;
  if (is_checked && !TRY(is_visible(entity, scope, /*as_import=*/false))) {
    return invalid("export ", quoted(name.name), ": ", sort_text(entity.sort),
                   " not valid to be used as export: it mentions a type that is not imported or "
                   "exported before it");
  }
  name_types(types_, entity, scope.exported_types);
  scope.exports.push_back({name.name, entity});
  return {};
}

// ---- names

Result<void> Validator::add_name(const AttributedName& name, const Entity& entity,
                                 std::string_view what, Names& names, bool names_resources) {
  std::string context = std::string(what) + " name " + quoted(name.name);
  Result<ExternName> parsed = parse_extern_name(name.name);
  if (!parsed) {
    return std::unexpected(std::move(parsed).error().with_context(context + " is not valid"));
  }
  auto [previous, is_new] = names.taken.emplace(uniqueness_key(*parsed), name.name);
  if (!is_new) {
    return invalid(context, " conflicts with previous name ", quoted(previous->second));
  }
  Result<void> checked = check_attributes(name, *parsed, entity);
  if (checked) checked = check_function_name(*parsed, entity, names);
  if (!checked) return std::unexpected(std::move(checked).error().with_context(context));
  bool is_resource = entity.sort == Sort::type && types_.kind(entity.type) == Kind::resource;
  if (names_resources && is_resource && parsed->kind == ExternName::Kind::label) {
    std::string label = fold_case(parsed->label);
    names.resources.emplace(entity.type, label);
    names.labels.insert(std::move(label));
  }
  return {};
}

Result<void> Validator::check_attributes(const AttributedName& name, const ExternName& parsed,
                                         const Entity& entity) const {
  if (!name.has_attributes()) return {};
  TRY(need(Feature::implements, "an attribute of a name"));
  if (!name.implements) return {};
  ExternName interface = TRY(parse_extern_name(*name.implements));
  if (!interface.is_interface()) {
    return invalid("the value of implements, ", quoted(*name.implements), ", must be an interface");
  }
  if (entity.sort != Sort::instance) {
    return invalid("only instances can have an `implements`");
  }
  if (parsed.kind != ExternName::Kind::label) {
    return invalid("the name is not valid with `implements`: it must be a label");
  }
  return {};
}

// The rules for constructors, methods and static functions.
Result<void> Validator::check_function_name(const ExternName& name, const Entity& entity,
                                            const Names& names) const {
  if (!name.is_of_resource()) return {};
  if (entity.sort != Sort::func) return invalid("the item is not a func");
  const TypeDef& func = types_.at(entity.type);
  switch (name.kind) {
    case ExternName::Kind::constructor: {
      if (func.first == kNoType) return invalid("a constructor should return one value");
      const TypeDef* result = &types_.at(func.first);
      if (result->kind == Kind::result && result->first != kNoType) {
        result = &types_.at(result->first);
      }
      if (result->kind != Kind::own) {
        return invalid("function should return `(own $T)` or `(result (own $T))`");
      }
      return check_resource_name(result->first, name, names);
    }
    case ExternName::Kind::method: {
      if (func.members.empty()) return invalid("function should have at least one argument");
      const TypeMember& self = func.members.front();
      if (self.label != "self") {
        return invalid("function should have a first argument called `self`");
      }
      const TypeDef& type = types_.at(self.type);
      if (type.kind != Kind::borrow) {
        return invalid("function should take a first argument of `(borrow $T)`");
      }
      return check_resource_name(type.first, name, names);
    }
    default:
      if (names.labels.contains(fold_case(name.resource))) return {};
      return invalid("static resource name is not known in this context");
  }
}

Result<void> Validator::check_resource_name(TypeId resource, const ExternName& name,
                                            const Names& names) const {
  auto found = names.resources.find(resource);
  if (found == names.resources.end()) {
    return invalid("resource used in function does not have a name in this context");
  }
  if (found->second == fold_case(name.resource)) return {};
  return invalid("function does not match expected resource name ", quoted(found->second));
}

// ---- external visibility of types

// Records, variants, enums, flags and resources must have a name where they are seen from the
// outside; what is made of others has the names of its parts.
struct Validator::Visibility {
  Types& types;
  const Named& imported;
  const Named* exported;  // null: only imports count
  Named own{};            // named by the instance that is looked at
  std::unordered_set<TypeId> seen{};

  bool is_named(TypeId id) const {
    return imported.contains(id) || (exported != nullptr && exported->contains(id)) ||
           own.contains(id);
  }

  Result<bool> use(TypeId id) {
    if (id == kNoType) return true;
    const TypeDef& def = types.at(id);
    switch (def.kind) {
      case Kind::own:
      case Kind::borrow:
        return is_named(def.first);
      case Kind::record:
      case Kind::variant:
      case Kind::flags:
      case Kind::enumeration:
        return is_named(id);
      default:
        return seen.insert(id).second ? parts(def) : Result<bool>(true);
    }
  }

  Result<bool> parts(const TypeDef& def) {
    TRY(types.spend(1 + def.members.size()));
    for (const TypeMember& member : def.members) {
      if (!TRY(use(member.type))) return false;
    }
    if (!TRY(use(def.first))) return false;
    return use(def.second);
  }

  Result<bool> entity(const Entity& entity) {
    if (entity.sort == Sort::core_module || entity.sort == Sort::component) return true;
    const TypeDef& def = types.at(entity.type);
    if (def.kind == Kind::resource || def.kind == Kind::component) return true;
    if (def.kind == Kind::own || def.kind == Kind::borrow) return is_named(def.first);
    if (def.kind != Kind::instance) return parts(def);
    TRY(types.spend(1 + def.exports.size()));
    for (const NamedEntity& item : def.exports) {
      if (!TRY(this->entity(item.entity))) return false;
      name_types(types, item.entity, own);
    }
    return true;
  }
};

Result<bool> Validator::is_visible(const Entity& entity, const Scope& scope, bool as_import) {
  Visibility visibility{types_, scope.imported_types, as_import ? nullptr : &scope.exported_types};
  return visibility.entity(entity);
}

void Validator::name_types(const Types& types, const Entity& entity, Named& named) {
  if (entity.sort == Sort::type) named.insert(entity.type);
  if (entity.sort != Sort::instance) return;
  for (const NamedEntity& item : types.at(entity.type).exports) {
    name_types(types, item.entity, named);
  }
}

}  // namespace nacre::component
