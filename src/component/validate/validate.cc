#include "component/validate/validate.h"

#include "base/utf8.h"
#include "component/limits.h"
#include "component/validate/validator.h"
#include "wasm/binary/decoder.h"

namespace nacre::component {
namespace {

// The error with the place of the definition, if it has none of its own.
Error placed(Error error, uint64_t offset) {
  if (error.where()) return error;
  return Error(error.code(), error.message(), offset);
}

}  // namespace

std::string quoted(std::string_view name) { return "`" + printable(name) + "`"; }

Result<void> Validator::need(Feature feature, std::string_view what) const {
  if (features_.has(feature)) return {};
  return invalid(needs_text(what, feature));
}

Result<TypeId> Validator::component(const Definitions& list, Scope* parent) {
  Scope scope(Scope::Kind::component, parent, types_.next_resource());
  TRY(definitions(list, scope));
  TypeId type = TRY(finish(scope));
  spaces_.emplace(&list, IndexSpaces{.type = type,
                                     .core_modules = std::move(scope.core_modules),
                                     .funcs = std::move(scope.funcs),
                                     .types = std::move(scope.types),
                                     .components = std::move(scope.components),
                                     .instances = std::move(scope.instances)});
  return type;
}

const std::vector<TypeId>& IndexSpaces::of(Sort sort) const {
  switch (sort) {
    case Sort::func:
      return funcs;
    case Sort::component:
      return components;
    case Sort::instance:
      return instances;
    default:
      return types;
  }
}

Result<void> Validator::definitions(const Definitions& list, Scope& scope) {
  for (const Definition& definition : list) {
    Result<void> checked = check_place(definition, scope);
    if (checked) {
      checked = std::visit([&](const auto& content) { return define(content, scope); },
                           definition.content);
    }
    if (!checked) return std::unexpected(placed(std::move(checked).error(), definition.offset));
  }
  return {};
}

// A text parser or decoder makes no others; this is so that validation stands by itself.
Result<void> Validator::check_place(const Definition& definition, const Scope& scope) const {
  bool is_component = scope.kind == Scope::Kind::component;
  bool is_declaration = std::holds_alternative<ExportDeclaration>(definition.content);
  bool is_import = std::holds_alternative<Import>(definition.content);
  bool is_shared = std::holds_alternative<CoreType>(definition.content) ||
                   std::holds_alternative<Type>(definition.content) ||
                   std::holds_alternative<Alias>(definition.content);
  bool fits = is_component ? !is_declaration
                           : is_shared || is_declaration ||
                                 (is_import && scope.kind == Scope::Kind::component_type);
  if (fits) return {};
  return invalid("this definition cannot stand here");
}

// The type that the scope has become.
Result<TypeId> Validator::finish(Scope& scope) {
  TypeDef def{.kind = scope.kind == Scope::Kind::instance_type ? Type::Kind::instance
                                                               : Type::Kind::component};
  std::vector<ResourceId> mentioned;
  for (const NamedEntity& item : scope.exports) {
    TRY(types_.add_free_resources(item.entity, mentioned));
  }
  std::unordered_set<ResourceId> imported(scope.imported_resources.begin(),
                                          scope.imported_resources.end());
  for (ResourceId id : mentioned) {
    if (id >= scope.first_resource && !imported.contains(id)) def.defined_resources.push_back(id);
  }
  def.imports = std::move(scope.imports);
  def.exports = std::move(scope.exports);
  def.imported_resources = std::move(scope.imported_resources);
  return types_.add(std::move(def));
}

// ---- definitions that nest

Result<void> Validator::define(const CoreModule& content, Scope& scope) {
  size_t number = scope.core_modules.size();
  auto checked = [&]() -> Result<ModuleTypeId> {
    wasm::Module module = TRY(wasm::decode(content.bytes, nullptr, features_.core));
    wasm::ValidModuleInfo info =
        TRY(wasm::validate_module(module, features_.core, registry_, module_options_));
    return module_type(module, info.type_ids());
  }();
  if (checked) {
    scope.core_modules.push_back(*checked);
    return {};
  }
  Error error = std::move(checked).error().with_context("core module " + std::to_string(number));
  if (content.offset == 0) return fail(error.code(), error.message());
  uint64_t inner = error.where() ? error.where()->offset : 0;
  return fail(error.code(), error.message(), content.offset + inner);
}

Result<void> Validator::define(const NestedComponent& content, Scope& scope) {
  scope.components.push_back(TRY(component(content.definitions, &scope)));
  return {};
}

// ---- imports and exports

Result<void> Validator::define(const Import& import, Scope& scope) {
  Result<Entity> entity = described(import.desc, scope, &scope.imported_resources);
  if (!entity) {
    return std::unexpected(
        std::move(entity).error().with_context("import " + quoted(import.name.name)));
  }
  TRY(add_import(import.name, *entity, scope));
  add(*entity, scope);
  return {};
}

Result<void> Validator::define(const ExportDeclaration& declared, Scope& scope) {
  Result<Entity> entity = described(declared.desc, scope, nullptr);
  if (!entity) {
    return std::unexpected(
        std::move(entity).error().with_context("export " + quoted(declared.name.name)));
  }
  TRY(add_export(declared.name, *entity, scope));
  add(*entity, scope);
  return {};
}

Result<void> Validator::define(const Export& exported, Scope& scope) {
  Result<Entity> entity = [&]() -> Result<Entity> {
    Entity given = TRY(item(exported.item, scope));
    if (!exported.desc) {
      if (given.sort == Sort::type) given.type = TRY(types_.add_alias(given.type));
      return given;
    }
    std::vector<ResourceId> fresh;
    Entity wanted = TRY(described(*exported.desc, scope, &fresh));
    Substitution given_by;
    Substitution wanted_by;
    for (ResourceId id : fresh) wanted_by.resources[id] = Substitution::kUnbound;
    Result<void> checked = Matcher(types_, registry_).check(given, wanted, given_by, wanted_by);
    if (checked) return wanted;
    return std::unexpected(
        std::move(checked).error().with_context("ascribed type of export is not compatible"));
  }();
  if (!entity) {
    return std::unexpected(
        std::move(entity).error().with_context("export " + quoted(exported.name.name)));
  }
  TRY(add_export(exported.name, *entity, scope));
  add(*entity, scope);
  return {};
}

Result<ValidComponent> validate_component(const Component& component, const Features& features,
                                          wasm::TypeRegistry& registry,
                                          wasm::ValidateOptions module_options) {
  ValidComponent valid;
  valid.types = std::make_unique<Types>(max_validation_work(component.size_bytes));
  Validator validator(features, registry, *valid.types, module_options);
  valid.type = TRY(validator.component(component.definitions, nullptr));
  valid.spaces = std::move(validator).take_spaces();
  return valid;
}

}  // namespace nacre::component
