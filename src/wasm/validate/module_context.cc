#include "wasm/validate/module_context.h"

#include <unordered_map>

namespace nacre::wasm {
namespace {

// The abstract type just above, within one hierarchy; kBottom above a top type.
HeapType::Abstract parent_of(HeapType::Abstract type) {
  switch (type) {
    case HeapType::kNone:
      return HeapType::kI31;  // and kStruct, kArray: see matches_abstract
    case HeapType::kI31:
    case HeapType::kStruct:
    case HeapType::kArray:
      return HeapType::kEq;
    case HeapType::kEq:
      return HeapType::kAny;
    case HeapType::kNoFunc:
      return HeapType::kFunc;
    case HeapType::kNoExtern:
      return HeapType::kExtern;
    case HeapType::kNoExn:
      return HeapType::kExn;
    default:
      return HeapType::kBottom;
  }
}

bool matches_abstract(HeapType::Abstract sub, HeapType::Abstract super) {
  if (sub == HeapType::kNone && (super == HeapType::kStruct || super == HeapType::kArray)) {
    return true;
  }
  for (; sub != HeapType::kBottom; sub = parent_of(sub)) {
    if (sub == super) return true;
  }
  return false;
}

}  // namespace

ModuleContext::ModuleContext(const Module& module, Features features, std::vector<CanonTypeId> ids)
    : module_(module), features_(features), ids_(std::move(ids)) {
  size_t lists = 0;
  size_t fields = 0;
  for (const SubType& type : module.types) {
    lists += type.func.params.size() + type.func.results.size();
    fields += type.fields.size();
  }
  list_pool_.reserve(lists);
  field_pool_.reserve(fields);
  types_.resize(module.types.size());

  // All canonical indices first: types refer to later ones of their group.
  std::unordered_map<uint32_t, uint32_t> first_of_id;
  first_of_id.reserve(module.types.size());
  for (uint32_t i = 0; i < module.types.size(); ++i) {
    types_[i].canonical = first_of_id.try_emplace(static_cast<uint32_t>(ids_[i]), i).first->second;
  }
  for (uint32_t i = 0; i < module.types.size(); ++i) add_type(i, module.types[i]);
}

void ModuleContext::add_type(uint32_t index, const SubType& type) {
  TypeDef& def = types_[index];
  def.kind = type.kind;
  if (type.super) {
    def.super = types_[index_of(*type.super)].canonical;
    def.depth = types_[index_of(*type.super)].depth + 1;
  }
  def.params = add_list(type.func.params);
  def.results = add_list(type.func.results);
  for (ValTypes list : {def.params, def.results}) {
    for (ValType t : list) def.has_v128 |= t.is_vector();
  }
  size_t begin = field_pool_.size();
  for (const FieldType& field : type.fields) {
    field_pool_.push_back({canonical(field.type).value_or(ValType()), field.is_mutable});
  }
  def.fields = std::span(field_pool_).subspan(begin);
  for (const FieldType& field : def.fields) {
    if (def.without_default == nullptr && !field.type.is_defaultable())
      def.without_default = &field;
  }
}

ValTypes ModuleContext::add_list(const std::vector<ValType>& list) {
  size_t begin = list_pool_.size();
  for (ValType type : list) list_pool_.push_back(canonical(type).value_or(ValType()));
  return std::span(list_pool_).subspan(begin);
}

std::optional<HeapType> ModuleContext::canonical(HeapType type) const {
  if (!type.is_concrete()) return type;
  if (index_of(type.index()) >= types_.size()) return std::nullopt;
  return HeapType::concrete(TypeIdx{types_[index_of(type.index())].canonical});
}

std::optional<ValType> ModuleContext::canonical(ValType type) const {
  if (!type.is_ref() || !type.heap().is_concrete()) return type;
  std::optional<HeapType> heap = canonical(type.heap());
  if (!heap) return std::nullopt;
  return ValType::ref(*heap, type.nullable());
}

bool ModuleContext::matches_slow(ValType sub, ValType super) const {
  if (sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.nullable() && !super.nullable()) return false;
  return matches(sub.heap(), super.heap());
}

bool ModuleContext::matches(HeapType sub, HeapType super) const {
  if (sub == super || sub == HeapType(HeapType::kBottom)) return true;
  if (!sub.is_concrete()) {
    if (!super.is_concrete()) return matches_abstract(sub.abstract(), super.abstract());
    return sub.abstract() == abstract_below(types_[index_of(super.index())].kind);
  }
  const TypeDef& def = types_[index_of(sub.index())];
  if (!super.is_concrete()) return matches_abstract(abstract_above(def.kind), super.abstract());
  uint32_t target = index_of(super.index());
  uint32_t target_depth = types_[target].depth;
  uint32_t at = index_of(sub.index());
  while (types_[at].depth > target_depth) at = types_[at].super;
  return at == target;
}

HeapType ModuleContext::top_of(HeapType type) const {
  HeapType::Abstract at =
      type.is_concrete() ? abstract_above(types_[index_of(type.index())].kind) : type.abstract();
  while (parent_of(at) != HeapType::kBottom) at = parent_of(at);
  return at;
}

}  // namespace nacre::wasm
