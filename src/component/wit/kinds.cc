#include "component/wit/kinds.h"

namespace nacre::component::wit {

using Kind = component::Type::Kind;

Primitive primitive_of(TypeKind kind) {
  switch (kind) {
#define PRIMITIVE(token, text, key) \
  case TypeKind::token:             \
    return *find_primitive(std::string_view(text));
#include "component/wit/keywords.def"
    default:
      return Primitive::boolean;
  }
}

Kind constructed_kind(TypeKind kind) {
  switch (kind) {
    case TypeKind::list:
      return Kind::list;
    case TypeKind::fixed_list:
      return Kind::fixed_list;
    case TypeKind::option:
      return Kind::option;
    case TypeKind::result:
      return Kind::result;
    case TypeKind::map:
      return Kind::map;
    case TypeKind::future:
      return Kind::future;
    case TypeKind::stream:
      return Kind::stream;
    default:
      return Kind::tuple;
  }
}

Kind defined_kind(TypeDefKind kind) {
  switch (kind) {
    case TypeDefKind::record:
      return Kind::record;
    case TypeDefKind::variant:
      return Kind::variant;
    case TypeDefKind::enum_:
      return Kind::enumeration;
    default:
      return Kind::flags;
  }
}

}  // namespace nacre::component::wit
