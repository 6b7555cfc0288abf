// Whether one import, export or type can stand in for another (component model, "Subtyping" and
// "Type Checking"): values and functions must be equal; an instance may have more than
// is asked for; a component or module may need less and offer more.
#pragma once

#include <string>
#include <unordered_set>

#include "component/validate/types.h"
#include "wasm/type_registry.h"

namespace nacre::component {

class Matcher {
 public:
  Matcher(Types& types, const wasm::TypeRegistry& registry) : types_(types), registry_(registry) {}

  // Checks that `given` may be passed where `wanted` is asked for. Resources of `wanted` that
  // `wanted_by` has as unbound are bound to what they meet; types that are met are noted there, too.
  Result<void> check(const Entity& given, const Entity& wanted, Substitution& given_by,
                     Substitution& wanted_by);
  Result<void> check(const CoreItem& given, const CoreItem& wanted) const;

 private:
  Result<void> check_type(TypeId given, TypeId wanted);
  Result<void> check_equal(TypeId given, TypeId wanted);
  Result<void> check_members(const TypeDef& given, const TypeDef& wanted);
  Result<void> check_member(const TypeDef& wanted, const TypeMember& given_member,
                            const TypeMember& wanted_member, size_t place);
  Result<void> check_part(TypeId given, TypeId wanted, std::string_view what);
  Result<void> check_exports(const TypeDef& given, const TypeDef& wanted);
  Result<void> check_component(TypeId given, TypeId wanted);
  Result<void> check_module(ModuleTypeId given, ModuleTypeId wanted) const;
  Result<void> check_entity(const Entity& given, const Entity& wanted);

  Types& types_;
  const wasm::TypeRegistry& registry_;
  Substitution* given_by_ = nullptr;
  Substitution* wanted_by_ = nullptr;
  // Pairs of structures that are equal under the substitutions, in either direction; they stay so,
  // for what is bound stays bound.
  std::unordered_set<uint64_t> equal_[2];
  bool is_swapped_ = false;
};

// "record", "u32", "func": what a person calls the type.
std::string describe(const Types& types, TypeId type);
std::string describe(const Types& types, const Entity& entity);

}  // namespace nacre::component
