#include "component/wit/to_component.h"

#include <map>
#include <unordered_map>
#include <unordered_set>

#include "component/wit/kinds.h"
#include "component/wit/limits.h"

namespace nacre::component::wit {
namespace {

using Kind = component::Type::Kind;
using Member = component::Type::Member;

std::string full_name(const Package& package, const std::string& item) {
  return package.name_space + ":" + package.name + "/" + item +
         (package.version.empty() ? "" : "@" + package.version);
}

// What all parts of one component share.
struct Output {
  const Resolve& resolve;
  Component component;
  size_t work = 0;

  std::string_view keep(const std::string& text) {
    Bytes bytes = as_bytes(text);
    return as_text(component.owned.emplace_back(bytes.begin(), bytes.end()));
  }
  AttributedName name(const std::string& text, const std::string& external_id = {}) {
    AttributedName name;
    name.name = keep(text);
    if (!external_id.empty()) name.external_id = keep(external_id);
    return name;
  }
};

// The declarations of a component type or instance type, as they grow. Each knows where the types of
// WIT are in its index space.
class Scope {
 public:
  // What names in it are: imports, or exports.
  enum class Direction : uint8_t { import, export_ };

  Scope(Output& out, Scope* outer) : out_(out), outer_(outer) {}

  Definitions take() { return std::move(body_); }

  uint32_t add_type(component::Type type) {
    add(std::move(type));
    return types_++;
  }

  // An instance by its name; its index.
  uint32_t add_instance(AttributedName name, uint32_t type, Direction direction) {
    declare(name, {Sort::instance, type, false}, direction);
    return instances_++;
  }
  void add_component(AttributedName name, uint32_t type) {
    declare(name, {Sort::component, type, false}, Direction::export_);
  }

  // The types of an interface or a world, each by its name.
  void add_named_types(const std::vector<TypeDefId>& ids, Direction direction) {
    for (TypeDefId id : ids) {
      const TypeDef& def = out_.resolve.type_defs[id];
      AttributedName name = out_.name(def.name, def.external_id);
      if (def.kind == TypeDefKind::resource) {
        declare(name, {Sort::type, 0, true}, direction);
      } else {
        declare(name, {Sort::type, underlying(def), false}, direction);
      }
      defs_[id] = types_++;
    }
  }

  void add_resource_functions(const std::vector<TypeDefId>& ids, Direction direction) {
    for (TypeDefId id : ids) {
      const TypeDef& def = out_.resolve.type_defs[id];
      for (const Function& function : def.functions) add_method(id, def, function, direction);
    }
  }

  void add_function(const std::string& label, const Function& function,
                    const std::string& external_id, Direction direction) {
    uint32_t type = add_type(signature(function, kNoId));
    declare(out_.name(label, external_id), {Sort::func, type, false}, direction);
  }

  // Whose types `use` means from here on.
  void set_instance(InterfaceId interface, uint32_t index) { instance_of_[interface] = index; }

 private:
  template <class T>
  void add(T content) {
    ++out_.work;
    body_.push_back({std::move(content)});
  }

  void declare(AttributedName name, ExternDesc desc, Direction direction) {
    if (direction == Direction::import) {
      add(Import{name, desc});
    } else {
      add(ExportDeclaration{name, desc});
    }
  }

  // The index of the type of which `def` is a name.
  uint32_t underlying(const TypeDef& def) {
    if (def.kind == TypeDefKind::used) return used(def.used);
    if (def.kind == TypeDefKind::alias) {
      if (def.alias.kind == TypeKind::named) return defs_.at(def.alias.index);
      ValType type = *value(def.alias);
      if (!type.is_primitive()) return type.index();
      component::Type primitive;
      primitive.primitive = type.primitive();
      return add_type(std::move(primitive));
    }
    component::Type type;
    type.kind = defined_kind(def.kind);
    for (const wit::Member& member : def.members) {
      type.members.push_back({out_.keep(member.name), value(member.type)});
    }
    return add_type(std::move(type));
  }

  // A type of another interface: that of the instance which stands for it, here or further out.
  uint32_t used(TypeDefId id) {
    const TypeDef& def = out_.resolve.type_defs[id];
    auto instance = instance_of_.find(def.interface);
    if (instance == instance_of_.end()) {
      auto [known, is_new] = outer_aliases_.try_emplace(id);
      if (is_new) {
        Alias alias{.target = Alias::Target::outer, .sort = Sort::type};
        alias.count = 1;
        alias.index = outer_->used(id);
        add(alias);
        known->second = types_++;
      }
      return known->second;
    }
    auto [known, is_new] = aliases_.try_emplace({instance->second, id});
    if (is_new) {
      Alias alias{.target = Alias::Target::export_, .sort = Sort::type};
      alias.instance = instance->second;
      alias.name = out_.keep(def.name);
      add(alias);
      known->second = types_++;
    }
    return known->second;
  }

  std::optional<ValType> value(const Type& type) {
    if (type.is_none()) return std::nullopt;
    if (is_primitive(type.kind)) return ValType(primitive_of(type.kind));
    if (type.kind == TypeKind::named || type.kind == TypeKind::own ||
        type.kind == TypeKind::borrow) {
      bool is_resource = out_.resolve.type_defs[type.index].resource != kNoId;
      if (!is_resource) return ValType::at(defs_.at(type.index));
      return handle(type.index, type.kind == TypeKind::borrow ? Kind::borrow : Kind::own);
    }
    const Structure& structure = out_.resolve.structures[type.index];
    component::Type made;
    made.kind = constructed_kind(type.kind);
    made.length = structure.length;
    if (made.kind == Kind::tuple) {
      for (const Type& part : structure.arguments) made.members.push_back({{}, value(part)});
    } else {
      made.first = value(structure.arguments[0]);
      if (structure.arguments.size() > 1) made.second = value(structure.arguments[1]);
    }
    return ValType::at(add_type(std::move(made)));
  }

  ValType handle(TypeDefId resource, Kind kind) {
    auto [known, is_new] = handles_.try_emplace({resource, kind});
    if (is_new) {
      component::Type type;
      type.kind = kind;
      type.index = defs_.at(resource);
      known->second = add_type(std::move(type));
    }
    return ValType::at(known->second);
  }

  // `self`: the resource of a method or constructor.
  component::Type signature(const Function& function, TypeDefId self) {
    component::Type type;
    type.kind = Kind::func;
    type.is_async = function.is_async;
    if (function.kind == FunctionKind::method) {
      type.members.push_back({"self", handle(self, Kind::borrow)});
    }
    for (const Param& param : function.params) {
      type.members.push_back({out_.keep(param.name), value(param.type)});
    }
    type.first = value(function.result);
    bool is_plain_constructor =
        function.kind == FunctionKind::constructor && function.result.is_none();
    if (is_plain_constructor) type.first = handle(self, Kind::own);
    return type;
  }

  void add_method(TypeDefId id, const TypeDef& resource, const Function& function,
                  Direction direction) {
    std::string label = "[constructor]" + resource.name;
    if (function.kind == FunctionKind::method) {
      label = "[method]" + resource.name + "." + function.name;
    } else if (function.kind == FunctionKind::static_) {
      label = "[static]" + resource.name + "." + function.name;
    }
    uint32_t type = add_type(signature(function, id));
    declare(out_.name(label, function.external_id), {Sort::func, type, false}, direction);
  }

  Output& out_;
  Scope* outer_;
  Definitions body_;
  uint32_t types_ = 0;
  uint32_t instances_ = 0;
  std::unordered_map<TypeDefId, uint32_t> defs_;
  std::unordered_map<InterfaceId, uint32_t> instance_of_;
  std::unordered_map<TypeDefId, uint32_t> outer_aliases_;
  std::map<std::pair<uint32_t, TypeDefId>, uint32_t> aliases_;  // by instance and type
  std::map<std::pair<TypeDefId, Kind>, uint32_t> handles_;
};

using Direction = Scope::Direction;

class PackageEncoder {
 public:
  PackageEncoder(const Resolve& resolve, PackageId package)
      : out_{resolve, {}}, package_(resolve.packages[package]) {}

  Result<Component> encode() {
    for (InterfaceId id : package_.interfaces) {
      add_type(interface_type(id), out_.resolve.interfaces[id].name);
      TRY(check_work());
    }
    for (WorldId id : package_.worlds) {
      add_type(world_type(out_.resolve.worlds[id]), out_.resolve.worlds[id].name);
      TRY(check_work());
    }
    return std::move(out_.component);
  }

 private:
  Result<void> check_work() const {
    if (out_.work <= kMaxWork) return {};
    return fail(ErrorCode::limit, "the types of this package are too large altogether");
  }

  void add_type(component::Type type, const std::string& name) {
    Definitions& definitions = out_.component.definitions;
    definitions.push_back({std::move(type)});
    definitions.push_back({Export{out_.name(name), {Sort::type, types_}, {}}});
    types_ += 2;  // an export of a type is a type as well
  }

  static component::Type body_type(Kind kind, Scope& scope) {
    component::Type type;
    type.kind = kind;
    type.body = scope.take();
    return type;
  }

  std::string name_of(InterfaceId id) const {
    const Interface& interface = out_.resolve.interfaces[id];
    return full_name(out_.resolve.packages[interface.package], interface.name);
  }

  // The interface as an instance type inside of `outer`, perhaps only its types; its index there.
  uint32_t instance_type(Scope& outer, InterfaceId id, bool has_functions) {
    const Interface& interface = out_.resolve.interfaces[id];
    Scope scope(out_, &outer);
    scope.add_named_types(interface.types, Direction::export_);
    if (has_functions) {
      scope.add_resource_functions(interface.types, Direction::export_);
      for (const Function& function : interface.functions) {
        scope.add_function(function.name, function, function.external_id, Direction::export_);
      }
    }
    return outer.add_type(body_type(Kind::instance, scope));
  }

  // What an interface uses types of, each behind what it uses itself.
  std::vector<InterfaceId> needed(InterfaceId id) const {
    std::unordered_set<InterfaceId> seen;
    std::vector<InterfaceId> order;
    std::vector<std::pair<InterfaceId, size_t>> open = {{id, 0}};
    while (!open.empty()) {
      auto& [interface, next] = open.back();
      const std::vector<TypeDefId>& types = out_.resolve.interfaces[interface].types;
      if (next == types.size()) {
        if (interface != id) order.push_back(interface);
        open.pop_back();
        continue;
      }
      const TypeDef& def = out_.resolve.type_defs[types[next++]];
      if (def.kind != TypeDefKind::used) continue;
      InterfaceId from = out_.resolve.type_defs[def.used].interface;
      if (seen.insert(from).second) open.push_back({from, 0});
    }
    return order;
  }

  component::Type interface_type(InterfaceId id) {
    Scope scope(out_, nullptr);
    for (InterfaceId import : needed(id)) {
      uint32_t type = instance_type(scope, import, /*has_functions=*/false);
      scope.set_instance(import,
                         scope.add_instance(out_.name(name_of(import)), type, Direction::import));
    }
    uint32_t type = instance_type(scope, id, /*has_functions=*/true);
    scope.add_instance(out_.name(name_of(id)), type, Direction::export_);
    return body_type(Kind::component, scope);
  }

  component::Type world_type(const World& world) {
    Scope scope(out_, nullptr);
    for (const WorldItem& item : world.imports) {
      if (!item.is_function()) add_interface(scope, item, Direction::import);
    }
    scope.add_named_types(world.types, Direction::import);
    for (const WorldItem& item : world.imports) {
      if (item.is_function()) add_function(scope, item, Direction::import);
    }
    scope.add_resource_functions(world.types, Direction::import);
    for (const WorldItem& item : world.exports) {
      if (item.is_function()) {
        add_function(scope, item, Direction::export_);
      } else {
        add_interface(scope, item, Direction::export_);
      }
    }
    Scope wrapper(out_, nullptr);
    uint32_t type = wrapper.add_type(body_type(Kind::component, scope));
    wrapper.add_component(out_.name(full_name(package_, world.name)), type);
    return body_type(Kind::component, wrapper);
  }

  void add_function(Scope& scope, const WorldItem& item, Direction direction) {
    scope.add_function(item.name, item.function, item.external_id, direction);
  }

  void add_interface(Scope& scope, const WorldItem& item, Direction direction) {
    bool has_own_name = item.name.empty();
    bool is_inline = out_.resolve.interfaces[item.interface].name.empty();
    AttributedName name =
        out_.name(has_own_name ? name_of(item.interface) : item.name, item.external_id);
    if (!has_own_name && !is_inline) name.implements = out_.keep(name_of(item.interface));
    uint32_t type = instance_type(scope, item.interface, /*has_functions=*/true);
    uint32_t index = scope.add_instance(name, type, direction);
    if (has_own_name) scope.set_instance(item.interface, index);
  }

  Output out_;
  const Package& package_;
  uint32_t types_ = 0;
};

}  // namespace

Result<Component> to_component(const Resolve& resolve, PackageId package) {
  return PackageEncoder(resolve, package).encode();
}

}  // namespace nacre::component::wit
