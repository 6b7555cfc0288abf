// The types of valid components: what index spaces, imports and exports hold once names and indices
// are resolved.
//
// A type has two identities. Its TypeId says which definition, import, export or alias introduced
// it; what a component shows to the outside may mention only types that have a name there, and names
// belong to TypeIds. Its structure says what it is: value types and functions of equal structure are
// the same type. Resources are nominal: each ResourceId is a resource of its own.
//
// An arena that only grows. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "component/canonical/footprint.h"
#include "component/component.h"
#include "wasm/type_registry.h"

namespace nacre::component {

enum class TypeId : uint32_t {};
inline constexpr TypeId kNoType{0xFFFFFFFF};
enum class ResourceId : uint32_t {};
enum class ModuleTypeId : uint32_t {};

// An import or export of a core module, with engine-wide type ids in the place of indices.
struct CoreItem {
  wasm::ExternKind kind = wasm::ExternKind::func;
  wasm::CanonTypeId type = wasm::kNoCanonType;  // func, tag
  wasm::TableType table;
  wasm::MemoryType memory;
  wasm::GlobalType global;
};
struct CoreExport {
  std::string_view name;
  CoreItem item;
};
struct CoreImport {
  std::string_view module;
  std::string_view name;
  CoreItem item;
};
struct ModuleType {
  std::vector<CoreImport> imports;
  std::vector<CoreExport> exports;
};

// What an import or export is.
struct Entity {
  Sort sort = Sort::func;  // core_module, func, type, component, instance
  TypeId type = kNoType;   // of sort type: the type itself
  ModuleTypeId module{};   // core_module
};
struct NamedEntity {
  std::string_view name;
  Entity entity;
};

struct TypeMember {
  std::string_view label;
  TypeId type = kNoType;  // kNoType: a case without payload, a flag
};

struct TypeDef {
  Type::Kind kind = Type::Kind::primitive;
  Primitive primitive = Primitive::boolean;
  bool is_async = false;
  std::vector<TypeMember> members;
  TypeId first = kNoType;   // as Type::first; own and borrow: the resource
  TypeId second = kNoType;  // as Type::second
  uint32_t length = 0;
  ResourceId resource{};  // kind resource

  // kinds component and instance
  std::vector<NamedEntity> imports;
  std::vector<NamedEntity> exports;
  std::vector<ResourceId> imported_resources;  // bound by instantiation
  std::vector<ResourceId> defined_resources;   // new with each instantiation

  // Set by Types::add.
  uint32_t structure = 0;
  uint32_t depth = 0;         // of nested types
  Footprint footprints[2];    // of values, by AddressWidth
  bool has_pointers = false;  // strings and lists somewhere inside
  bool has_borrows = false;
  bool has_resources = false;  // mentioned anywhere inside, as handles or otherwise

  const Footprint& footprint(AddressWidth width) const {
    return footprints[static_cast<size_t>(width)];
  }
  // In a memory with 32-bit addresses.
  const FlatTypes& flat() const { return footprint(AddressWidth::b32).flat; }
};

class Types {
 public:
  // `max_work` bounds what spend() is asked for, altogether.
  explicit Types(uint64_t max_work);

  const TypeDef& at(TypeId id) const { return defs_[def_of_[index(id)]]; }
  TypeId primitive(Primitive primitive) const;
  Type::Kind kind(TypeId id) const { return at(id).kind; }

  // Fails where the definition breaks a rule of its kind: too large, nested too deeply.
  Result<TypeId> add(TypeDef def);
  // The same type under an identity of its own.
  Result<TypeId> add_alias(TypeId id);
  ResourceId add_resource() { return ResourceId{next_resource_++}; }
  // Resources made from now on are not below this.
  ResourceId next_resource() const { return ResourceId{next_resource_}; }

  ModuleTypeId add_module(ModuleType type);
  const ModuleType& module(ModuleTypeId id) const { return modules_[static_cast<size_t>(id)]; }

  // Counts steps of work whose number a component chooses.
  Result<void> spend(uint64_t steps);

  // The resources that a type mentions and does not bind itself, each once, in order.
  Result<std::vector<ResourceId>> free_resources(TypeId id);
  Result<void> add_free_resources(const Entity& entity, std::vector<ResourceId>& out);

 private:
  static uint32_t index(TypeId id) { return static_cast<uint32_t>(id); }
  Result<void> measure(TypeDef& def) const;
  Footprint footprint_of(const TypeDef& def, AddressWidth width) const;
  uint32_t structure_of(const TypeDef& def);
  void inherit(TypeDef& def, TypeId part) const;
  void inherit(TypeDef& def, const Entity& entity) const;

  std::vector<TypeDef> defs_;
  std::vector<uint32_t> def_of_;  // by TypeId
  std::vector<ModuleType> modules_;
  std::unordered_map<std::string, uint32_t> structures_;
  uint32_t next_structure_ = 0;
  uint32_t next_resource_ = 0;
  uint64_t items_ = 0;  // of all definitions
  uint64_t work_left_;
};

// What instantiation replaces in a type: resources, and types that arguments stand in for.
struct Substitution {
  static constexpr ResourceId kUnbound{0xFFFFFFFF};

  std::unordered_map<ResourceId, ResourceId> resources;
  std::unordered_map<TypeId, TypeId> types;

  ResourceId find(ResourceId id) const {
    auto found = resources.find(id);
    return found == resources.end() || found->second == kUnbound ? id : found->second;
  }
  bool is_unbound(ResourceId id) const {
    auto found = resources.find(id);
    return found != resources.end() && found->second == kUnbound;
  }
};

// The type with everything replaced; the substitution remembers what it made.
Result<TypeId> substitute(Types& types, TypeId id, Substitution& by);
Result<Entity> substitute(Types& types, const Entity& entity, Substitution& by);

}  // namespace nacre::component
