#include "component/validate/match.h"

#include <algorithm>
#include <unordered_map>

#include "base/utf8.h"

namespace nacre::component {
namespace {

using Kind = Type::Kind;
using wasm::ExternKind;

std::unexpected<Error> mismatch(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

std::string quoted(std::string_view name) { return "`" + printable(name) + "`"; }

bool limits_match(const wasm::Limits& given, const wasm::Limits& wanted) {
  if (given.address != wanted.address || given.min < wanted.min) return false;
  if (!wanted.max) return true;
  return given.max && *given.max <= *wanted.max;
}

// By name, for lists that are searched often.
template <class Item>
std::unordered_map<std::string_view, const Item*> by_name(const std::vector<Item>& items) {
  std::unordered_map<std::string_view, const Item*> map;
  for (const Item& item : items) map.emplace(item.name, &item);
  return map;
}

std::string import_key(const CoreImport& item) {
  return std::to_string(item.module.size()) + ":" + std::string(item.module) +
         std::string(item.name);
}

}  // namespace

std::string describe(const Types& types, TypeId type) {
  const TypeDef& def = types.at(type);
  if (def.kind == Kind::primitive) return std::string(primitive_text(def.primitive));
  return std::string(type_kind_text(def.kind));
}

std::string describe(const Types& types, const Entity& entity) {
  if (entity.sort != Sort::type) return std::string(sort_text(entity.sort));
  return "type " + describe(types, entity.type);
}

Result<void> Matcher::check(const Entity& given, const Entity& wanted, Substitution& given_by,
                            Substitution& wanted_by) {
  given_by_ = &given_by;
  wanted_by_ = &wanted_by;
  return check_entity(given, wanted);
}

Result<void> Matcher::check_entity(const Entity& given, const Entity& wanted) {
  TRY(types_.spend(1));
  if (given.sort != wanted.sort) {
    return mismatch("expected " + std::string(sort_text(wanted.sort)) + ", found " +
                    std::string(sort_text(given.sort)));
  }
  switch (wanted.sort) {
    case Sort::core_module:
      return check_module(given.module, wanted.module);
    case Sort::func:
      return check_equal(given.type, wanted.type);
    case Sort::instance:
      return check_exports(types_.at(given.type), types_.at(wanted.type));
    case Sort::component:
      return check_component(given.type, wanted.type);
    default:
      TRY(check_type(given.type, wanted.type));
      wanted_by_->types.insert_or_assign(wanted.type, given.type);
      return {};
  }
}

Result<void> Matcher::check_type(TypeId given, TypeId wanted) {
  const TypeDef& wanted_def = types_.at(wanted);
  const TypeDef& given_def = types_.at(given);
  if (wanted_def.kind == Kind::resource && wanted_by_->is_unbound(wanted_def.resource)) {
    if (given_def.kind != Kind::resource) {
      return mismatch("expected resource, found " + describe(types_, given));
    }
    wanted_by_->resources[wanted_def.resource] = given_by_->find(given_def.resource);
    return {};
  }
  if (wanted_def.kind == Kind::instance && given_def.kind == Kind::instance) {
    return check_exports(given_def, wanted_def);
  }
  if (wanted_def.kind == Kind::component && given_def.kind == Kind::component) {
    return check_component(given, wanted);
  }
  return check_equal(given, wanted);
}

// ---- values and functions

Result<void> Matcher::check_equal(TypeId given, TypeId wanted) {
  const TypeDef& a = types_.at(given);
  const TypeDef& b = types_.at(wanted);
  if (a.structure == b.structure && !a.has_resources) return {};
  if (a.kind == Kind::component || a.kind == Kind::instance || b.kind == Kind::component ||
      b.kind == Kind::instance) {
    return mismatch("expected " + describe(types_, wanted) + ", found " + describe(types_, given));
  }
  uint64_t pair = uint64_t{a.structure} << 32 | b.structure;
  if (equal_[is_swapped_].contains(pair)) return {};
  TRY(types_.spend(1 + a.members.size()));
  if (a.kind != b.kind || a.primitive != b.primitive) {
    return mismatch("expected " + describe(types_, wanted) + ", found " + describe(types_, given));
  }
  if (a.kind == Kind::resource) {
    if (given_by_->find(a.resource) != wanted_by_->find(b.resource)) {
      return mismatch("resource types are not the same");
    }
  } else {
    if (a.is_async != b.is_async) {
      return mismatch(b.is_async ? "expected an async func, found one that is not async"
                                 : "expected a func that is not async, found an async one");
    }
    if (a.length != b.length) return mismatch("lists differ in their length");
    TRY(check_members(a, b));
    bool is_result = b.kind == Kind::result;
    TRY(check_part(a.first, b.first, b.kind == Kind::func ? "result" : is_result ? "ok" : ""));
    TRY(check_part(a.second, b.second, is_result ? "err" : ""));
  }
  equal_[is_swapped_].insert(pair);
  return {};
}

Result<void> Matcher::check_part(TypeId given, TypeId wanted, std::string_view what) {
  if (given == kNoType && wanted == kNoType) return {};
  std::string name = what.empty() ? "inner" : std::string(what);
  if (wanted == kNoType) return mismatch("expected " + name + " type to not be present");
  if (given == kNoType) return mismatch("expected " + name + " type, but found none");
  Result<void> checked = check_equal(given, wanted);
  if (checked || what.empty()) return checked;
  return std::unexpected(std::move(checked).error().with_context("in the " + name + " type"));
}

Result<void> Matcher::check_members(const TypeDef& given, const TypeDef& wanted) {
  if (given.members.size() != wanted.members.size()) {
    std::string_view what = wanted.kind == Kind::func      ? "parameters"
                            : wanted.kind == Kind::record  ? "fields"
                            : wanted.kind == Kind::variant ? "cases"
                            : wanted.kind == Kind::tuple   ? "types"
                                                           : "labels";
    return mismatch("expected " + std::to_string(wanted.members.size()) + " " + std::string(what) +
                    ", found " + std::to_string(given.members.size()));
  }
  for (size_t i = 0; i < given.members.size(); ++i) {
    TRY(check_member(wanted, given.members[i], wanted.members[i], i));
  }
  return {};
}

Result<void> Matcher::check_member(const TypeDef& wanted, const TypeMember& given_member,
                                   const TypeMember& wanted_member, size_t place) {
  std::string_view what = wanted.kind == Kind::func      ? "parameter"
                          : wanted.kind == Kind::record  ? "field"
                          : wanted.kind == Kind::variant ? "case"
                                                         : "label";
  if (given_member.label != wanted_member.label) {
    return mismatch("expected " + std::string(what) + " named " + quoted(wanted_member.label) +
                    ", found " + quoted(given_member.label));
  }
  std::string name = wanted.kind == Kind::tuple
                         ? "tuple field " + std::to_string(place)
                         : std::string(what) + " " + quoted(wanted_member.label);
  if (given_member.type == kNoType && wanted_member.type == kNoType) return {};
  if (wanted_member.type == kNoType) return mismatch("expected " + name + " to have no type");
  if (given_member.type == kNoType) {
    return mismatch("expected " + name + " to have a type, found none");
  }
  Result<void> checked = check_equal(given_member.type, wanted_member.type);
  if (checked) return checked;
  return std::unexpected(std::move(checked).error().with_context("type mismatch in " + name));
}

// ---- instances, components, modules

// Takes the definitions by reference: nothing adds types while types are compared.
Result<void> Matcher::check_exports(const TypeDef& given, const TypeDef& wanted) {
  TRY(types_.spend(given.exports.size() + wanted.exports.size()));
  auto exports = by_name(given.exports);
  for (const NamedEntity& item : wanted.exports) {
    auto found = exports.find(item.name);
    if (found == exports.end()) return mismatch("missing expected export " + quoted(item.name));
    Result<void> checked = check_entity(found->second->entity, item.entity);
    if (!checked) {
      return std::unexpected(std::move(checked).error().with_context(
          "type mismatch in instance export " + quoted(item.name)));
    }
  }
  return {};
}

Result<void> Matcher::check_component(TypeId given_id, TypeId wanted_id) {
  if (given_id == wanted_id) return {};
  const TypeDef& given = types_.at(given_id);
  const TypeDef& wanted = types_.at(wanted_id);
  TRY(types_.spend(given.imports.size() + wanted.imports.size()));
  // What the given one imports is bound to what the wanted one is promised.
  for (ResourceId id : given.imported_resources) {
    given_by_->resources[id] = Substitution::kUnbound;
  }
  auto promised = by_name(wanted.imports);
  std::swap(given_by_, wanted_by_);
  is_swapped_ = !is_swapped_;
  Result<void> checked;
  for (const NamedEntity& item : given.imports) {
    auto found = promised.find(item.name);
    checked = found == promised.end() ? mismatch("missing expected import " + quoted(item.name))
                                      : check_entity(found->second->entity, item.entity);
    if (checked) continue;
    checked = std::unexpected(
        std::move(checked).error().with_context("type mismatch in import " + quoted(item.name)));
    break;
  }
  std::swap(given_by_, wanted_by_);
  is_swapped_ = !is_swapped_;
  TRY(std::move(checked));
  for (ResourceId id : wanted.defined_resources) {
    wanted_by_->resources[id] = Substitution::kUnbound;
  }
  return check_exports(given, wanted);
}

Result<void> Matcher::check_module(ModuleTypeId given_id, ModuleTypeId wanted_id) const {
  const ModuleType& given = types_.module(given_id);
  const ModuleType& wanted = types_.module(wanted_id);
  TRY(types_.spend(given.imports.size() + wanted.imports.size() + given.exports.size() +
                   wanted.exports.size()));
  std::unordered_map<std::string, const CoreImport*> promised;
  for (const CoreImport& item : wanted.imports) promised.emplace(import_key(item), &item);
  for (const CoreImport& item : given.imports) {
    std::string name = "`" + printable(item.module) + "::" + printable(item.name) + "`";
    auto found = promised.find(import_key(item));
    if (found == promised.end()) return mismatch("missing expected import " + name);
    Result<void> checked = check(found->second->item, item.item);
    if (!checked) {
      return std::unexpected(
          std::move(checked).error().with_context("type mismatch in import " + name));
    }
  }
  auto exports = by_name(given.exports);
  for (const CoreExport& item : wanted.exports) {
    auto found = exports.find(item.name);
    if (found == exports.end()) return mismatch("missing expected export " + quoted(item.name));
    Result<void> checked = check(found->second->item, item.item);
    if (!checked) {
      return std::unexpected(
          std::move(checked).error().with_context("type mismatch in export " + quoted(item.name)));
    }
  }
  return {};
}

Result<void> Matcher::check(const CoreItem& given, const CoreItem& wanted) const {
  if (given.kind != wanted.kind) {
    return mismatch("expected " + std::string(extern_kind_text(wanted.kind)) + ", found " +
                    std::string(extern_kind_text(given.kind)));
  }
  switch (wanted.kind) {
    case ExternKind::func:
      if (registry_.is_subtype(given.type, wanted.type)) return {};
      return mismatch("expected func of type " + to_string(registry_.at(wanted.type).type.func) +
                      ", found " + to_string(registry_.at(given.type).type.func));
    case ExternKind::table:
      if (given.table.element != wanted.table.element) {
        return mismatch("expected table element type " + to_string(wanted.table.element) +
                        ", found " + to_string(given.table.element));
      }
      if (!limits_match(given.table.limits, wanted.table.limits)) {
        return mismatch("mismatch in table limits");
      }
      return {};
    case ExternKind::memory:
      if (given.memory.shared != wanted.memory.shared) {
        return mismatch("mismatch in the shared flag for memories");
      }
      if (given.memory.page_size_log2 != wanted.memory.page_size_log2 ||
          !limits_match(given.memory.limits, wanted.memory.limits)) {
        return mismatch("mismatch in memory limits");
      }
      return {};
    case ExternKind::global: {
      const wasm::GlobalType& a = given.global;
      const wasm::GlobalType& b = wanted.global;
      if (a.is_mutable != b.is_mutable) return mismatch("mismatch in the mutability of globals");
      bool matches = a.is_mutable ? a.type == b.type : registry_.matches(a.type, b.type);
      if (matches) return {};
      return mismatch("expected global type " + to_string(b.type) + ", found " + to_string(a.type));
    }
    case ExternKind::tag:
      if (given.type == wanted.type) return {};
      return mismatch("expected a tag of another type");
  }
  return {};
}

}  // namespace nacre::component
