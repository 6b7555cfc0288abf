#include "runtime/foreign.h"

namespace nacre::runtime {
namespace {

struct Row {
  std::string_view module;
  std::string_view name;
  ForeignHost host;
};
constexpr Row kRows[] = {
#define FOREIGN(module, name, what, how) {module, name, {what, how}},
#include "runtime/foreign.def"
#undef FOREIGN
};

// Goes back to the last * only, so it takes at most the product of both lengths.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  for (size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// A name that is longer gives nothing away.
constexpr size_t kMaxName = 200;
// Only so many imports are looked at; all of a module usually belong to one host.
constexpr size_t kMaxLookedAt = 1000;

}  // namespace

std::optional<ForeignHost> foreign_host(std::span<const wasm::Import* const> missing) {
  if (missing.size() > kMaxLookedAt) missing = missing.first(kMaxLookedAt);
  for (const Row& row : kRows) {
    for (const wasm::Import* import : missing) {
      if (import->module.size() > kMaxName || import->name.size() > kMaxName) continue;
      if (matches(row.module, import->module) && matches(row.name, import->name)) return row.host;
    }
  }
  return std::nullopt;
}

}  // namespace nacre::runtime
