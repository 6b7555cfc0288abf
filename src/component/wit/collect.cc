#include "component/wit/collect.h"

#include <algorithm>

#include "component/names.h"
#include "component/wit/limits.h"

namespace nacre::component::wit {
namespace {

// A place where another package is named.
struct Mention {
  const SourceFile* file;
  syntax::PackageName package;
  uint32_t offset;
};

// Every path in a part: items in the order of the text; what a world uses and includes comes before
// what it imports and exports.
class MentionFinder {
 public:
  explicit MentionFinder(std::vector<Mention>& mentions) : mentions_(mentions) {}

  void add(const Part& part) {
    using Item =
        std::variant<const syntax::TopUse*, const syntax::Interface*, const syntax::World*>;
    std::vector<std::pair<uint32_t, Item>> items;
    items.reserve(part.block->uses.size() + part.block->interfaces.size() +
                  part.block->worlds.size());
    for (const syntax::TopUse& use : part.block->uses) items.push_back({use.path.offset, &use});
    for (const syntax::Interface& interface : part.block->interfaces) {
      items.push_back({interface.name.offset, &interface});
    }
    for (const syntax::World& world : part.block->worlds) {
      items.push_back({world.name.offset, &world});
    }
    std::ranges::sort(items);
    file_ = part.file;
    for (const auto& [offset, item] : items) {
      std::visit([this](const auto* what) { add(*what); }, item);
    }
  }

 private:
  void add(const syntax::Path& path) {
    if (path.package) mentions_.push_back({file_, *path.package, path.offset});
  }
  void add(const syntax::TopUse& use) { add(use.path); }
  void add(const syntax::World& world) {
    for (bool is_extern : {false, true}) {
      for (const syntax::WorldItem& item : world.items) {
        if (std::holds_alternative<syntax::Extern>(item) != is_extern) continue;
        std::visit([this](const auto& what) { add(what); }, item);
      }
    }
  }
  void add(const syntax::Interface& interface) {
    for (const syntax::InterfaceItem& item : interface.items) {
      if (const auto* use = std::get_if<syntax::Use>(&item)) add(*use);
    }
  }
  void add(const syntax::Use& use) { add(use.from); }
  void add(const syntax::Include& include) { add(include.world); }
  void add(const syntax::Extern& item) {
    std::visit([this](const auto& what) { add(what); }, item.what);
  }
  void add(const syntax::Extern::Named& named) { add(named.path); }
  void add(const syntax::Extern::Implements& implements) { add(implements.path); }
  void add(const syntax::TypeDef&) {}
  void add(const syntax::Function&) {}

  std::vector<Mention>& mentions_;
  const SourceFile* file_ = nullptr;
};

class Collector {
 public:
  Result<Collected> collect(std::span<const PackageSource> sources) {
    TRY(check_sizes(sources));
    for (const PackageSource& source : sources) TRY(add_source(source));
    TRY(find_order());
    return std::move(out_);
  }

 private:
  static Result<void> check_sizes(std::span<const PackageSource> sources) {
    size_t files = 0;
    size_t bytes = 0;
    for (const PackageSource& source : sources) {
      files += source.files.size();
      for (const SourceFile& file : source.files) bytes += file.text.size();
    }
    if (files > kMaxFiles || bytes > kMaxTotalBytes) {
      return fail(ErrorCode::limit, "these are too many WIT files, or too large ones");
    }
    return {};
  }

  Result<void> add_source(const PackageSource& source) {
    PackageSyntax root;
    std::vector<PackageSyntax> nested;
    for (const SourceFile& file : source.files) {
      const syntax::File& parsed = out_.files.emplace_back(TRY(parse(file)));
      TRY(add_root(root, {&file, &parsed.root}));
      for (const syntax::Block& block : parsed.nested) {
        nested.push_back(
            {package_id(*block.package), *block.package, block.docs, {{&file, &block}}});
      }
    }
    if (root.id.empty()) {
      return fail(ErrorCode::invalid, source.path +
                                          ": no file here says which package it belongs to: one "
                                          "begins with `package namespace:name;`");
    }
    TRY(add_package(std::move(root)));
    for (PackageSyntax& package : nested) TRY(add_package(std::move(package)));
    return {};
  }

  // Joins what files outside of braces say.
  static Result<void> add_root(PackageSyntax& root, Part part) {
    root.parts.push_back(part);
    if (!part.block->package) return {};
    const syntax::PackageName& name = *part.block->package;
    auto wrong = [&](const std::string& message) {
      return fail_at(*part.file, name.name_space.offset, ErrorCode::invalid, message);
    };
    std::string id = package_id(name);
    if (root.id.empty()) {
      root.id = id;
      root.name = name;
    }
    if (root.id != id) {
      return wrong("the files of one folder are one package: this is `" + id +
                   "`, another one is of `" + root.id + "`");
    }
    if (!part.block->docs.empty()) {
      if (!root.docs.empty()) return wrong("the package `" + id + "` has two documentations");
      root.docs = part.block->docs;
    }
    return {};
  }

  Result<void> add_package(PackageSyntax package) {
    auto [found, is_new] = out_.by_id.emplace(package.id, out_.packages.size());
    if (!is_new) {
      const SourceFile& other = *out_.packages[found->second].parts[0].file;
      return fail_at(*package.parts[0].file, package.name.name_space.offset, ErrorCode::invalid,
                     "the package `" + package.id + "` stands in " + other.path + " as well");
    }
    out_.packages.push_back(std::move(package));
    return {};
  }

  // The packages that one refers to, in the order in which it does.
  Result<std::vector<size_t>> references(size_t index) const {
    std::vector<Mention> mentions;
    MentionFinder finder(mentions);
    for (const Part& part : out_.packages[index].parts) finder.add(part);
    std::vector<size_t> found;
    for (const Mention& mention : mentions) {
      std::string id = package_id(mention.package);
      auto package = out_.by_id.find(id);
      if (package == out_.by_id.end()) {
        return fail_at(*mention.file, mention.offset, ErrorCode::invalid,
                       "there is no package `" + id + "`" + hint(mention.package));
      }
      if (package->second == index) {
        return fail_at(
            *mention.file, mention.offset, ErrorCode::invalid,
            "this is the package `" + id + "` itself: what is in it is named without the package");
      }
      found.push_back(package->second);
    }
    return found;
  }

  // Which versions there are of a package that was not found, or which packages.
  std::string hint(const syntax::PackageName& wanted) const {
    constexpr size_t kMaxShown = 8;
    std::vector<std::string_view> versions;
    std::vector<std::string_view> all;
    for (const PackageSyntax& package : out_.packages) {
      bool is_other_version = package.name.name_space.text == wanted.name_space.text &&
                              package.name.name.text == wanted.name.text;
      if (is_other_version) versions.push_back(package.id);
      all.push_back(package.id);
    }
    const std::vector<std::string_view>& shown = versions.empty() ? all : versions;
    std::string text = "; there is";
    for (size_t i = 0; i < std::min(shown.size(), kMaxShown); ++i) {
      text += (i == 0 ? " `" : ", `") + std::string(shown[i]) + "`";
    }
    return text + (shown.size() > kMaxShown ? ", ..." : "");
  }

  // By name; without a version first.
  std::vector<size_t> by_name() const {
    std::vector<size_t> indices(out_.packages.size());
    for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
    std::ranges::sort(indices, [this](size_t i, size_t j) {
      const syntax::PackageName& a = out_.packages[i].name;
      const syntax::PackageName& b = out_.packages[j].name;
      if (a.name_space.text != b.name_space.text) return a.name_space.text < b.name_space.text;
      if (a.name.text != b.name.text) return a.name.text < b.name.text;
      if (a.version.empty() || b.version.empty()) return a.version.empty() && !b.version.empty();
      int order = compare(*parse_version(a.version), *parse_version(b.version));
      return order != 0 ? order < 0 : i < j;  // what stands behind "+" does not count
    });
    return indices;
  }

  // Depth first along the references, from each package that nothing has led to yet.
  Result<void> find_order() {
    enum class State : uint8_t { unseen, open, done };
    struct Visit {
      size_t package;
      std::vector<size_t> references;
      size_t next = 0;
    };
    std::vector<State> states(out_.packages.size(), State::unseen);
    std::vector<Visit> open;
    for (size_t start : by_name()) {
      if (states[start] == State::unseen) open.push_back({start, TRY(references(start))});
      while (!open.empty()) {
        Visit& visit = open.back();
        states[visit.package] = State::open;
        if (visit.next == visit.references.size()) {
          states[visit.package] = State::done;
          out_.order.push_back(visit.package);
          open.pop_back();
          continue;
        }
        size_t reference = visit.references[visit.next++];
        if (states[reference] == State::open) return circle(reference, visit.package);
        if (states[reference] == State::unseen) {
          open.push_back({reference, TRY(references(reference))});
        }
      }
    }
    return {};
  }

  std::unexpected<Error> circle(size_t first, size_t last) const {
    const PackageSyntax& package = out_.packages[last];
    return fail(ErrorCode::invalid, package.parts[0].file->path + ": the package `" + package.id +
                                        "` and the package `" + out_.packages[first].id +
                                        "` depend on each other");
  }

  Collected out_;
};

}  // namespace

std::string package_id(const syntax::PackageName& name) {
  std::string id = std::string(name.name_space.text) + ":" + std::string(name.name.text);
  if (!name.version.empty()) id += "@" + std::string(name.version);
  return id;
}

Result<Collected> collect(std::span<const PackageSource> sources) {
  return Collector().collect(sources);
}

}  // namespace nacre::component::wit
