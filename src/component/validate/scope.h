// The state of validation in one component, component type or instance type.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "component/validate/types.h"

namespace nacre::component {

// The names of one kind, imports or exports, which must differ from each other.
struct Names {
  std::unordered_map<std::string, std::string_view> taken;  // by uniqueness_key(), as written
  std::unordered_map<TypeId, std::string> resources;        // their labels, in lower case
  std::unordered_set<std::string> labels;                   // of these resources
};

// An entry of the core type space: a type, or the type of a module.
struct CoreTypeEntry {
  wasm::CanonTypeId type = wasm::kNoCanonType;
  std::optional<ModuleTypeId> module;
};

using CoreExports = std::unordered_map<std::string_view, CoreItem>;

struct Scope {
  enum class Kind : uint8_t { component, component_type, instance_type };

  Scope(Kind its_kind, Scope* its_parent, ResourceId next_resource)
      : kind(its_kind), parent(its_parent), first_resource(next_resource) {}

  Kind kind;
  Scope* parent;
  ResourceId first_resource;  // those made in here are not below it

  std::vector<wasm::CanonTypeId> core_funcs;
  std::vector<wasm::TableType> core_tables;
  std::vector<wasm::MemoryType> core_memories;
  std::vector<wasm::GlobalType> core_globals;
  std::vector<wasm::CanonTypeId> core_tags;
  std::vector<CoreTypeEntry> core_types;
  std::vector<ModuleTypeId> core_modules;
  std::vector<CoreExports> core_instances;
  std::vector<TypeId> funcs;
  std::vector<TypeId> types;
  std::vector<TypeId> components;
  std::vector<TypeId> instances;

  std::vector<NamedEntity> imports;
  std::vector<NamedEntity> exports;
  Names import_names;
  Names export_names;
  // Types that have a name to the outside.
  std::unordered_set<TypeId> imported_types;
  std::unordered_set<TypeId> exported_types;
  std::vector<ResourceId> imported_resources;
  std::unordered_set<ResourceId> local_resources;  // defined here, so their rep is known
};

}  // namespace nacre::component
