#include "grant/kinds.h"

#include <cstddef>

#include "grant/table_name.h"

namespace nacre::grant {
namespace {

#define KIND(name, ...) constexpr TableName kName_##name(#name);
#include "grant/kinds.def"
#undef KIND

constexpr bool granted = true;
constexpr bool not_granted = false;
constexpr Enforced yes = Enforced::yes;
[[maybe_unused]] constexpr Enforced no = Enforced::no;
constexpr KindInfo kKinds[] = {
#define KIND(name, shape, unless_said, enforced, form, help) \
  {Kind::name, kName_##name.text, Shape::shape, unless_said, enforced, form, help},
#include "grant/kinds.def"
#undef KIND
};

struct UsesInfo {
  std::string_view name;
  std::string_view help;
};
constexpr UsesInfo kUses[] = {
#define USES(name, help) {#name, help},
#include "grant/uses.def"
#undef USES
};

const UsesInfo& info_of(Uses uses) {
  static constexpr UsesInfo kNone;
  auto row = static_cast<size_t>(uses);
  return row < std::size(kUses) ? kUses[row] : kNone;
}

}  // namespace

std::span<const KindInfo> kinds() { return kKinds; }

const KindInfo& info_of(Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

const KindInfo* find_kind(std::string_view name) {
  for (const KindInfo& info : kKinds) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::string_view uses_name(Uses uses) { return info_of(uses).name; }

std::string_view uses_help(Uses uses) { return info_of(uses).help; }

}  // namespace nacre::grant
