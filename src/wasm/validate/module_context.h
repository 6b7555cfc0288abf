// A module as validation of code sees it: types with their equivalences resolved, and flat tables
// of what each index space holds (the context C of specification 3.1).
//
// Types in here are local canonical: a type index in a ValType is the first index in this module
// of all types equivalent to it, so that equal bits mean equivalent types and most matching is one
// comparison. Values that come from the module's own text (immediates, declarations) pass through
// canonical() first.
//
// Built by validate_module step by step; immutable afterwards, and then usable from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"
#include "wasm/not_run.h"
#include "wasm/type_registry.h"
#include "wasm/types.h"

namespace nacre::wasm {

using ValTypes = std::span<const ValType>;

// A defined type, its value types local canonical.
struct TypeDef {
  static constexpr uint32_t kNoSuper = 0xFFFFFFFF;

  SubType::Kind kind = SubType::Kind::func;
  bool has_v128 = false;      // among the parameters and results
  uint32_t canonical = 0;     // the first equivalent type of the module
  uint32_t super = kNoSuper;  // canonical
  uint32_t depth = 0;         // number of supertypes
  ValTypes params;            // kind func
  ValTypes results;           // kind func
  std::span<const FieldType> fields;
  const FieldType* without_default = nullptr;  // the first such field
};

class ModuleContext {
 public:
  // The type section must have passed check_type_indices; `ids` are the registry's.
  ModuleContext(const Module& module, Features features, std::vector<CanonTypeId> ids);
  ModuleContext(const ModuleContext&) = delete;
  ModuleContext& operator=(const ModuleContext&) = delete;

  const Module& module() const { return module_; }
  Features features() const { return features_; }
  const std::vector<CanonTypeId>& type_ids() const { return ids_; }

  uint32_t type_count() const { return static_cast<uint32_t>(types_.size()); }
  const TypeDef& type(uint32_t index) const { return types_[index]; }
  // The definition, if the index is in range and of that kind.
  const TypeDef* find_type(TypeIdx index, SubType::Kind kind) const {
    if (index_of(index) >= types_.size()) return nullptr;
    const TypeDef& def = types_[index_of(index)];
    return def.kind == kind ? &def : nullptr;
  }
  const TypeDef* find_func_type(TypeIdx index) const {
    return find_type(index, SubType::Kind::func);
  }

  // Nothing if a type index is out of range.
  std::optional<ValType> canonical(ValType type) const;
  std::optional<HeapType> canonical(HeapType type) const;

  // Matching (specification 3.3) of local canonical types.
  bool matches(ValType sub, ValType super) const {
    return sub == super || matches_slow(sub, super);
  }
  bool matches(HeapType sub, HeapType super) const;
  // The greatest type of the hierarchy that the type is in.
  HeapType top_of(HeapType type) const;

  // Index spaces, filled in the order in which they are checked. Types are local canonical.
  struct TableInfo {
    ValType element;
    ValType address;  // i32 or i64
  };
  std::vector<const TypeDef*> functions;
  std::vector<TableInfo> tables;
  std::vector<ValType> memories;  // the address type: i32 or i64
  std::vector<GlobalType> globals;
  std::vector<const TypeDef*> tags;
  std::vector<ValType> elements;
  uint32_t data_count = 0;
  // memory.init and its kin need a data count section in front of the code (binary format only).
  bool data_count_missing = false;
  // The first instruction that no tier runs: of the constant expressions, else of the bodies that
  // validate_module checked.
  std::optional<NotRun> not_run;
  // Functions that occur outside of bodies and the start section: ref.func may name these.
  std::vector<bool> declared_functions;

 private:
  bool matches_slow(ValType sub, ValType super) const;
  void add_type(uint32_t index, const SubType& type);
  ValTypes add_list(const std::vector<ValType>& list);

  const Module& module_;
  Features features_;
  std::vector<CanonTypeId> ids_;
  std::vector<TypeDef> types_;
  std::vector<ValType> list_pool_;     // behind the spans of types_; never reallocated
  std::vector<FieldType> field_pool_;  // likewise
};

// The type section before its types have identities: indices in range, pointing backwards or into
// their own group; supertypes before their subtypes, at most kMaxSubtypeDepth of them.
Result<void> check_type_indices(const Module& module, Features features);
// What else must hold for declared supertypes: not final, of the same kind, structurally matched.
Result<void> check_subtypes(const ModuleContext& context);

}  // namespace nacre::wasm
