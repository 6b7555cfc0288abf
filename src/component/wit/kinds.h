// Kinds of types in WIT as those of component types.
#pragma once

#include "component/component.h"
#include "component/wit/package.h"

namespace nacre::component::wit {

// Of a primitive.
Primitive primitive_of(TypeKind kind);
// Of a type made of others; not of own and borrow.
component::Type::Kind constructed_kind(TypeKind kind);
// Of a record, variant, enum or flags.
component::Type::Kind defined_kind(TypeDefKind kind);

}  // namespace nacre::component::wit
