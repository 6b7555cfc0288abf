#include "component/wit/select.h"

#include "base/utf8.h"

namespace nacre::component::wit {
namespace {

std::string full_name(const Resolve& resolve, const World& world) {
  const Package& package = resolve.packages[world.package];
  return package.name_space + ":" + package.name + "/" + world.name +
         (package.version.empty() ? "" : "@" + package.version);
}

// For errors: the worlds of the main package, or of all where it has none.
std::string names_there(const Resolve& resolve) {
  constexpr size_t kMaxShown = 8;
  std::string text;
  size_t count = 0;
  auto add = [&](const std::string& name) {
    if (count < kMaxShown) text += (count == 0 ? "`" : ", `") + name + "`";
    if (count == kMaxShown) text += ", ...";
    ++count;
  };
  for (WorldId id : resolve.packages[resolve.main].worlds) add(resolve.worlds[id].name);
  if (count == 0) {
    for (const Package& package : resolve.packages) {
      for (WorldId id : package.worlds) add(full_name(resolve, resolve.worlds[id]));
    }
  }
  return count == 0 ? "there are no worlds" : "there is " + text;
}

}  // namespace

Result<WorldId> select_world(const Resolve& resolve, std::string_view name) {
  const std::vector<WorldId>& main = resolve.packages[resolve.main].worlds;
  if (name.empty()) {
    if (main.size() == 1) return main[0];
    return fail(
        ErrorCode::invalid,
        "the package `" + resolve.packages[resolve.main].id() +
            "` has not exactly one world, so the world must be named: " + names_there(resolve));
  }
  for (WorldId id : main) {
    if (resolve.worlds[id].name == name) return id;
  }
  for (const Package& package : resolve.packages) {
    for (WorldId id : package.worlds) {
      if (full_name(resolve, resolve.worlds[id]) == name) return id;
    }
  }
  return fail(ErrorCode::invalid,
              "there is no world `" + printable(name, 100) + "`: " + names_there(resolve));
}

}  // namespace nacre::component::wit
