#include "component/validate/types.h"

#include <algorithm>
#include <initializer_list>

#include "component/limits.h"

namespace nacre::component {
namespace {

using Kind = Type::Kind;

constexpr Primitive kPrimitives[] = {
#define PRIMITIVE(name, code, text, bytes, flat) Primitive::name,
#include "component/primitives.def"
};

void append_word(std::string& key, uint64_t word) {
  key.append(reinterpret_cast<const char*>(&word), sizeof word);
}

}  // namespace

Types::Types(uint64_t max_work) : work_left_(max_work) {
  for (Primitive primitive : kPrimitives) {
    TypeDef def{.kind = Kind::primitive, .primitive = primitive};
    def.structure = structure_of(def);
    for (AddressWidth width : kAddressWidths) {
      def.footprints[static_cast<size_t>(width)] = primitive_footprint(primitive, width);
    }
    def.has_pointers = primitive == Primitive::string;
    def_of_.push_back(static_cast<uint32_t>(defs_.size()));
    defs_.push_back(std::move(def));
  }
}

TypeId Types::primitive(Primitive primitive) const {
  auto found = std::ranges::find(kPrimitives, primitive);
  return TypeId{static_cast<uint32_t>(found - std::begin(kPrimitives))};
}

Result<void> Types::spend(uint64_t steps) {
  if (steps > work_left_) {
    return fail(ErrorCode::limit, "the types of the component are too much work to check");
  }
  work_left_ -= steps;
  return {};
}

Result<TypeId> Types::add(TypeDef def) {
  if (def_of_.size() >= kMaxTypeNodes) {
    return fail(ErrorCode::limit, "the component has too many types");
  }
  uint64_t items = def.members.size() + def.imports.size() + def.exports.size();
  TRY(spend(1 + items));
  items_ += items;
  if (items_ > kMaxTypeItems) {
    return fail(ErrorCode::limit, "the types of the component are too large");
  }
  TRY(measure(def));
  if (def.depth > kMaxNesting) {
    return fail(ErrorCode::limit,
                "types are nested more than " + std::to_string(kMaxNesting) + " deep");
  }
  def.structure = structure_of(def);
  def_of_.push_back(static_cast<uint32_t>(defs_.size()));
  defs_.push_back(std::move(def));
  return TypeId{static_cast<uint32_t>(def_of_.size() - 1)};
}

Result<TypeId> Types::add_alias(TypeId id) {
  if (def_of_.size() >= kMaxTypeNodes) {
    return fail(ErrorCode::limit, "the component has too many types");
  }
  def_of_.push_back(def_of_[index(id)]);
  return TypeId{static_cast<uint32_t>(def_of_.size() - 1)};
}

ModuleTypeId Types::add_module(ModuleType type) {
  modules_.push_back(std::move(type));
  return ModuleTypeId{static_cast<uint32_t>(modules_.size() - 1)};
}

// ---- sizes

void Types::inherit(TypeDef& def, TypeId part) const {
  if (part == kNoType) return;
  const TypeDef& inner = at(part);
  def.depth = std::max(def.depth, inner.depth + 1);
  def.has_pointers |= inner.has_pointers;
  def.has_borrows |= inner.has_borrows;
  def.has_resources |= inner.has_resources;
}

void Types::inherit(TypeDef& def, const Entity& entity) const {
  if (entity.sort != Sort::core_module) inherit(def, entity.type);
}

Footprint Types::footprint_of(const TypeDef& def, AddressWidth width) const {
  auto of = [&](TypeId part) -> const Footprint& { return at(part).footprint(width); };
  auto variant = [&](uint64_t cases, std::initializer_list<TypeId> payloads) {
    VariantFootprint footprint(cases);
    for (const TypeMember& member : def.members) {
      if (member.type != kNoType) footprint.add(of(member.type));
    }
    for (TypeId payload : payloads) {
      if (payload != kNoType) footprint.add(of(payload));
    }
    return footprint.finish();
  };
  switch (def.kind) {
    case Kind::primitive:
      return primitive_footprint(def.primitive, width);
    case Kind::record:
    case Kind::tuple: {
      RecordFootprint footprint;
      for (const TypeMember& member : def.members) footprint.add(of(member.type));
      return footprint.finish();
    }
    case Kind::variant:
    case Kind::enumeration:
      return variant(def.members.size(), {});
    case Kind::option:
      return variant(2, {def.first});
    case Kind::result:
      return variant(2, {def.first, def.second});
    case Kind::flags:
      return flags_footprint(def.members.size());
    case Kind::list:
    case Kind::map:
      return range_footprint(width);
    case Kind::fixed_list:
      return array_footprint(of(def.first), def.length);
    case Kind::own:
    case Kind::borrow:
    case Kind::stream:
    case Kind::future:
      return handle_footprint();
    case Kind::func:
    case Kind::component:
    case Kind::instance:
    case Kind::resource:
      break;
  }
  return {};
}

// What follows from the parts.
Result<void> Types::measure(TypeDef& def) const {
  for (const TypeMember& member : def.members) inherit(def, member.type);
  inherit(def, def.first);
  inherit(def, def.second);
  for (const NamedEntity& item : def.imports) inherit(def, item.entity);
  for (const NamedEntity& item : def.exports) inherit(def, item.entity);
  bool is_string = def.kind == Kind::primitive && def.primitive == Primitive::string;
  if (is_string || def.kind == Kind::list || def.kind == Kind::map) def.has_pointers = true;
  // Only the handle is passed.
  if (def.kind == Kind::stream || def.kind == Kind::future) def.has_pointers = false;
  if (def.kind == Kind::own) def.has_borrows = false;
  if (def.kind == Kind::borrow) def.has_borrows = true;
  if (def.kind == Kind::resource) def.has_resources = true;
  for (AddressWidth width : kAddressWidths) {
    def.footprints[static_cast<size_t>(width)] = footprint_of(def, width);
  }
  if (is_value(def.kind) && def.footprint(AddressWidth::b64).size_bytes > kMaxValueBytes) {
    return fail(ErrorCode::invalid,
                "type exceeds maximum byte size of " + std::to_string(kMaxValueBytes));
  }
  return {};
}

// Equal numbers mean equal types, where resources are compared by identity. Components and
// instances are never equal; they are compared item by item.
uint32_t Types::structure_of(const TypeDef& def) {
  if (def.kind == Kind::component || def.kind == Kind::instance) return next_structure_++;
  std::string key;
  append_word(key, static_cast<uint64_t>(def.kind) | static_cast<uint64_t>(def.primitive) << 8 |
                       uint64_t{def.is_async} << 16 | uint64_t{def.length} << 32);
  auto part = [&](TypeId id) { append_word(key, id == kNoType ? ~uint64_t{0} : at(id).structure); };
  part(def.first);
  part(def.second);
  append_word(key, static_cast<uint64_t>(def.resource));
  for (const TypeMember& member : def.members) {
    part(member.type);
    append_word(key, member.label.size());
    key.append(member.label);
  }
  auto [found, is_new] = structures_.emplace(std::move(key), next_structure_);
  if (is_new) ++next_structure_;
  return found->second;
}

// ---- resources

namespace {

// Walks a type once, whatever is shared in it.
class FreeResources {
 public:
  FreeResources(Types& types, std::vector<ResourceId>& out) : types_(types), out_(out) {
    found_.insert(out.begin(), out.end());
  }

  Result<void> visit(const Entity& entity) {
    if (entity.sort == Sort::core_module) return {};
    return visit(entity.type);
  }

  Result<void> visit(TypeId id) {
    if (id == kNoType || !types_.at(id).has_resources || !visited_.insert(id).second) return {};
    const TypeDef& def = types_.at(id);
    TRY(types_.spend(1 + def.members.size() + def.imports.size() + def.exports.size()));
    if (def.kind == Kind::resource) {
      if (!bound_.contains(def.resource) && found_.insert(def.resource).second) {
        out_.push_back(def.resource);
      }
      return {};
    }
    // A resource that a component binds occurs nowhere outside of it, so it may stay bound.
    bound_.insert(def.imported_resources.begin(), def.imported_resources.end());
    bound_.insert(def.defined_resources.begin(), def.defined_resources.end());
    for (const TypeMember& member : def.members) TRY(visit(member.type));
    TRY(visit(def.first));
    TRY(visit(def.second));
    for (const NamedEntity& item : def.imports) TRY(visit(item.entity));
    for (const NamedEntity& item : def.exports) TRY(visit(item.entity));
    return {};
  }

 private:
  Types& types_;
  std::vector<ResourceId>& out_;
  std::unordered_set<TypeId> visited_;
  std::unordered_set<ResourceId> found_;
  std::unordered_set<ResourceId> bound_;
};

}  // namespace

Result<std::vector<ResourceId>> Types::free_resources(TypeId id) {
  std::vector<ResourceId> found;
  TRY(FreeResources(*this, found).visit(id));
  return found;
}

Result<void> Types::add_free_resources(const Entity& entity, std::vector<ResourceId>& out) {
  return FreeResources(*this, out).visit(entity);
}

// ---- substitution

Result<TypeId> substitute(Types& types, TypeId id, Substitution& by) {
  if (id == kNoType) return id;
  if (auto found = by.types.find(id); found != by.types.end()) return found->second;
  const TypeDef& old = types.at(id);
  TRY(types.spend(1 + old.members.size() + old.imports.size() + old.exports.size()));
  TypeDef def = old;
  bool is_changed = false;
  auto replace = [&](TypeId& part) -> Result<void> {
    TypeId replaced = TRY(substitute(types, part, by));
    is_changed |= replaced != part;
    part = replaced;
    return {};
  };
  if (def.kind == Type::Kind::resource) {
    ResourceId replaced = by.find(def.resource);
    is_changed = replaced != def.resource;
    def.resource = replaced;
  }
  for (TypeMember& member : def.members) TRY(replace(member.type));
  TRY(replace(def.first));
  TRY(replace(def.second));
  for (auto* list : {&def.imports, &def.exports}) {
    for (NamedEntity& item : *list) {
      if (item.entity.sort != Sort::core_module) TRY(replace(item.entity.type));
    }
  }
  TypeId result = id;
  if (is_changed) {
    def.depth = 0;
    def.has_pointers = def.has_borrows = def.has_resources = false;
    result = TRY(types.add(std::move(def)));
  }
  by.types.emplace(id, result);
  return result;
}

Result<Entity> substitute(Types& types, const Entity& entity, Substitution& by) {
  Entity result = entity;
  if (entity.sort != Sort::core_module) result.type = TRY(substitute(types, entity.type, by));
  return result;
}

}  // namespace nacre::component
