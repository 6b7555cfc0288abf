// Engine-wide identities of types: equivalent recursive groups get the same ids, in whatever module
// they were written (specification 3.0, 3.2.5 and 3.3.5: iso-recursive equivalence by rolled-up
// group).
//
// Ids are never reused while the registry lives, so code and objects may keep them as bare numbers
// (invariants.md: type-ids). All methods may be called from any thread.
#pragma once

#include <memory>
#include <shared_mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace nacre::wasm {

// A type whose concrete references and supertype are engine-wide ids (HeapType::concrete holds a
// CanonTypeId as its index).
struct CanonType {
  SubType type;
  // Ids from the root of the hierarchy down to this type itself: T is a subtype of U exactly if
  // U's depth d = U.display.size() - 1 is inside T.display and T.display[d] is U.
  std::vector<CanonTypeId> display;
};

class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  // The ids of a module's types, in order. The module's type section must have passed the checks
  // that indices are in range and point backwards or into the own group (the validator's first
  // step).
  Result<std::vector<CanonTypeId>> intern(const Module& module);
  // The id of the first of types that are declared together, the others follow it. `first` is the
  // index of types[0], `known` the ids of the types before it; both are what indices count.
  Result<CanonTypeId> intern(std::span<const SubType> types, uint32_t first,
                             std::span<const CanonTypeId> known);
  // The id of a lone, final function type, as host functions have; its references must be abstract.
  Result<CanonTypeId> intern(const FuncType& type);

  // The reference is valid as long as the registry.
  const CanonType& at(CanonTypeId id) const;
  bool is_subtype(CanonTypeId sub, CanonTypeId super) const;

  // Matching of value types whose concrete heap types are canonical ids (specification 3.3).
  bool matches(ValType sub, ValType super) const;
  bool matches(HeapType sub, HeapType super) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A module's value type with its type indices replaced by canonical ids.
ValType canonical(ValType type, const std::vector<CanonTypeId>& ids);

}  // namespace nacre::wasm
