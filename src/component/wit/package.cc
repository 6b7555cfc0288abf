#include "component/wit/package.h"

namespace nacre::component::wit {

std::string_view type_word(TypeKind kind) {
  switch (kind) {
#define PRIMITIVE(token, text, key) \
  case TypeKind::token:             \
    return text;
#define CONSTRUCTED(token, text) PRIMITIVE(token, text, )
#include "component/wit/keywords.def"
    case TypeKind::fixed_list:
      return "list";
    default:
      return "_";
  }
}

std::string_view definition_word(TypeDefKind kind) {
  switch (kind) {
    case TypeDefKind::record:
      return "record";
    case TypeDefKind::variant:
      return "variant";
    case TypeDefKind::enum_:
      return "enum";
    case TypeDefKind::flags:
      return "flags";
    case TypeDefKind::resource:
      return "resource";
    default:
      return "type";
  }
}

const TypeDef& Resolve::definition(TypeDefId id) const {
  for (;;) {
    const TypeDef& def = type_defs[id];
    if (def.kind == TypeDefKind::used) {
      id = def.used;
    } else if (def.kind == TypeDefKind::alias && def.alias.kind == TypeKind::named) {
      id = def.alias.index;
    } else {
      return def;
    }
  }
}

}  // namespace nacre::component::wit
