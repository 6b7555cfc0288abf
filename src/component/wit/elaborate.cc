// What worlds need besides what they say: an interface whose types are used must be imported before
// the interface that uses them, or exported before it.

#include "component/wit/limits.h"
#include "component/wit/resolver.h"

namespace nacre::component::wit {
namespace {

// Imports or exports, with a way to find those interfaces that go by their own names.
class Items {
 public:
  WorldItem* find(InterfaceId interface) {
    auto found = by_interface_.find(interface);
    return found == by_interface_.end() ? nullptr : &items_[found->second];
  }
  void add(WorldItem item) {
    if (item.name.empty()) by_interface_.emplace(item.interface, items_.size());
    items_.push_back(std::move(item));
  }
  std::vector<WorldItem> take() { return std::move(items_); }

 private:
  std::vector<WorldItem> items_;
  std::unordered_map<InterfaceId, size_t> by_interface_;
};

class Elaborator {
 public:
  Elaborator(Context& context, World& world, const Place& place, size_t offset)
      : context_(context), world_(world), place_(place), offset_(offset) {}

  Result<void> elaborate() {
    std::vector<WorldItem> exports = std::move(world_.exports);
    for (const WorldItem& item : exports) {
      if (!item.is_function() && item.name.empty()) exported_.emplace(item.interface, &item);
    }
    std::vector<WorldItem> imports = std::move(world_.imports);
    for (WorldItem& item : imports) {
      if (!item.is_function()) TRY(import(std::move(item)));
    }
    TRY(import_for_types());
    for (const WorldItem& item : exports) {
      if (item.is_function()) exports_.add(item);
    }
    for (const WorldItem& item : exports) {
      if (!item.is_function()) TRY(export_interface(item));
    }
    for (WorldItem& item : imports) {
      if (item.is_function()) imports_.add(std::move(item));
    }
    world_.imports = imports_.take();
    world_.exports = exports_.take();
    return {};
  }

 private:
  const std::vector<InterfaceId>& needs(InterfaceId interface) const {
    return context_.needs[interface];
  }

  static WorldItem implied(InterfaceId interface, const Gate& gate) {
    WorldItem item;
    item.interface = interface;
    item.gate = gate;
    return item;
  }

  // Depth first: an item behind those it needs. Interfaces are acyclic, but may form long chains,
  // so this has a stack of its own.
  Result<void> import(WorldItem item) {
    struct Visit {
      WorldItem item;
      size_t next = 0;
    };
    std::vector<Visit> open;
    open.push_back({std::move(item)});
    while (!open.empty()) {
      TRY(context_.spend());
      Visit& visit = open.back();
      const std::vector<InterfaceId>& needed = needs(visit.item.interface);
      if (visit.next < needed.size()) {
        InterfaceId next = needed[visit.next++];
        if (imports_.find(next) == nullptr) {
          WorldItem dependency = implied(next, visit.item.gate);
          open.push_back({std::move(dependency)});
        }
        continue;
      }
      WorldItem* present = visit.item.name.empty() ? imports_.find(visit.item.interface) : nullptr;
      if (present != nullptr) {
        if (present->docs.empty()) present->docs = std::move(visit.item.docs);
        if (present->external_id.empty()) {
          present->external_id = std::move(visit.item.external_id);
        }
      } else {
        imports_.add(std::move(visit.item));
      }
      open.pop_back();
    }
    return {};
  }

  Result<void> import_for_types() {
    for (TypeDefId id : world_.types) {
      const TypeDef& def = context_.out.type_defs[id];
      if (def.kind != TypeDefKind::used) continue;
      TRY(import(implied(context_.out.type_defs[def.used].interface, def.gate)));
    }
    return {};
  }

  Result<void> export_interface(const WorldItem& item) {
    struct Visit {
      const WorldItem* item;
      size_t next = 0;
    };
    std::vector<Visit> open = {{&item}};
    while (!open.empty()) {
      TRY(context_.spend());
      Visit& visit = open.back();
      const WorldItem& current = *visit.item;
      bool is_done = current.name.empty() && exports_.find(current.interface) != nullptr;
      const std::vector<InterfaceId>& needed = needs(current.interface);
      if (!is_done && visit.next < needed.size()) {
        InterfaceId next = needed[visit.next++];
        if (auto exported = exported_.find(next); exported != exported_.end()) {
          open.push_back({exported->second});
        } else {
          TRY(check_import_for_export(next, current));
          TRY(import(implied(next, current.gate)));
        }
        continue;
      }
      if (!is_done) exports_.add(current);
      open.pop_back();
    }
    return {};
  }

  // What an export needs and the world does not export is imported. Then nothing behind that may
  // be exported: the export would see that interface's types twice.
  Result<void> check_import_for_export(InterfaceId needed, const WorldItem& for_export) {
    std::vector<InterfaceId> open = {needed};
    while (!open.empty()) {
      InterfaceId interface = open.back();
      open.pop_back();
      if (!checked_imports_.insert(interface).second) continue;
      for (InterfaceId next : needs(interface)) {
        TRY(context_.spend());
        open.push_back(next);
        if (!exported_.contains(next)) continue;
        const Interface& middle = context_.out.interfaces[interface];
        std::string name = for_export.name.empty()
                               ? context_.out.interfaces[for_export.interface].name
                               : for_export.name;
        return place_.fail(
            offset_, "the export `" + name + "` uses `" + middle.name +
                         "`, which is imported but uses `" + context_.out.interfaces[next].name +
                         "`, which is exported: export `" + middle.name + "` as well");
      }
    }
    return {};
  }

  Context& context_;
  World& world_;
  const Place& place_;
  size_t offset_;
  Items imports_, exports_;
  std::unordered_map<InterfaceId, const WorldItem*> exported_;  // that the world asks for
  std::unordered_set<InterfaceId> checked_imports_;
};

}  // namespace

Result<void> elaborate_world(Context& context, World& world, const Place& place, size_t offset) {
  return Elaborator(context, world, place, offset).elaborate();
}

}  // namespace nacre::component::wit
