// Core types, and what modules import and export.
#include <algorithm>

#include "component/limits.h"
#include "component/validate/validator.h"

namespace nacre::component {

using wasm::CanonTypeId;
using wasm::ExternKind;
using wasm::SubType;

namespace {

bool refers_to_known(wasm::ValType type, uint32_t first, const std::vector<CanonTypeId>& known) {
  if (!type.is_ref() || !type.heap().is_concrete()) return true;
  uint32_t index = index_of(type.heap().index());
  return index >= first || known[index] != wasm::kNoCanonType;
}

// Whether all that the type refers to are types, not module types, which have no id.
bool refers_to_known(const SubType& type, uint32_t first, const std::vector<CanonTypeId>& known) {
  auto is_known = [&](wasm::ValType part) { return refers_to_known(part, first, known); };
  if (type.super && index_of(*type.super) < first &&
      known[index_of(*type.super)] == wasm::kNoCanonType) {
    return false;
  }
  return std::ranges::all_of(type.func.params, is_known) &&
         std::ranges::all_of(type.func.results, is_known) &&
         std::ranges::all_of(type.fields,
                             [&](const wasm::FieldType& field) { return is_known(field.type); });
}

bool is_plain(const CoreRecGroup& group) {
  const SubType& type = group.types.front();
  return !group.is_explicit && group.types.size() == 1 && type.kind == SubType::Kind::func &&
         type.is_final && !type.super;
}

}  // namespace

// The ids of types that are declared together, behind the types that `known` are the ids of.
Result<std::vector<CanonTypeId>> Validator::intern(const CoreRecGroup& group,
                                                   const std::vector<CanonTypeId>& known) {
  auto first = static_cast<uint32_t>(known.size());
  if (!is_plain(group) && !features_.core.has(wasm::Feature::gc)) {
    return invalid("rec, sub, struct and array need the feature gc");
  }
  for (const SubType& type : group.types) {
    if (!refers_to_known(type, first, known)) return invalid("a core type refers to a module type");
  }
  auto first_id = static_cast<uint32_t>(TRY(registry_.intern(group.types, first, known)));
  std::vector<CanonTypeId> ids;
  for (uint32_t i = 0; i < group.types.size(); ++i) {
    ids.push_back(CanonTypeId{first_id + i});
    TRY(check_supertype(registry_.at(ids.back())));
  }
  return ids;
}

// Whether a type is what its declared supertype asks for.
Result<void> Validator::check_supertype(const wasm::CanonType& canon) const {
  const SubType& type = canon.type;
  if (!type.super) return {};
  const SubType& super = registry_.at(CanonTypeId{index_of(*type.super)}).type;
  auto matches = [&](wasm::ValType sub, wasm::ValType of) { return registry_.matches(sub, of); };
  auto field_matches = [&](const wasm::FieldType& sub, const wasm::FieldType& of) {
    return sub.is_mutable == of.is_mutable &&
           (sub.is_mutable ? sub.type == of.type : matches(sub.type, of.type));
  };
  bool fits = !super.is_final && super.kind == type.kind &&
              super.func.params.size() == type.func.params.size() &&
              super.func.results.size() == type.func.results.size() &&
              super.fields.size() <= type.fields.size() &&
              std::ranges::equal(super.func.params, type.func.params, matches) &&
              std::ranges::equal(type.func.results, super.func.results, matches) &&
              std::ranges::equal(std::span(type.fields).first(super.fields.size()), super.fields,
                                 field_matches);
  if (fits) return {};
  return invalid("sub type must match super type");
}

Result<void> Validator::define(const CoreType& content, Scope& scope) {
  if (const auto* module = std::get_if<CoreModuleType>(&content.type)) {
    scope.core_types.push_back({wasm::kNoCanonType, TRY(module_type(*module, scope))});
    return {};
  }
  std::vector<CanonTypeId> known;
  TRY(types_.spend(scope.core_types.size()));
  for (const CoreTypeEntry& entry : scope.core_types) known.push_back(entry.type);
  for (CanonTypeId id : TRY(intern(std::get<CoreRecGroup>(content.type), known))) {
    scope.core_types.push_back({id, std::nullopt});
  }
  return {};
}

Result<CoreItem> Validator::core_item(const wasm::ExternType& type,
                                      const std::vector<CanonTypeId>& known) const {
  auto function = [&](wasm::TypeIdx index) -> Result<CanonTypeId> {
    if (index_of(index) >= known.size()) {
      return invalid("unknown type ", std::to_string(index_of(index)),
                     ": type index out of bounds");
    }
    CanonTypeId id = known[index_of(index)];
    if (registry_.at(id).type.kind == SubType::Kind::func) return id;
    return invalid("type index ", std::to_string(index_of(index)), " is not a function type");
  };
  auto value = [&](wasm::ValType of) -> Result<wasm::ValType> {
    if (of.is_ref() && of.heap().is_concrete() && index_of(of.heap().index()) >= known.size()) {
      return invalid("unknown type: type index out of bounds");
    }
    return canonical(of, known);
  };
  CoreItem item{.kind = type.kind};
  switch (type.kind) {
    case ExternKind::func:
      item.type = TRY(function(type.func));
      break;
    case ExternKind::tag:
      item.type = TRY(function(type.tag.type));
      if (!registry_.at(item.type).type.func.results.empty()) {
        return invalid("a tag must have no results");
      }
      break;
    case ExternKind::table:
      item.table = type.table;
      item.table.element = TRY(value(type.table.element));
      break;
    case ExternKind::memory:
      item.memory = type.memory;
      break;
    case ExternKind::global:
      item.global = type.global;
      item.global.type = TRY(value(type.global.type));
      break;
  }
  return item;
}

// The limits of memories and tables are those of modules, so a module with nothing else is asked.
Result<void> Validator::check_limits(const CoreModuleType& type) const {
  wasm::Module module;
  auto add = [&](const wasm::ExternType& item) {
    if (item.kind == ExternKind::memory) {
      module.imports.push_back({{}, {}, item});
      module.memories.push_back(item.memory);
      ++module.imported_memories;
    } else if (item.kind == ExternKind::table) {
      wasm::ExternType plain = item;
      plain.table.element = wasm::ValType::funcref();
      module.imports.push_back({{}, {}, plain});
      module.tables.push_back({plain.table, std::nullopt});
      ++module.imported_tables;
    }
  };
  for (const CoreModuleType::Declaration& declaration : type.declarations) {
    if (const auto* import = std::get_if<wasm::Import>(&declaration)) add(import->type);
    if (const auto* item = std::get_if<CoreModuleType::Export>(&declaration)) add(item->type);
  }
  if (module.imports.empty()) return {};
  wasm::Features features = features_.core;
  features.set(wasm::Feature::multi_memory, true);  // they are not of one module
  TRY(wasm::validate_module(module, features, registry_, {.threads = 1}));
  return {};
}

Result<ModuleTypeId> Validator::module_type(const CoreModuleType& type, Scope& scope) {
  TRY(types_.spend(type.declarations.size()));
  TRY(check_limits(type));
  std::vector<CanonTypeId> known;
  ModuleType module;
  for (const CoreModuleType::Declaration& declaration : type.declarations) {
    if (const auto* import = std::get_if<wasm::Import>(&declaration)) {
      module.imports.push_back({import->module, import->name, TRY(core_item(import->type, known))});
    } else if (const auto* group = std::get_if<CoreRecGroup>(&declaration)) {
      std::vector<CanonTypeId> ids = TRY(intern(*group, known));
      known.insert(known.end(), ids.begin(), ids.end());
    } else if (const auto* item = std::get_if<CoreModuleType::Export>(&declaration)) {
      module.exports.push_back({item->name, TRY(core_item(item->type, known))});
    } else {
      // 0 would be the module type itself.
      auto [count, index] = std::get<CoreModuleType::OuterType>(declaration);
      const Scope* outer = &scope;
      for (uint32_t i = 1; i < count && outer != nullptr; ++i) outer = outer->parent;
      if (outer == nullptr) return invalid("invalid outer alias count of ", std::to_string(count));
      bool is_own = count == 0;
      if (index >= (is_own ? known.size() : outer->core_types.size())) {
        return invalid("unknown core type ", std::to_string(index), ": type index out of bounds");
      }
      CanonTypeId id = is_own ? known[index] : outer->core_types[index].type;
      if (id == wasm::kNoCanonType) return invalid("a module type within a module type");
      known.push_back(id);
    }
  }
  TRY(check_core_names(module));
  return types_.add_module(std::move(module));
}

Result<ModuleTypeId> Validator::module_type(const wasm::Module& source,
                                            const std::vector<CanonTypeId>& ids) {
  ModuleType module;
  TRY(types_.spend(source.imports.size() + source.exports.size()));
  for (const wasm::Import& import : source.imports) {
    module.imports.push_back({import.module, import.name, TRY(core_item(import.type, ids))});
  }
  for (const wasm::Export& item : source.exports) {
    wasm::ExternType type{.kind = item.kind};
    switch (item.kind) {
      case ExternKind::func:
        type.func = source.functions[item.index];
        break;
      case ExternKind::table:
        type.table = source.tables[item.index].type;
        break;
      case ExternKind::memory:
        type.memory = source.memories[item.index];
        break;
      case ExternKind::global:
        type.global = source.globals[item.index].type;
        break;
      case ExternKind::tag:
        type.tag = source.tags[item.index];
        break;
    }
    module.exports.push_back({item.name, TRY(core_item(type, ids))});
  }
  TRY(check_core_names(module));
  return types_.add_module(std::move(module));
}

// Core modules may import one name twice; components, which would have to tell the two apart, do
// not take such modules.
Result<void> Validator::check_core_names(const ModuleType& type) const {
  std::unordered_set<std::string> imports;
  for (const CoreImport& item : type.imports) {
    std::string key = std::to_string(item.module.size()) + ":";
    key.append(item.module).append(item.name);
    if (imports.insert(std::move(key)).second) continue;
    return invalid("duplicate import name ",
                   quoted(std::string(item.module) + ":" + std::string(item.name)));
  }
  std::unordered_set<std::string_view> exports;
  for (const CoreExport& item : type.exports) {
    if (exports.insert(item.name).second) continue;
    return invalid("export name ", quoted(item.name), " already defined");
  }
  return {};
}

}  // namespace nacre::component
