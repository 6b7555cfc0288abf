#include "component/features.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"

namespace nacre::component {
namespace {

constexpr FeatureInfo kInfos[] = {
#define FEATURE(name, text, on, summary) {text, on, summary},
#include "component/features.def"
};

constexpr std::string_view kPrefix = "cm-";

std::optional<Feature> find_feature(std::string_view text) {
  auto found = std::ranges::find(kInfos, text, &FeatureInfo::text);
  if (found == std::end(kInfos)) return std::nullopt;
  return static_cast<Feature>(found - std::begin(kInfos));
}

}  // namespace

const FeatureInfo& feature_info(Feature feature) { return kInfos[static_cast<size_t>(feature)]; }

std::string needs_text(std::string_view what, Feature feature) {
  return std::string(what) + " needs the feature " + std::string(feature_info(feature).text);
}

Result<void> Features::apply(std::string_view changes) {
  std::string of_modules;
  while (!changes.empty()) {
    size_t comma = std::min(changes.find(','), changes.size());
    std::string_view change = changes.substr(0, comma);
    changes.remove_prefix(std::min(comma + 1, changes.size()));
    bool is_signed = change.starts_with('+') || change.starts_with('-');
    if (!is_signed || !change.substr(1).starts_with(kPrefix)) {
      of_modules.append(of_modules.empty() ? "" : ",").append(change);
      continue;
    }
    std::optional<Feature> feature = find_feature(change.substr(1));
    if (!feature) {
      return fail(ErrorCode::usage, "unknown feature \"" + printable(change.substr(1)) + "\"");
    }
    set(*feature, change.starts_with('+'));
  }
  if (of_modules.empty()) return {};
  return core.apply(of_modules);
}

}  // namespace nacre::component
