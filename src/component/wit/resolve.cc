#include "component/wit/resolve.h"

#include <algorithm>

#include "base/utf8.h"
#include "component/wit/limits.h"
#include "component/wit/resolver.h"

namespace nacre::component::wit {
namespace {

// One interface or world of a package as it is written.
struct Item {
  const Part* part;
  const syntax::Interface* interface;  // or ...
  const syntax::World* world;

  const syntax::Name& name() const { return interface != nullptr ? interface->name : world->name; }
  const syntax::Attributes& attributes() const {
    return interface != nullptr ? interface->attributes : world->attributes;
  }
  Place place() const {
    return Place{part->file, ""}.inside(interface != nullptr ? "interface" : "world", name().text);
  }
};

// Every path by which an item refers to others.
class PathFinder {
 public:
  explicit PathFinder(std::vector<const syntax::Path*>& paths) : paths_(paths) {}

  void add(const Item& item) {
    if (item.interface != nullptr) {
      add(*item.interface);
    } else {
      for (const syntax::WorldItem& what : item.world->items) {
        std::visit([this](const auto& one) { add(one); }, what);
      }
    }
  }

 private:
  void add(const syntax::Interface& interface) {
    for (const syntax::InterfaceItem& what : interface.items) {
      if (const auto* use = std::get_if<syntax::Use>(&what)) add(*use);
    }
  }
  void add(const syntax::Use& use) { paths_.push_back(&use.from); }
  void add(const syntax::Include& include) { paths_.push_back(&include.world); }
  void add(const syntax::Extern& item) {
    std::visit([this](const auto& what) { add(what); }, item.what);
  }
  void add(const syntax::Extern::Named& named) { paths_.push_back(&named.path); }
  void add(const syntax::Extern::Implements& implements) { paths_.push_back(&implements.path); }
  void add(const syntax::TypeDef&) {}
  void add(const syntax::Function&) {}

  std::vector<const syntax::Path*>& paths_;
};

class PackageResolver {
 public:
  PackageResolver(Context& context, const PackageSyntax& syntax)
      : context_(context), syntax_(syntax) {}

  Result<void> resolve() {
    id_ = static_cast<PackageId>(context_.out.packages.size());
    Package package;
    package.name_space = syntax_.name.name_space.text;
    package.name = syntax_.name.name.text;
    package.version = syntax_.name.version;
    package.docs = syntax_.docs;
    context_.out.packages.push_back(std::move(package));
    context_.items.emplace_back();
    context_.packages.emplace(syntax_.id, id_);

    TRY(find_items());
    TRY(find_aliases());
    for (size_t index : TRY(item_order())) TRY(make(items_[index]));
    return {};
  }

 private:
  Result<void> find_items() {
    std::unordered_set<std::string> names;
    auto add = [&](const Item& item) -> Result<void> {
      items_.push_back(item);
      item_by_name_.emplace(item.name().text, items_.size() - 1);
      if (names.insert(fold_case(item.name().text)).second) return {};
      return Place{item.part->file, ""}.fail(
          item.name().offset, "the package `" + syntax_.id + "` has two interfaces or worlds `" +
                                  std::string(item.name().text) + "`");
    };
    for (const Part& part : syntax_.parts) {
      for (const syntax::Interface& interface : part.block->interfaces) {
        TRY(add({&part, &interface, nullptr}));
      }
    }
    for (const Part& part : syntax_.parts) {
      for (const syntax::World& world : part.block->worlds) TRY(add({&part, nullptr, &world}));
    }
    return {};
  }

  // Names that `use` gives at the top of files; to an item of this package, or of one that is
  // resolved already.
  Result<void> find_aliases() {
    aliases_.resize(syntax_.parts.size());
    for (size_t i = 0; i < syntax_.parts.size(); ++i) {
      for (const syntax::TopUse& use : syntax_.parts[i].block->uses) {
        TRY(add_alias(syntax_.parts[i], aliases_[i], use));
      }
    }
    return {};
  }

  Result<void> add_alias(const Part& part, Aliases& aliases, const syntax::TopUse& use) {
    Place place{part.file, ""};
    std::string_view as = use.as.text;
    auto same = item_by_name_.find(as);
    bool is_item = same != item_by_name_.end() && items_[same->second].part == &part;
    if (is_item || aliases.local.contains(as) || aliases.foreign.contains(as)) {
      return place.fail(use.as.offset, "this file has the name `" + std::string(as) + "` twice");
    }
    if (use.path.package) {
      PackageItem item = TRY((Lookup{context_, id_, aliases}.find(use.path, place)));
      aliases.foreign.emplace(as, item);
      return {};
    }
    auto local = item_by_name_.find(use.path.name.text);
    if (local == item_by_name_.end()) return not_found(place, use.path.name);
    aliases.local.emplace(as, use.path.name.text);
    return {};
  }

  static std::unexpected<Error> not_found(const Place& place, const syntax::Name& name) {
    return place.fail(name.offset, "there is no interface or world `" + std::string(name.text) +
                                       "` in this package");
  }

  size_t part_index(const Item& item) const {
    return static_cast<size_t>(item.part - syntax_.parts.data());
  }

  Result<std::vector<size_t>> item_order() const {
    std::vector<std::vector<Reference>> references(items_.size());
    for (size_t i = 0; i < items_.size(); ++i) {
      size_t part = part_index(items_[i]);
      std::vector<const syntax::Path*> paths;
      PathFinder(paths).add(items_[i]);
      for (const syntax::Path* path : paths) {
        if (path->package || aliases_[part].foreign.contains(path->name.text)) continue;
        auto alias = aliases_[part].local.find(path->name.text);
        auto local = item_by_name_.find(alias != aliases_[part].local.end() ? alias->second
                                                                            : path->name.text);
        if (local == item_by_name_.end()) return not_found(items_[i].place(), path->name);
        references[i].push_back({local->second, path->name.offset});
      }
    }
    auto order = order_by_references(references);
    if (order) return std::move(*order);
    const Item& item = items_[order.error().to];
    return Place{item.part->file, ""}.fail(
        item.name().offset,
        "`" + std::string(item.name().text) + "` depends on itself, perhaps through others");
  }

  Result<void> make(const Item& item) {
    Place place = item.place();
    bool visible = TRY(is_visible(context_, id_, item.attributes(), place));
    Lookup lookup{context_, id_, aliases_[part_index(item)]};
    if (item.interface != nullptr) {
      InterfaceId interface = context_.add_interface(item.name().text, visible);
      TRY(resolve_interface(lookup, place, *item.interface, interface));
      context_.items[id_].emplace(item.name().text, PackageItem{false, interface});
      if (visible) context_.out.packages[id_].interfaces.push_back(interface);
    } else {
      auto world = static_cast<WorldId>(context_.out.worlds.size());
      context_.out.worlds.emplace_back().name = item.name().text;
      context_.hidden_worlds.push_back(!visible);
      TRY(resolve_world(lookup, place, *item.world, world));
      context_.items[id_].emplace(item.name().text, PackageItem{true, world});
      if (visible) context_.out.packages[id_].worlds.push_back(world);
    }
    return {};
  }

  Context& context_;
  const PackageSyntax& syntax_;
  PackageId id_ = 0;
  std::vector<Item> items_;  // interfaces, then worlds
  std::unordered_map<std::string_view, size_t> item_by_name_;
  std::vector<Aliases> aliases_;  // by part
};

}  // namespace

InterfaceId Context::add_interface(std::string_view name, bool is_visible) {
  out.interfaces.emplace_back().name = name;
  types.emplace_back();
  needs.emplace_back();
  hidden_interfaces.push_back(!is_visible);
  return static_cast<InterfaceId>(out.interfaces.size() - 1);
}

Result<void> Context::spend(size_t steps) {
  work += steps;
  if (work <= kMaxWork) return {};
  return fail(ErrorCode::limit, "the worlds of these packages are too large altogether");
}

Place Place::inside(std::string_view what, std::string_view name) const {
  std::string inner = std::string(what) + " `" + printable(name) + "`";
  return {file, words.empty() ? inner : words + ", " + inner};
}

Result<bool> is_visible(const Context& context, PackageId package, const syntax::Attributes& item,
                        const Place& place) {
  const Gate& gate = item.gate;
  const std::string& released = context.out.packages[package].version;
  for (const std::string* version : {&gate.since, &gate.deprecated}) {
    if (version->empty()) continue;
    if (released.empty()) {
      return place.fail(item.gate_offset,
                        "a gate names a version, so the package must have a version as well");
    }
    if (compare(TRY(parse_version(*version)), TRY(parse_version(released))) > 0) {
      std::string message = "a gate names the version " + *version;
      message += ", but the package is of version " + released;
      return place.fail(item.gate_offset, message);
    }
  }
  return gate.kind != Gate::Kind::unstable || context.features.all ||
         context.features.names.contains(gate.feature);
}

Result<PackageItem> Lookup::find(const syntax::Path& path, const Place& place) const {
  PackageId where = package;
  std::string_view name = path.name.text;
  if (path.package) {
    where = context.packages.at(package_id(*path.package));  // collect() has looked it up
  } else if (auto foreign = aliases.foreign.find(name); foreign != aliases.foreign.end()) {
    return foreign->second;
  } else if (auto local = aliases.local.find(name); local != aliases.local.end()) {
    name = local->second;
  }
  auto found = context.items[where].find(name);
  if (found != context.items[where].end()) return found->second;
  return place.fail(path.name.offset, "there is no interface or world `" +
                                          std::string(path.name.text) + "` in the package `" +
                                          context.out.packages[where].id() + "`");
}

Result<InterfaceId> Lookup::find_interface(const syntax::Path& path, const Place& place) const {
  PackageItem item = TRY(find(path, place));
  if (!item.is_world) return item.id;
  return place.fail(path.name.offset,
                    "`" + std::string(path.name.text) + "` is a world, not an interface");
}

Result<WorldId> Lookup::find_world(const syntax::Path& path, const Place& place) const {
  PackageItem item = TRY(find(path, place));
  if (item.is_world) return item.id;
  return place.fail(path.name.offset,
                    "`" + std::string(path.name.text) + "` is an interface, not a world");
}

Result<Resolve> resolve(std::span<const PackageSource> sources, const UnstableFeatures& features) {
  Collected collected = TRY(collect(sources));
  Context context{.features = features};
  for (size_t index : collected.order) {
    TRY(PackageResolver(context, collected.packages[index]).resolve());
    if (index == 0) context.out.main = static_cast<PackageId>(context.out.packages.size() - 1);
  }
  return std::move(context.out);
}

}  // namespace nacre::component::wit
