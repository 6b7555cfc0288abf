#include "component/wit/value_types.h"

#include "component/limits.h"
#include "component/wit/kinds.h"

namespace nacre::component::wit {
using Kind = component::Type::Kind;

Result<TypeId> ValueTypes::of(const Type& type) {
  if (type.is_none()) return kNoType;
  if (is_primitive(type.kind)) return types_.primitive(primitive_of(type.kind));
  if (depth_ == kMaxNesting) return fail(ErrorCode::limit, "types are nested too deeply");
  size_t outer = depth_;
  if (type.kind != TypeKind::named) ++depth_;
  Result<TypeId> made = make(type);
  depth_ = outer;
  return made;
}

Result<TypeId> ValueTypes::make(const Type& type) {
  component::TypeDef def;
  switch (type.kind) {
    case TypeKind::named:
      if (resolve_.type_defs[type.index].resource == kNoId) return of_definition(type.index);
      [[fallthrough]];
    case TypeKind::own:
    case TypeKind::borrow:
      def.kind = type.kind == TypeKind::borrow ? Kind::borrow : Kind::own;
      def.first = TRY(resource(resolve_.type_defs[type.index].resource));
      return types_.add(std::move(def));
    default:
      break;
  }
  const Structure& structure = resolve_.structures[type.index];
  def.kind = constructed_kind(type.kind);
  def.length = structure.length;
  if (def.kind == Kind::tuple) {
    for (const Type& part : structure.arguments) def.members.push_back({{}, TRY(of(part))});
  } else {
    def.first = TRY(of(structure.arguments[0]));
    if (structure.arguments.size() > 1) def.second = TRY(of(structure.arguments[1]));
  }
  return types_.add(std::move(def));
}

Result<TypeId> ValueTypes::of_definition(TypeDefId id) {
  if (auto found = made_.find(id); found != made_.end()) return found->second;
  TypeId made = TRY(make(resolve_.definition(id)));
  made_.emplace(id, made);
  return made;
}

Result<TypeId> ValueTypes::make(const TypeDef& written) {
  if (written.kind == TypeDefKind::alias) return of(written.alias);
  component::TypeDef def;
  def.kind = defined_kind(written.kind);
  for (const Member& member : written.members) {
    def.members.push_back({member.name, TRY(of(member.type))});
  }
  return types_.add(std::move(def));
}

Result<TypeId> ValueTypes::resource(TypeDefId id) {
  if (auto found = made_.find(id); found != made_.end()) return found->second;
  component::TypeDef def;
  def.kind = Kind::resource;
  def.resource = types_.add_resource();
  TypeId made = TRY(types_.add(std::move(def)));
  made_.emplace(id, made);
  return made;
}

}  // namespace nacre::component::wit
