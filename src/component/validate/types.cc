#include "component/validate/types.h"

#include <algorithm>
#include <array>

#include "component/limits.h"

namespace nacre::component {
namespace {

using Kind = Type::Kind;

struct PrimitiveLayout {
  Primitive primitive;
  uint32_t bytes;
  FlatType flat;
};
constexpr PrimitiveLayout kPrimitives[] = {
#define PRIMITIVE(name, code, text, bytes, flat) {Primitive::name, bytes, FlatType::flat},
#include "component/primitives.def"
};

constexpr uint32_t kPointerBytes = 8;  // sizes are those of the larger pointers
constexpr uint32_t kHandleBytes = 4;

uint64_t align_up(uint64_t size, uint64_t align) { return (size + align - 1) / align * align; }

uint32_t discriminant_bytes(uint64_t cases) {
  return cases <= 1u << 8 ? 1 : cases <= 1u << 16 ? 2 : 4;
}

void append_word(std::string& key, uint64_t word) {
  key.append(reinterpret_cast<const char*>(&word), sizeof word);
}

}  // namespace

void FlatTypes::join(const FlatTypes& other, uint32_t from) {
  if (other.is_too_long() || is_too_long() || from + other.size() > kMax) {
    count_ = kMax + 1;
    return;
  }
  for (uint32_t i = 0; i < other.size(); ++i) {
    uint32_t place = from + i;
    if (place >= count_) {
      push(other.at(i));
      continue;
    }
    FlatType a = at(place);
    FlatType b = other.at(i);
    if (a == b) continue;
    bool is_narrow =
        a != FlatType::i64 && a != FlatType::f64 && b != FlatType::i64 && b != FlatType::f64;
    FlatType joined = is_narrow ? FlatType::i32 : FlatType::i64;
    bits_ = (bits_ & ~(3u << (2 * place))) | static_cast<uint32_t>(joined) << (2 * place);
  }
}

Types::Types(uint64_t max_work) : work_left_(max_work) {
  for (const PrimitiveLayout& row : kPrimitives) {
    TypeDef def{.kind = Kind::primitive, .primitive = row.primitive};
    def.structure = structure_of(def);
    bool is_string = row.primitive == Primitive::string;
    def.size_bytes = is_string ? 2 * kPointerBytes : row.bytes;
    def.align_bytes = is_string ? kPointerBytes : row.bytes;
    def.has_pointers = is_string;
    def.flat.push(row.flat);
    if (is_string) def.flat.push(FlatType::i32);
    def_of_.push_back(static_cast<uint32_t>(defs_.size()));
    defs_.push_back(std::move(def));
  }
}

TypeId Types::primitive(Primitive primitive) const {
  auto found = std::ranges::find(kPrimitives, primitive, &PrimitiveLayout::primitive);
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
  TRY(lay_out(def));
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

// ---- layout

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

// Fields one behind the other.
void Types::lay_out_members(TypeDef& def) {
  for (const TypeMember& member : def.members) {
    const TypeDef& part = at(member.type);
    def.size_bytes = align_up(def.size_bytes, part.align_bytes) + part.size_bytes;
    def.align_bytes = std::max(def.align_bytes, part.align_bytes);
    def.flat.append(part.flat);
  }
  def.size_bytes = align_up(def.size_bytes, def.align_bytes);
}

// A discriminant, then the largest payload.
void Types::lay_out_variant(TypeDef& def, std::span<const TypeId> payloads, uint64_t cases) {
  uint64_t payload_bytes = 0;
  uint32_t payload_align = 1;
  def.flat.push(FlatType::i32);
  for (TypeId payload : payloads) {
    if (payload == kNoType) continue;
    const TypeDef& part = at(payload);
    payload_bytes = std::max(payload_bytes, part.size_bytes);
    payload_align = std::max(payload_align, part.align_bytes);
    def.flat.join(part.flat, 1);
  }
  def.align_bytes = std::max(discriminant_bytes(cases), payload_align);
  def.size_bytes = align_up(discriminant_bytes(cases), payload_align) + payload_bytes;
  def.size_bytes = align_up(def.size_bytes, def.align_bytes);
}

Result<void> Types::lay_out(TypeDef& def) {
  for (const TypeMember& member : def.members) inherit(def, member.type);
  inherit(def, def.first);
  inherit(def, def.second);
  for (const NamedEntity& item : def.imports) inherit(def, item.entity);
  for (const NamedEntity& item : def.exports) inherit(def, item.entity);
  auto simple = [&](uint32_t bytes) {
    def.size_bytes = def.align_bytes = bytes;
    def.flat.push(FlatType::i32);
  };
  switch (def.kind) {
    case Kind::primitive: {
      const TypeDef& same = at(primitive(def.primitive));
      def.size_bytes = same.size_bytes;
      def.align_bytes = same.align_bytes;
      def.flat = same.flat;
      def.has_pointers = same.has_pointers;
      break;
    }
    case Kind::record:
    case Kind::tuple:
      lay_out_members(def);
      break;
    case Kind::variant: {
      std::vector<TypeId> payloads;
      for (const TypeMember& member : def.members) payloads.push_back(member.type);
      lay_out_variant(def, payloads, def.members.size());
      break;
    }
    case Kind::option:
      lay_out_variant(def, std::array{def.first}, 2);
      break;
    case Kind::result:
      lay_out_variant(def, std::array{def.first, def.second}, 2);
      break;
    case Kind::enumeration:
      simple(discriminant_bytes(def.members.size()));
      break;
    case Kind::flags:
      simple(def.members.size() <= 8 ? 1 : def.members.size() <= 16 ? 2 : 4);
      break;
    case Kind::list:
    case Kind::map:
      def.size_bytes = 2 * kPointerBytes;
      def.align_bytes = kPointerBytes;
      def.flat.push(FlatType::i32);
      def.flat.push(FlatType::i32);
      def.has_pointers = true;
      break;
    case Kind::fixed_list: {
      const TypeDef& element = at(def.first);
      def.size_bytes = element.size_bytes * def.length;
      def.align_bytes = element.align_bytes;
      for (uint32_t i = 0; i < def.length && !def.flat.is_too_long(); ++i) {
        def.flat.append(element.flat);
        if (element.flat.size() == 0) break;
      }
      break;
    }
    case Kind::own:
    case Kind::borrow:
      simple(kHandleBytes);
      def.has_borrows = def.kind == Kind::borrow;
      break;
    case Kind::stream:
    case Kind::future:
      simple(kHandleBytes);
      def.has_pointers = false;  // only the handle is passed
      break;
    case Kind::resource:
      def.has_resources = true;
      break;
    case Kind::func:
    case Kind::component:
    case Kind::instance:
      break;
  }
  if (is_value(def.kind) && def.size_bytes > kMaxValueBytes) {
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
    def.size_bytes = 0;
    def.align_bytes = 1;
    def.flat = {};
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
