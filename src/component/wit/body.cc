// Types and functions of interfaces and worlds.

#include <algorithm>

#include "component/limits.h"
#include "component/wit/resolver.h"

namespace nacre::component::wit {
namespace {

std::string extern_name(const syntax::Function& function, std::string_view resource) {
  std::string name(function.name.text);
  switch (function.kind) {
    case FunctionKind::plain:
      return name;
    case FunctionKind::constructor:
      return "[constructor]" + name;
    case FunctionKind::method:
      return "[method]" + std::string(resource) + "." + name;
    case FunctionKind::static_:
      return "[static]" + std::string(resource) + "." + name;
  }
  __builtin_unreachable();
}

}  // namespace

Result<void> Body::claim(const std::string& name, size_t offset) {
  Result<ExternName> parsed = parse_extern_name(name);
  if (!parsed) return place_.fail(offset, parsed.error().message());
  if (claimed_.insert(uniqueness_key(*parsed)).second) return {};
  return place_.fail(
      offset, "the name `" + name + "` is taken; upper and lower case do not make names different");
}

Result<void> Body::declare(const syntax::Use& use) {
  Entry entry;
  entry.use = &use;
  entry.from = TRY(lookup_.find_interface(use.from, place_));
  entry.is_visible = TRY(wit::is_visible(context_, lookup_.package, use.attributes, place_));
  for (const syntax::UsedName& used : use.names) {
    entry.used = &used;
    TRY(declare(entry));
  }
  return {};
}

Result<void> Body::declare(const syntax::TypeDef& def) {
  Entry entry;
  entry.def = &def;
  entry.is_visible = TRY(wit::is_visible(context_, lookup_.package, def.attributes, place_));
  return declare(entry);
}

Result<void> Body::declare(Entry entry) {
  TRY(claim(std::string(entry.name().text), entry.name().offset));
  entry_by_name_.emplace(entry.name().text, entries_.size());
  entries_.push_back(entry);
  return {};
}

void Body::find_references(const syntax::Type& type, std::vector<Reference>& references) const {
  if (!type.name.text.empty()) {
    auto found = entry_by_name_.find(type.name.text);
    if (found != entry_by_name_.end()) references.push_back({found->second, type.offset});
  }
  for (const syntax::Type& argument : type.arguments) find_references(argument, references);
}

Result<std::vector<size_t>> Body::entry_order() const {
  std::vector<std::vector<Reference>> references(entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) {
    const syntax::TypeDef* def = entries_[i].def;
    if (def == nullptr) continue;
    find_references(def->alias, references[i]);
    for (const syntax::Member& member : def->members) find_references(member.type, references[i]);
  }
  auto order = order_by_references(references);
  if (order) return std::move(*order);
  const Entry& entry = entries_[order.error().to];
  return place_.fail(order.error().offset, "the type `" + std::string(entry.name().text) +
                                               "` contains itself, perhaps through others");
}

Result<std::vector<TypeDefId>> Body::make_types() {
  std::vector<TypeDefId> visible;
  for (size_t index : TRY(entry_order())) {
    const Entry& entry = entries_[index];
    TypeDef def = TRY(entry.use != nullptr ? make_used(entry) : make_def(entry));
    def.interface = interface_;
    auto id = static_cast<TypeDefId>(context_.out.type_defs.size());
    if (def.kind == TypeDefKind::resource) def.resource = id;
    context_.out.type_defs.push_back(std::move(def));
    context_.hidden_types.push_back(!entry.is_visible);
    types_.emplace(entry.name().text, id);
    if (entry.is_visible) visible.push_back(id);
  }
  // Functions of a resource may refer to types that stand behind it.
  for (const Entry& entry : entries_) {
    if (entry.def == nullptr || entry.def->kind != TypeDefKind::resource) continue;
    TRY(make_resource_functions(types_.at(entry.name().text), entry));
  }
  return visible;
}

Result<TypeDef> Body::make_used(const Entry& entry) {
  const syntax::Name& name = entry.used->name;
  const TypeNames& there = context_.types[entry.from];
  auto found = there.find(name.text);
  if (found == there.end()) {
    return place_.fail(name.offset, "the interface `" + context_.out.interfaces[entry.from].name +
                                        "` has no type `" + std::string(name.text) + "`");
  }
  if (entry.is_visible && context_.hidden_types[found->second]) {
    return place_.fail(name.offset,
                       "the type `" + std::string(name.text) + "` is behind a feature that is off");
  }
  TypeDef def;
  def.name = entry.used->as.text;
  def.kind = TypeDefKind::used;
  def.used = found->second;
  def.has_borrow = context_.out.type_defs[found->second].has_borrow;
  def.resource = context_.out.type_defs[found->second].resource;
  def.gate = entry.use->attributes.gate;
  return def;
}

Result<TypeDef> Body::make_def(const Entry& entry) {
  const syntax::TypeDef& syntax = *entry.def;
  Place place = place_.inside(definition_word(syntax.kind), syntax.name.text);
  if (entry.is_visible && interface_ != kNoId && context_.hidden_interfaces[interface_]) {
    return place.fail(syntax.name.offset,
                      "its interface is behind a feature that is off, so it must be as well");
  }
  TypeDef def;
  def.name = syntax.name.text;
  def.kind = syntax.kind;
  def.docs = syntax.attributes.docs;
  def.gate = syntax.attributes.gate;
  def.external_id = syntax.attributes.external_id;
  if (syntax.kind == TypeDefKind::alias) {
    def.alias = TRY(make_type(syntax.alias, entry.is_visible, place));
    def.has_borrow = has_borrow(def.alias);
    if (def.alias.kind == TypeKind::named) {
      def.resource = context_.out.type_defs[def.alias.index].resource;
    }
  } else {
    def.members = TRY(make_members(syntax, entry.is_visible, place));
    def.has_borrow = std::ranges::any_of(
        def.members, [this](const Member& member) { return has_borrow(member.type); });
  }
  return def;
}

Result<std::vector<Member>> Body::make_members(const syntax::TypeDef& def, bool is_def_visible,
                                               const Place& place) {
  if (def.kind == TypeDefKind::flags && def.members.size() > kMaxFlags) {
    return place.fail(def.members[kMaxFlags].name.offset,
                      "it has more than " + std::to_string(kMaxFlags) + " flags");
  }
  std::unordered_set<std::string> names;
  std::vector<Member> members;
  for (const syntax::Member& syntax : def.members) {
    if (!names.insert(fold_case(syntax.name.text)).second) {
      return place.fail(syntax.name.offset, "it has `" + std::string(syntax.name.text) + "` twice");
    }
    Type type = TRY(make_type(syntax.type, is_def_visible, place));
    members.push_back({std::string(syntax.name.text), syntax.docs, type});
  }
  return members;
}

Result<void> Body::make_resource_functions(TypeDefId id, const Entry& entry) {
  std::string_view resource = entry.def->name.text;
  Place place = place_.inside("resource", resource);
  for (const syntax::Function& syntax : entry.def->functions) {
    bool visible = TRY(wit::is_visible(context_, lookup_.package, syntax.attributes, place));
    if (visible && !entry.is_visible) {
      return place.fail(syntax.name.offset,
                        "the resource is behind a feature that is off, so this must be as well");
    }
    TRY(claim(extern_name(syntax, resource), syntax.name.offset));
    bool is_constructor = syntax.kind == FunctionKind::constructor;
    Place inside = is_constructor ? place : place.inside("function", syntax.name.text);
    if (is_constructor) TRY(check_constructor(syntax, inside));
    Function function = TRY(make_signature(syntax, visible, inside));
    if (visible) context_.out.type_defs[id].functions.push_back(std::move(function));
  }
  return {};
}

Result<void> Body::check_constructor(const syntax::Function& function, const Place& place) const {
  const syntax::Type& result = function.result;
  if (result.kind == TypeKind::none) return {};
  bool fits = result.kind == TypeKind::result && result.arguments[0].kind == TypeKind::named &&
              result.arguments[0].name.text == function.name.text;
  if (fits) return {};
  std::string name(function.name.text);
  return place.fail(result.offset, "a constructor returns nothing here, or a result<" + name +
                                       "> or result<" + name + ", E> if it may fail");
}

Result<Function> Body::make_function(const syntax::Function& function, bool is_function_visible) {
  return make_signature(function, is_function_visible,
                        place_.inside("function", function.name.text));
}

Result<Function> Body::make_signature(const syntax::Function& syntax, bool is_function_visible,
                                      const Place& place) {
  Function function;
  if (syntax.kind != FunctionKind::constructor) function.name = syntax.name.text;
  function.kind = syntax.kind;
  function.is_async = syntax.is_async;
  function.docs = syntax.attributes.docs;
  function.gate = syntax.attributes.gate;
  function.external_id = syntax.attributes.external_id;
  std::unordered_set<std::string> names;
  if (syntax.kind == FunctionKind::method) names.insert("self");
  for (const syntax::Param& param : syntax.params) {
    if (!names.insert(fold_case(param.name.text)).second) {
      return place.fail(param.name.offset,
                        "two parameters are called `" + std::string(param.name.text) + "`");
    }
    Type type = TRY(make_type(param.type, is_function_visible, place));
    function.params.push_back({std::string(param.name.text), type});
  }
  function.result = TRY(make_type(syntax.result, is_function_visible, place));
  if (has_borrow(function.result)) {
    return place.fail(syntax.result.offset, "what it returns holds a borrowed handle");
  }
  return function;
}

Result<Type> Body::make_type(const syntax::Type& syntax, bool must_be_visible, const Place& place) {
  Type type;
  type.kind = syntax.kind;
  switch (syntax.kind) {
    case TypeKind::named:
      type.index = TRY(find_type(syntax.name, must_be_visible, place));
      return type;
    case TypeKind::own:
    case TypeKind::borrow:
      type.index = TRY(find_type(syntax.name, must_be_visible, place));
      if (context_.out.type_defs[type.index].resource == kNoId) {
        return place.fail(syntax.name.offset,
                          "`" + std::string(syntax.name.text) + "` is not a resource");
      }
      return type;
    default:
      break;
  }
  if (syntax.kind == TypeKind::none || is_primitive(syntax.kind)) return type;
  Structure structure;
  structure.length = syntax.length;
  for (const syntax::Type& argument : syntax.arguments) {
    structure.arguments.push_back(TRY(make_type(argument, must_be_visible, place)));
  }
  type.index = static_cast<uint32_t>(context_.out.structures.size());
  context_.out.structures.push_back(std::move(structure));
  return type;
}

Result<TypeDefId> Body::find_type(const syntax::Name& name, bool must_be_visible,
                                  const Place& place) const {
  auto found = types_.find(name.text);
  if (found == types_.end()) {
    return place.fail(name.offset, "there is no type `" + std::string(name.text) + "` here");
  }
  if (must_be_visible && context_.hidden_types[found->second]) {
    return place.fail(name.offset,
                      "the type `" + std::string(name.text) + "` is behind a feature that is off");
  }
  return found->second;
}

bool Body::has_borrow(const Type& type) const {
  if (type.kind == TypeKind::borrow) return true;
  if (type.kind == TypeKind::named) return context_.out.type_defs[type.index].has_borrow;
  if (type.is_none() || is_primitive(type.kind) || type.kind == TypeKind::own) return false;
  return std::ranges::any_of(context_.out.structures[type.index].arguments,
                             [this](const Type& argument) { return has_borrow(argument); });
}

static std::vector<InterfaceId> used_interfaces(const Resolve& resolve,
                                                const std::vector<TypeDefId>& types) {
  std::vector<InterfaceId> interfaces;
  std::unordered_set<InterfaceId> seen;
  for (TypeDefId id : types) {
    const TypeDef& def = resolve.type_defs[id];
    if (def.kind != TypeDefKind::used) continue;
    InterfaceId from = resolve.type_defs[def.used].interface;
    if (seen.insert(from).second) interfaces.push_back(from);
  }
  return interfaces;
}

Result<void> resolve_interface(const Lookup& lookup, const Place& place,
                               const syntax::Interface& syntax, InterfaceId id) {
  Context& context = lookup.context;
  Body body(lookup, place, id);
  for (const syntax::InterfaceItem& item : syntax.items) {
    if (const auto* use = std::get_if<syntax::Use>(&item)) TRY(body.declare(*use));
    if (const auto* def = std::get_if<syntax::TypeDef>(&item)) TRY(body.declare(*def));
  }
  std::vector<TypeDefId> types = TRY(body.make_types());
  std::vector<Function> functions;
  for (const syntax::InterfaceItem& item : syntax.items) {
    const auto* function = std::get_if<syntax::Function>(&item);
    if (function == nullptr) continue;
    TRY(body.claim(std::string(function->name.text), function->name.offset));
    bool visible = TRY(is_visible(context, lookup.package, function->attributes, place));
    Function made = TRY(body.make_function(*function, visible));
    if (visible) functions.push_back(std::move(made));
  }
  context.types[id] = body.types();
  context.needs[id] = used_interfaces(context.out, types);
  Interface& interface = context.out.interfaces[id];
  interface.package = lookup.package;
  interface.types = std::move(types);
  interface.functions = std::move(functions);
  interface.docs = syntax.attributes.docs;
  interface.gate = syntax.attributes.gate;
  return {};
}

}  // namespace nacre::component::wit
