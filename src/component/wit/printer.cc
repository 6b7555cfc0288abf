#include "component/wit/printer.h"

#include <unordered_set>

#include "base/bytes.h"
#include "component/wit/lexer.h"
#include "wasm/text/strings.h"

namespace nacre::component::wit {
namespace {

std::string escaped(const std::string& name) { return (is_keyword(name) ? "%" : "") + name; }

bool same(const Gate& a, const Gate& b) {
  return a.kind == b.kind && a.since == b.since && a.feature == b.feature &&
         a.deprecated == b.deprecated;
}

// What of a resolution is printed.
struct Selection {
  bool all = true;
  std::unordered_set<InterfaceId> interfaces;
  std::unordered_set<WorldId> worlds;

  bool has_interface(InterfaceId id) const { return all || interfaces.contains(id); }
  bool has_world(WorldId id) const { return all || worlds.contains(id); }
};

class Printer {
 public:
  Printer(const Resolve& resolve, const Selection& selection)
      : resolve_(resolve), selection_(selection) {}

  std::string print(PackageId main) && {
    package_ = main;
    docs(resolve_.packages[main].docs);
    line("package " + package_name(main) + ";");
    out_ += '\n';
    package_body(/*is_main=*/true);
    bool is_first = true;
    for (PackageId id = 0; id < resolve_.packages.size(); ++id) {
      if (id == main || !is_selected(id)) continue;
      if (!is_first) out_ += "\n\n";
      is_first = false;
      package_ = id;
      docs(resolve_.packages[id].docs);
      open("package " + package_name(id));
      package_body(/*is_main=*/false);
      close();
    }
    return std::move(out_);
  }

 private:
  bool is_selected(PackageId id) const {
    if (selection_.all) return true;
    for (InterfaceId interface : resolve_.packages[id].interfaces) {
      if (selection_.has_interface(interface)) return true;
    }
    return false;
  }

  void package_body(bool is_main) {
    for (InterfaceId id : resolve_.packages[package_].interfaces) {
      if (!selection_.has_interface(id)) continue;
      const Interface& interface = resolve_.interfaces[id];
      docs(interface.docs);
      gate(interface.gate);
      open("interface " + escaped(interface.name));
      interface_body(interface);
      close();
      if (is_main) out_ += '\n';
    }
    for (WorldId id : resolve_.packages[package_].worlds) {
      if (selection_.has_world(id)) world(resolve_.worlds[id]);
    }
  }

  // ---- lines

  void line(const std::string& text) {
    out_.append(2 * depth_, ' ');
    out_ += text;
    out_ += '\n';
  }
  void open(const std::string& head) {
    line(head + " {");
    ++depth_;
  }
  void close() {
    --depth_;
    line("}");
  }
  void docs(std::string_view text) {
    if (text.empty()) return;
    for (size_t begin = 0; begin <= text.size();) {
      size_t end = std::min(text.find('\n', begin), text.size());
      std::string_view one = text.substr(begin, end - begin);
      line(one.empty() ? "///" : "/// " + std::string(one));
      begin = end + 1;
    }
  }
  void gate(const Gate& gate) {
    if (is_foreign_ && gate.kind == Gate::Kind::since) return;
    if (gate.kind == Gate::Kind::since) line("@since(version = " + gate.since + ")");
    if (gate.kind == Gate::Kind::unstable) {
      line("@unstable(feature = " + escaped(gate.feature) + ")");
    }
    if (!gate.deprecated.empty()) line("@deprecated(version = " + gate.deprecated + ")");
  }
  void external_id(const std::string& id) {
    if (id.empty()) return;
    std::string quoted;
    wasm::text::append_quoted_text(quoted, id);
    line("@external-id(" + quoted + ")");
  }

  // ---- names

  std::string package_name(PackageId id) const {
    const Package& package = resolve_.packages[id];
    return escaped(package.name_space) + ":" + escaped(package.name) + version(package);
  }
  static std::string version(const Package& package) {
    return package.version.empty() ? "" : "@" + package.version;
  }
  // As it is named in the package that is being printed.
  std::string interface_name(InterfaceId id) const {
    const Interface& interface = resolve_.interfaces[id];
    if (interface.package == package_) return escaped(interface.name);
    const Package& package = resolve_.packages[interface.package];
    return escaped(package.name_space) + ":" + escaped(package.name) + "/" +
           escaped(interface.name) + version(package);
  }

  // ---- interfaces and worlds

  void interface_body(const Interface& interface) {
    bool has_items = types(interface.types, false);
    for (const Function& function : interface.functions) {
      if (has_items) out_ += '\n';
      has_items = true;
      docs(function.docs);
      gate(function.gate);
      external_id(function.external_id);
      line(escaped(function.name) + ": " + signature(function) + ";");
    }
  }

  void world(const World& world) {
    docs(world.docs);
    gate(world.gate);
    open("world " + escaped(world.name));
    bool has_items = false;
    for (const WorldItem& item : world.imports) {
      if (item.is_function()) continue;
      world_item("import ", item);
      has_items = true;
    }
    has_items = types(world.types, has_items);
    for (const WorldItem& item : world.imports) {
      if (!item.is_function()) continue;
      world_item("import ", item);
      has_items = true;
    }
    if (has_items && !world.exports.empty()) out_ += '\n';
    for (const WorldItem& item : world.exports) world_item("export ", item);
    close();
  }

  void world_item(const std::string& verb, const WorldItem& item) {
    bool has_docs = !item.docs.empty() || item.is_function() || item.name.empty();
    docs(has_docs ? item.docs : resolve_.interfaces[item.interface].docs);
    gate(item.gate);
    external_id(item.external_id);
    std::string head = verb + (item.name.empty() ? "" : escaped(item.name) + ": ");
    if (item.is_function()) {
      line(head + signature(item.function) + ";");
    } else if (resolve_.interfaces[item.interface].name.empty()) {
      open(head + "interface");
      is_foreign_ = resolve_.interfaces[item.interface].package != package_;
      interface_body(resolve_.interfaces[item.interface]);
      is_foreign_ = false;
      close();
    } else {
      line(head + interface_name(item.interface) + ";");
    }
  }

  // Whether anything stands there then, if `has_items` says whether something did before.
  bool types(const std::vector<TypeDefId>& ids, bool has_items) {
    std::vector<const TypeDef*> used;
    for (TypeDefId id : ids) {
      const TypeDef& def = resolve_.type_defs[id];
      if (def.kind == TypeDefKind::used) used.push_back(&def);
    }
    for (size_t begin = 0; begin < used.size();) {
      begin = use(used, begin);
      has_items = true;
    }
    for (TypeDefId id : ids) {
      const TypeDef& def = resolve_.type_defs[id];
      if (def.kind == TypeDefKind::used) continue;
      if (has_items) out_ += '\n';
      has_items = true;
      type_def(def);
    }
    return has_items;
  }

  // Those from one interface in a row, behind one gate, are one statement.
  size_t use(const std::vector<const TypeDef*>& used, size_t begin) {
    auto from = [&](size_t i) { return resolve_.type_defs[used[i]->used].interface; };
    std::string names;
    size_t end = begin;
    while (end < used.size() && from(end) == from(begin) &&
           same(used[end]->gate, used[begin]->gate)) {
      const std::string& there = resolve_.type_defs[used[end]->used].name;
      const std::string& here = used[end]->name;
      names += (end == begin ? "" : ", ") + escaped(there);
      if (here != there) names += " as " + escaped(here);
      ++end;
    }
    gate(used[begin]->gate);
    line("use " + interface_name(from(begin)) + ".{" + names + "};");
    return end;
  }

  // ---- types and functions

  void type_def(const TypeDef& def) {
    docs(def.docs);
    gate(def.gate);
    external_id(def.external_id);
    std::string head = std::string(definition_word(def.kind)) + " " + escaped(def.name);
    if (def.kind == TypeDefKind::alias) {
      bool is_own = def.alias.kind == TypeKind::own;
      std::string alias = type(def.alias);
      line(head + " = " + (is_own ? "own<" + alias + ">" : alias) + ";");
      return;
    }
    if (def.kind == TypeDefKind::resource && def.functions.empty()) {
      line(head + ";");
      return;
    }
    open(head);
    for (const Member& one : def.members) member(def.kind, one);
    for (const Function& function : def.functions) resource_function(function);
    close();
  }

  void member(TypeDefKind kind, const Member& member) {
    docs(member.docs);
    std::string text = escaped(member.name);
    if (kind == TypeDefKind::record) {
      text += ": " + type(member.type);
    } else if (!member.type.is_none()) {
      text += "(" + type(member.type) + ")";
    }
    line(text + ",");
  }

  void resource_function(const Function& function) {
    docs(function.docs);
    gate(function.gate);
    external_id(function.external_id);
    if (function.kind == FunctionKind::constructor) {
      line("constructor" + parameters(function) + ";");
      return;
    }
    bool is_static = function.kind == FunctionKind::static_;
    line(escaped(function.name) + ": " + (is_static ? "static " : "") + signature(function) + ";");
  }

  std::string signature(const Function& function) const {
    return (function.is_async ? "async func" : "func") + parameters(function);
  }

  std::string parameters(const Function& function) const {
    std::string text = "(";
    for (const Param& param : function.params) {
      if (text.size() > 1) text += ", ";
      text += escaped(param.name) + ": " + type(param.type);
    }
    text += ")";
    if (!function.result.is_none()) text += " -> " + type(function.result);
    return text;
  }

  std::string type(const Type& type) const {
    std::string word(type_word(type.kind));
    if (type.is_none() || is_primitive(type.kind)) return word;
    if (type.kind == TypeKind::named || type.kind == TypeKind::own) {
      return escaped(resolve_.type_defs[type.index].name);
    }
    if (type.kind == TypeKind::borrow) {
      return word + "<" + escaped(resolve_.type_defs[type.index].name) + ">";
    }
    const Structure& structure = resolve_.structures[type.index];
    const std::vector<Type>& arguments = structure.arguments;
    size_t count = arguments.size();
    while (count != 0 && arguments[count - 1].is_none()) --count;
    if (count == 0) return word;
    std::string text = word + "<";
    for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + this->type(arguments[i]);
    if (type.kind == TypeKind::fixed_list) text += ", " + std::to_string(structure.length);
    return text + ">";
  }

  const Resolve& resolve_;
  const Selection& selection_;
  PackageId package_ = 0;
  // In an interface that a world of another package was written with: its versions are of that one.
  bool is_foreign_ = false;
  std::string out_;
  size_t depth_ = 0;
};

}  // namespace

std::string print(const Resolve& resolve) {
  return Printer(resolve, Selection()).print(resolve.main);
}

std::string print_world(const Resolve& resolve, WorldId id) {
  const World& world = resolve.worlds[id];
  Selection selection{.all = false};
  selection.worlds.insert(id);
  // A world lists every interface that it needs but those named otherwise.
  for (const auto* items : {&world.imports, &world.exports}) {
    for (const WorldItem& item : *items) {
      if (!item.is_function()) selection.interfaces.insert(item.interface);
    }
  }
  return Printer(resolve, selection).print(world.package);
}

}  // namespace nacre::component::wit
