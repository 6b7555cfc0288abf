// The types of values in WIT as component types: for values as text (component/wave.h), and wherever
// a value meets a type that was only written down.
#pragma once

#include <unordered_map>

#include "base/result.h"
#include "component/validate/types.h"
#include "component/wit/package.h"

namespace nacre::component::wit {

// Makes component types as they are asked for, each definition once; `resolve` and `types` must
// outlive it, and `resolve` what it made, for labels are views.
class ValueTypes {
 public:
  ValueTypes(const Resolve& resolve, Types& types) : resolve_(resolve), types_(types) {}

  // Fails: what component types may not be, nested too deeply or too large.
  Result<TypeId> of(const Type& type);

 private:
  Result<TypeId> of_definition(TypeDefId id);
  Result<TypeId> make(const Type& type);
  Result<TypeId> make(const TypeDef& def);
  Result<TypeId> resource(TypeDefId id);

  const Resolve& resolve_;
  Types& types_;
  std::unordered_map<TypeDefId, TypeId> made_;
  size_t depth_ = 0;
};

}  // namespace nacre::component::wit
