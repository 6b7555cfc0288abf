// Worlds as they are written, with what they include.

#include "component/wit/limits.h"
#include "component/wit/resolver.h"

namespace nacre::component::wit {
namespace {

// Of two includes of one interface: what is stable wins, and the older version.
void merge_gate(Gate& gate, const Gate& other) {
  if (other.kind == Gate::Kind::none) return;
  bool is_better = gate.kind == Gate::Kind::none ||
                   (gate.kind == Gate::Kind::unstable && other.kind == Gate::Kind::since);
  if (gate.kind == Gate::Kind::since && other.kind == Gate::Kind::since) {
    is_better = compare(*parse_version(other.since), *parse_version(gate.since)) < 0;
  }
  if (is_better) gate = other;
}

// The types of a world are its own: a world that includes it gets copies, perhaps by other names.
class TypeCopier {
 public:
  // Versions of another package say nothing about this one.
  TypeCopier(Context& context, bool is_foreign) : context_(context), is_foreign_(is_foreign) {}

  TypeDefId copy(TypeDefId from, const std::string& name) {
    TypeDef def = context_.out.type_defs[from];
    auto id = static_cast<TypeDefId>(context_.out.type_defs.size());
    copies_.emplace(from, id);
    def.name = name;
    adopt(def.gate);
    for (Function& function : def.functions) adopt(function.gate);
    if (def.kind == TypeDefKind::resource) def.resource = id;
    if (auto copied = copies_.find(def.resource); copied != copies_.end()) {
      def.resource = copied->second;
    }
    rename(def.alias);
    for (Member& member : def.members) rename(member.type);
    for (Function& function : def.functions) rename(function);
    context_.work += def.members.size() + def.functions.size();
    context_.out.type_defs.push_back(std::move(def));
    context_.hidden_types.push_back(false);
    return id;
  }
  void adopt(Gate& gate) const {
    if (is_foreign_ && gate.kind == Gate::Kind::since) gate = Gate();
  }
  // Lets it refer to the copies.
  void rename(Function& function) {
    context_.work += function.params.size();
    for (Param& param : function.params) rename(param.type);
    rename(function.result);
  }

 private:
  void rename(Type& type) {
    if (copies_.empty() || type.is_none() || is_primitive(type.kind)) return;
    bool is_def =
        type.kind == TypeKind::named || type.kind == TypeKind::own || type.kind == TypeKind::borrow;
    if (is_def) {
      auto found = copies_.find(type.index);
      if (found != copies_.end()) type.index = found->second;
      return;
    }
    Structure structure = context_.out.structures[type.index];
    for (Type& argument : structure.arguments) rename(argument);
    type.index = static_cast<uint32_t>(context_.out.structures.size());
    context_.work += 1 + structure.arguments.size();
    context_.out.structures.push_back(std::move(structure));
  }

  Context& context_;
  bool is_foreign_;
  std::unordered_map<TypeDefId, TypeDefId> copies_;
};

class WorldResolver {
 public:
  WorldResolver(const Lookup& lookup, const Place& place, const syntax::World& syntax)
      : lookup_(lookup),
        context_(lookup.context),
        place_(place),
        syntax_(syntax),
        body_(lookup, place, kNoId) {}

  Result<World> resolve() {
    world_.name = syntax_.name.text;
    world_.package = lookup_.package;
    world_.docs = syntax_.attributes.docs;
    world_.gate = syntax_.attributes.gate;
    for (const syntax::WorldItem& item : syntax_.items) {
      if (const auto* use = std::get_if<syntax::Use>(&item)) TRY(body_.declare(*use));
      if (const auto* def = std::get_if<syntax::TypeDef>(&item)) TRY(body_.declare(*def));
    }
    world_.types = TRY(body_.make_types());
    for (const syntax::WorldItem& item : syntax_.items) {
      if (const auto* what = std::get_if<syntax::Extern>(&item)) TRY(add(*what));
    }
    for (const syntax::WorldItem& item : syntax_.items) {
      if (const auto* include = std::get_if<syntax::Include>(&item)) TRY(add(*include));
    }
    return std::move(world_);
  }

 private:
  Result<void> add(const syntax::Extern& syntax) {
    bool visible = TRY(is_visible(context_, lookup_.package, syntax.attributes, place_));
    WorldItem item;
    item.docs = syntax.attributes.docs;
    item.gate = syntax.attributes.gate;
    item.external_id = syntax.attributes.external_id;
    uint32_t offset = syntax.name.offset;
    if (const auto* named = std::get_if<syntax::Extern::Named>(&syntax.what)) {
      item.interface = TRY(find_interface(named->path, visible));
      offset = named->path.name.offset;
    } else {
      item.name = syntax.name.text;
      TRY(make(syntax, visible, item));
    }
    return add_item(std::move(item), syntax.is_export, visible, offset);
  }

  Result<void> make(const syntax::Extern& syntax, bool visible, WorldItem& item) {
    if (const auto* implements = std::get_if<syntax::Extern::Implements>(&syntax.what)) {
      item.interface = TRY(find_interface(implements->path, visible));
    } else if (const auto* function = std::get_if<syntax::Function>(&syntax.what)) {
      item.function = TRY(body_.make_function(*function, visible));
    } else {
      item.interface = context_.add_interface("", visible);
      TRY(resolve_interface(lookup_,
                            place_.inside(syntax.is_export ? "export" : "import", syntax.name.text),
                            std::get<syntax::Interface>(syntax.what), item.interface));
    }
    return {};
  }

  Result<InterfaceId> find_interface(const syntax::Path& path, bool visible) {
    InterfaceId id = TRY(lookup_.find_interface(path, place_));
    if (!visible || !context_.hidden_interfaces[id]) return id;
    return place_.fail(path.name.offset, "the interface `" + std::string(path.name.text) +
                                             "` is behind a feature that is off");
  }

  Result<void> add_item(WorldItem item, bool is_export, bool visible, uint32_t offset) {
    TRY(context_.spend());
    std::string_view verb = is_export ? "exports" : "imports";
    if (item.name.empty()) {
      if (!place_of(item.interface, is_export, visible).second) {
        return place_.fail(offset, "it " + std::string(verb) + " the interface `" +
                                       context_.out.interfaces[item.interface].name + "` twice");
      }
    } else if (!is_export) {
      TRY(body_.claim(item.name, offset));
    } else if (!exported_names_.insert(fold_case(item.name)).second) {
      return place_.fail(offset, "it exports `" + item.name + "` twice");
    }
    if (visible) (is_export ? world_.exports : world_.imports).push_back(std::move(item));
    return {};
  }

  // ---- include

  using Renames = std::unordered_map<std::string_view, const syntax::UsedName*>;

  Result<void> add(const syntax::Include& include) {
    bool visible = TRY(is_visible(context_, lookup_.package, include.attributes, place_));
    WorldId id = TRY(lookup_.find_world(include.world, place_));
    if (visible && context_.hidden_worlds[id]) {
      return place_.fail(include.world.name.offset, "the world `" +
                                                        std::string(include.world.name.text) +
                                                        "` is behind a feature that is off");
    }
    Renames renames;
    for (const syntax::UsedName& renamed : include.renamed) {
      if (renames.emplace(renamed.name.text, &renamed).second) continue;
      return place_.fail(renamed.name.offset,
                         "`" + std::string(renamed.name.text) + "` is renamed twice");
    }
    std::unordered_set<std::string_view> used;
    uint32_t offset = include.world.name.offset;
    TRY(copy(context_.out.worlds[id], renames, used, visible, offset));
    for (const auto& [name, renamed] : renames) {
      if (used.contains(name)) continue;
      return place_.fail(renamed->name.offset,
                         "the world `" + std::string(include.world.name.text) +
                             "` imports and exports nothing by the plain name `" +
                             std::string(name) + "`");
    }
    return {};
  }

  Result<void> copy(const World& from, const Renames& renames,
                    std::unordered_set<std::string_view>& used, bool visible, uint32_t offset) {
    auto new_name = [&](const std::string& name) {
      auto found = renames.find(name);
      if (found == renames.end()) return name;
      used.insert(found->first);
      return std::string(found->second->as.text);
    };
    TypeCopier copier(context_, from.package != lookup_.package);
    for (TypeDefId type : from.types) {
      std::string name = new_name(context_.out.type_defs[type].name);
      TRY(claim_included(name, offset));
      TypeDefId copied = copier.copy(type, name);
      TRY(context_.spend());
      if (visible) world_.types.push_back(copied);
    }
    for (bool is_export : {false, true}) {
      for (const WorldItem& item : is_export ? from.exports : from.imports) {
        WorldItem copied = item;
        copier.adopt(copied.gate);
        if (!copied.name.empty()) copied.name = new_name(copied.name);
        if (copied.is_function()) {
          copier.rename(copied.function);
          copied.function.name = copied.name;
        }
        TRY(add_included(std::move(copied), is_export, visible, offset));
      }
    }
    return {};
  }

  // Interfaces by their own names are the same thing however often they are included; plain names
  // are not.
  Result<void> add_included(WorldItem item, bool is_export, bool visible, uint32_t offset) {
    TRY(context_.spend());
    std::vector<WorldItem>& items = is_export ? world_.exports : world_.imports;
    if (item.name.empty()) {
      auto [index, is_new] = place_of(item.interface, is_export, visible);
      if (!is_new) {
        if (visible) merge_gate(items[index].gate, item.gate);
        return {};
      }
    } else if (!is_export) {
      TRY(claim_included(item.name, offset));
    } else if (!exported_names_.insert(fold_case(item.name)).second) {
      return place_.fail(offset, "what is included exports `" + item.name +
                                     "`, which is exported already: `with` can rename it");
    }
    if (visible) items.push_back(std::move(item));
    return {};
  }

  Result<void> claim_included(const std::string& name, uint32_t offset) {
    if (body_.claim(name, offset)) return {};
    return place_.fail(offset, "what is included imports or defines `" + name +
                                   "`, a name that is taken: `with` can rename it");
  }

  // Where an interface that goes by its own name is, or will be, among imports or exports. What is
  // hidden takes no place; what is visible takes that of the hidden one.
  std::pair<size_t, bool> place_of(InterfaceId interface, bool is_export, bool visible) {
    constexpr size_t kNowhere = SIZE_MAX;
    size_t next = visible ? (is_export ? world_.exports : world_.imports).size() : kNowhere;
    auto& interfaces = is_export ? exported_interfaces_ : imported_interfaces_;
    auto [found, is_new] = interfaces.emplace(interface, next);
    if (!is_new && visible && found->second == kNowhere) {
      found->second = next;
      is_new = true;
    }
    return {found->second, is_new};
  }

  const Lookup& lookup_;
  Context& context_;
  const Place& place_;
  const syntax::World& syntax_;
  Body body_;
  World world_;
  std::unordered_map<InterfaceId, size_t> imported_interfaces_, exported_interfaces_;
  std::unordered_set<std::string> exported_names_;
};

}  // namespace

Result<void> resolve_world(const Lookup& lookup, const Place& place, const syntax::World& syntax,
                           WorldId id) {
  World world = TRY(WorldResolver(lookup, place, syntax).resolve());
  TRY(elaborate_world(lookup.context, world, place, syntax.name.offset));
  lookup.context.out.worlds[id] = std::move(world);
  return {};
}

}  // namespace nacre::component::wit
