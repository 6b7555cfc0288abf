#include "dwarf/names.h"

#include <optional>

namespace nacre::dwarf {
namespace {

// From an inlined function to the one that was inlined, to its declaration: three and some more,
// since they may go round in circles.
constexpr int kMaxHops = 8;
constexpr uint32_t kMaxDepth = 64;

bool has_names_inside(Tag tag) {
  return tag == Tag::namespace_ || tag == Tag::class_type || tag == Tag::structure_type ||
         tag == Tag::union_type || tag == Tag::enumeration_type || tag == Tag::interface_type ||
         tag == Tag::module;
}

// What an entry around a declaration adds to its name.
struct Scope {
  Tag tag{};
  std::optional<Value> name;
};

std::string scope_text(const Unit& unit, const Scope& scope) {
  if (!has_names_inside(scope.tag)) return {};
  if (scope.name) return std::string(unit.text(&*scope.name)) + "::";
  return scope.tag == Tag::namespace_ ? "(anonymous namespace)::" : "(anonymous)::";
}

}  // namespace

void Names::want(const Unit& unit, uint64_t entry) {
  if (names_.contains(entry)) return;
  Name& name = names_[entry];
  name.declared = entry;
  std::optional<Unit> other;  // of an entry that lies elsewhere
  const Unit* here = &unit;
  Entry read;
  for (int hop = 0; hop < kMaxHops; ++hop) {
    if (!here->holds(name.declared)) {
      other = Unit::around(sections_, name.declared, work_);
      if (!other) return;
      here = &*other;
    }
    if (!here->read_entry(name.declared, read)) return;
    if (name.text.empty()) name.text = here->text(read.find(Attribute::name));
    const Value* next = read.find(Attribute::abstract_origin);
    if (next == nullptr) next = read.find(Attribute::specification);
    auto target = next == nullptr ? std::nullopt : here->reference(*next);
    if (!target) break;
    name.declared = *target;
  }
  scopes_.try_emplace(name.declared);
}

void Names::find_scopes() {
  for (auto first = scopes_.begin(); first != scopes_.end();) {
    auto unit = Unit::around(sections_, first->first, work_);
    if (!unit) return;
    find_scopes(*unit, first);
    first = scopes_.lower_bound(unit->end());
  }
}

void Names::find_scopes(const Unit& unit, std::map<uint64_t, std::string>::iterator first) {
  std::vector<Scope> around;
  Entries entries(unit);
  while (const Entry* entry = entries.next()) {
    while (first != scopes_.end() && first->first < entry->offset()) ++first;
    if (first == scopes_.end() || !unit.holds(first->first)) return;
    uint32_t depth = entries.depth();
    if (depth >= kMaxDepth) continue;
    around.resize(depth);
    if (first->first == entry->offset()) {
      std::string scope;
      for (const Scope& outer : around) scope += scope_text(unit, outer);
      if (scope.size() <= kMaxTextBytes) first->second = std::move(scope);
    }
    const Value* name = entry->find(Attribute::name);
    around.push_back(
        {.tag = entry->tag(), .name = name == nullptr ? std::nullopt : std::optional(*name)});
  }
}

std::string Names::of(uint64_t entry) const {
  auto name = names_.find(entry);
  if (name == names_.end() || name->second.text.empty()) return {};
  auto scope = scopes_.find(name->second.declared);
  return (scope == scopes_.end() ? std::string() : scope->second) + std::string(name->second.text);
}

}  // namespace nacre::dwarf
