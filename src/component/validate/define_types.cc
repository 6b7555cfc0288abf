// Type definitions.
#include "component/limits.h"
#include "component/validate/validator.h"

namespace nacre::component {

using Kind = Type::Kind;

Result<TypeId> Validator::type_at(uint32_t index, const Scope& scope) const {
  if (index < scope.types.size()) return scope.types[index];
  return invalid("unknown type ", std::to_string(index), ": type index out of bounds");
}

Result<TypeId> Validator::type_at(uint32_t index, Kind kind, const Scope& scope) const {
  TypeId type = TRY(type_at(index, scope));
  if (types_.kind(type) == kind) return type;
  std::string_view what = kind == Kind::func        ? "a function"
                          : kind == Kind::instance  ? "an instance"
                          : kind == Kind::component ? "a component"
                                                    : "a resource";
  return invalid("type index ", std::to_string(index), " is not ", what, " type");
}

Result<TypeId> Validator::value_type(ValType type, const Scope& scope) const {
  if (type.is_primitive()) {
    if (type.primitive() == Primitive::error_context) {
      TRY(need(Feature::error_context, "error-context"));
    }
    return types_.primitive(type.primitive());
  }
  TypeId id = TRY(type_at(type.index(), scope));
  if (is_value(types_.kind(id))) return id;
  return invalid("type index ", std::to_string(type.index()), " is not a defined type");
}

Result<TypeId> Validator::optional_type(const std::optional<ValType>& type,
                                        const Scope& scope) const {
  if (!type) return kNoType;
  return value_type(*type, scope);
}

namespace {

struct LabelWords {
  std::string_view of_type;  // "record type must have at least one field"
  std::string_view member;   // "record field"
  std::string_view short_member;
  std::string_view at_least;
};

LabelWords label_words(Kind kind) {
  switch (kind) {
    case Kind::record:
      return {"record type", "record field", "field", "field"};
    case Kind::variant:
      return {"variant type", "variant case", "case", "case"};
    case Kind::flags:
      return {"flags", "flag", "flag", "entry"};
    case Kind::enumeration:
      return {"enum type", "enum tag", "tag", "variant"};
    case Kind::tuple:
      return {"tuple type", "", "", "type"};
    default:
      return {"function type", "function parameter", "parameter", ""};
  }
}

bool is_map_key(Kind kind, Primitive primitive) {
  return kind == Kind::primitive && primitive != Primitive::f32 && primitive != Primitive::f64 &&
         primitive != Primitive::error_context;
}

}  // namespace

Result<void> Validator::check_labels(const Type& type) const {
  LabelWords words = label_words(type.kind);
  if (type.members.empty() && type.kind != Kind::func) {
    return invalid(words.of_type, " must have at least one ", words.at_least);
  }
  if (type.kind == Kind::tuple) return {};
  std::unordered_map<std::string, std::string_view> taken;
  for (const Type::Member& member : type.members) {
    if (member.label.empty()) return invalid(words.member, " name cannot be empty");
    if (member.label.size() > kMaxNameBytes) {
      return fail(ErrorCode::limit, std::string(words.member) + " name is too long");
    }
    std::string name = std::string(words.member) + " name " + quoted(member.label);
    if (!is_label(member.label)) return invalid(name, " is not in kebab case");
    auto [previous, is_new] = taken.emplace(fold_case(member.label), member.label);
    if (!is_new) {
      return invalid(name, " conflicts with previous ", words.short_member, " name ",
                     quoted(previous->second));
    }
  }
  return {};
}

Result<void> Validator::define(const Type& type, Scope& scope) {
  TypeId id = kNoType;
  switch (type.kind) {
    case Kind::component:
    case Kind::instance:
      id = TRY(nested_type(type, scope));
      break;
    case Kind::resource:
      id = TRY(types_.add(TRY(resource_def(type, scope))));
      break;
    case Kind::func:
      id = TRY(types_.add(TRY(func_def(type, scope))));
      break;
    default:
      id = TRY(types_.add(TRY(value_def(type, scope))));
  }
  scope.types.push_back(id);
  return {};
}

Result<TypeId> Validator::nested_type(const Type& type, Scope& scope) {
  Scope inner(
      type.kind == Kind::component ? Scope::Kind::component_type : Scope::Kind::instance_type,
      &scope, types_.next_resource());
  TRY(definitions(type.body, inner));
  return finish(inner);
}

Result<TypeDef> Validator::resource_def(const Type& type, Scope& scope) {
  if (scope.kind != Scope::Kind::component) {
    return invalid("resources can only be defined within a concrete component");
  }
  if (type.destructor) {
    const wasm::FuncType& destructor = *TRY(core_function(*type.destructor, scope));
    if (destructor != wasm::FuncType{{wasm::ValType::kI32}, {}}) {
      return invalid("core function ", std::to_string(*type.destructor),
                     " has wrong signature for a destructor");
    }
  }
  ResourceId resource = types_.add_resource();
  scope.local_resources.insert(resource);
  return TypeDef{.kind = Kind::resource, .resource = resource};
}

Result<TypeDef> Validator::func_def(const Type& type, const Scope& scope) const {
  if (type.is_async) TRY(need(Feature::async, "an async function"));
  if (type.members.size() > kMaxParams) {
    return fail(ErrorCode::limit, "a function has too many parameters");
  }
  TRY(check_labels(type));
  TypeDef def{.kind = Kind::func, .is_async = type.is_async};
  for (const Type::Member& member : type.members) {
    def.members.push_back({member.label, TRY(value_type(*member.type, scope))});
  }
  def.first = TRY(optional_type(type.first, scope));
  if (def.first != kNoType && types_.at(def.first).has_borrows) {
    return invalid("function result cannot contain a `borrow` type");
  }
  return def;
}

Result<TypeDef> Validator::value_def(const Type& type, const Scope& scope) const {
  TypeDef def{.kind = type.kind, .primitive = type.primitive, .length = type.length};
  switch (type.kind) {
    case Kind::primitive:
      TRY(value_type(type.primitive, scope));
      return def;
    case Kind::own:
    case Kind::borrow:
      def.first = TRY(type_at(type.index, Kind::resource, scope));
      return def;
    case Kind::record:
    case Kind::variant:
    case Kind::tuple:
    case Kind::flags:
    case Kind::enumeration:
      TRY(check_labels(type));
      if (type.kind == Kind::flags && type.members.size() > kMaxFlags) {
        return invalid("cannot have more than 32 flags");
      }
      for (const Type::Member& member : type.members) {
        def.members.push_back({member.label, TRY(optional_type(member.type, scope))});
      }
      return def;
    default:
      break;
  }
  def.first = TRY(optional_type(type.first, scope));
  def.second = TRY(optional_type(type.second, scope));
  if (type.kind == Kind::fixed_list) {
    TRY(need(Feature::fixed_length_lists, "a list of fixed length"));
    if (type.length == 0)
      return invalid("a list of fixed length must have more than zero elements");
  }
  if (type.kind == Kind::map) {
    TRY(need(Feature::map, "a map"));
    const TypeDef& key = types_.at(def.first);
    if (!is_map_key(key.kind, key.primitive)) return invalid("invalid map key type");
  }
  if (type.kind == Kind::stream || type.kind == Kind::future) {
    TRY(need(Feature::async, type.kind == Kind::stream ? "a stream" : "a future"));
    if (def.first == kNoType) return def;
    const TypeDef& payload = types_.at(def.first);
    if (payload.has_borrows) return invalid("the payload cannot contain a `borrow` type");
    if (type.kind == Kind::stream && payload.kind == Kind::primitive &&
        payload.primitive == Primitive::character) {
      return invalid("`stream<char>` is not valid at this time");
    }
  }
  return def;
}

}  // namespace nacre::component
