// The type section (specification 3.2 and 3.4.1).
#include <string>

#include "wasm/limits.h"
#include "wasm/validate/module_context.h"

namespace nacre::wasm {
namespace {

std::string type_name(uint32_t index) { return "type " + std::to_string(index); }

std::unexpected<Error> type_error(uint32_t index, const std::string& what) {
  return fail(ErrorCode::invalid, type_name(index) + ": " + what);
}

class IndexChecker {
 public:
  IndexChecker(const Module& module, uint32_t first_unknown, uint32_t index, bool may_recur)
      : module_(module), first_unknown_(first_unknown), index_(index), may_recur_(may_recur) {}

  Result<void> check(ValType type) const {
    if (!type.is_ref() || !type.heap().is_concrete()) return {};
    uint32_t used = index_of(type.heap().index());
    if (used < first_unknown_) return {};
    std::string_view why = used >= module_.types.size() ? ""
                           : may_recur_ ? " (defined later, in another recursive group)"
                                        : " (recursive types need the feature gc)";
    return type_error(index_, "unknown type " + std::to_string(used) + std::string(why));
  }

 private:
  const Module& module_;
  uint32_t first_unknown_;
  uint32_t index_;
  bool may_recur_;
};

Result<void> check_features(const SubType& type, uint32_t index, const RecGroup& group,
                            Features features) {
  bool is_plain = type.kind == SubType::Kind::func && type.is_final && !type.super &&
                  group.count == 1 && !group.explicit_rec;
  if (!is_plain && !features.has(Feature::gc)) {
    return type_error(index, "rec, sub, struct and array need the feature gc");
  }
  if (type.func.results.size() > 1 && !features.has(Feature::multi_value)) {
    return type_error(index, "several results need the feature multi-value");
  }
  return {};
}

Result<void> check_one(const Module& module, const IndexChecker& checker, uint32_t index,
                       std::vector<uint8_t>& depths) {
  const SubType& type = module.types[index];
  if (type.func.params.size() > kMaxParams || type.func.results.size() > kMaxResults ||
      type.fields.size() > kMaxFields) {
    return fail(ErrorCode::limit, type_name(index) + ": too many parameters, results or fields");
  }
  for (ValType t : type.func.params) TRY(checker.check(t));
  for (ValType t : type.func.results) TRY(checker.check(t));
  for (const FieldType& field : type.fields) TRY(checker.check(field.type));
  if (type.kind == SubType::Kind::array && type.fields.size() != 1) {
    return fail(ErrorCode::internal, type_name(index) + ": an array type has one element type");
  }
  if (!type.super) return {};
  uint32_t super = index_of(*type.super);
  if (super >= index) {
    return type_error(index, "unknown type " + std::to_string(super) +
                                 ": a supertype must be defined before its subtypes");
  }
  if (depths[super] >= kMaxSubtypeDepth) {
    return fail(ErrorCode::limit, type_name(index) + ": more than " +
                                      std::to_string(kMaxSubtypeDepth) + " supertypes");
  }
  depths[index] = static_cast<uint8_t>(depths[super] + 1);
  return {};
}

bool matches_field(const ModuleContext& context, const FieldType& sub, const FieldType& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  if (sub.is_mutable) return sub.type == super.type;
  return context.matches(sub.type, super.type);
}

bool matches_lists(const ModuleContext& context, ValTypes subs, ValTypes supers) {
  if (subs.size() != supers.size()) return false;
  for (size_t i = 0; i < subs.size(); ++i) {
    if (!context.matches(subs[i], supers[i])) return false;
  }
  return true;
}

bool matches_definition(const ModuleContext& context, const TypeDef& sub, const TypeDef& super) {
  if (sub.kind != super.kind) return false;
  if (sub.kind == SubType::Kind::func) {
    return matches_lists(context, super.params, sub.params) &&
           matches_lists(context, sub.results, super.results);
  }
  if (sub.fields.size() < super.fields.size()) return false;
  for (size_t i = 0; i < super.fields.size(); ++i) {
    if (!matches_field(context, sub.fields[i], super.fields[i])) return false;
  }
  return true;
}

}  // namespace

Result<void> check_type_indices(const Module& module, Features features) {
  if (module.types.size() > kMaxTypes || module.types.size() > HeapType::kMaxIndex) {
    return fail(ErrorCode::limit, "too many types");
  }
  std::vector<uint8_t> depths(module.types.size(), 0);
  uint32_t next = 0;
  for (const RecGroup& group : module.rec_groups) {
    uint32_t end = group.first + group.count;
    for (; next < end && next < module.types.size(); ++next) {
      TRY(check_features(module.types[next], next, group, features));
      // Before gc a type could name only those in front of it.
      bool may_recur = features.has(Feature::gc);
      TRY(check_one(module, {module, may_recur ? end : next, next, may_recur}, next, depths));
    }
  }
  if (next != module.types.size()) {
    return fail(ErrorCode::internal, "recursive groups do not cover the types");
  }
  return {};
}

Result<void> check_subtypes(const ModuleContext& context) {
  const Module& module = context.module();
  for (uint32_t i = 0; i < module.types.size(); ++i) {
    if (!module.types[i].super) continue;
    uint32_t super = index_of(*module.types[i].super);
    if (module.types[super].is_final) {
      return type_error(i, "sub type: its supertype " + std::to_string(super) + " is final");
    }
    if (!matches_definition(context, context.type(i), context.type(super))) {
      return type_error(i, "sub type does not match its supertype " + std::to_string(super));
    }
  }
  return {};
}

}  // namespace nacre::wasm
