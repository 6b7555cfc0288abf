#include "wasm/features.h"

#include <array>
#include <string>

namespace nacre::wasm {
namespace {

constexpr std::array kInfos = {
#define FEATURE(name, text, on, decoded, runs, proposal, summary) \
  FeatureInfo{text, on, decoded, runs, proposal, summary},
#include "wasm/features.def"
#undef FEATURE
};

Result<void> apply_one(Features& features, std::string_view change) {
  std::string name(change.substr(change.empty() ? 0 : 1));
  if (change.empty() || (change[0] != '+' && change[0] != '-')) {
    return fail(ErrorCode::usage,
                "feature \"" + std::string(change) + "\" needs + or - in front: +NAME or -NAME");
  }
  std::optional<Feature> feature = find_feature(name);
  if (!feature) return fail(ErrorCode::usage, "there is no feature \"" + name + "\"");
  bool on = change[0] == '+';
  if (on && !feature_info(*feature).decoded) {
    return fail(ErrorCode::unsupported, "feature " + name + " is not built in this version");
  }
  if (!on && *feature == Feature::mvp) {
    return fail(ErrorCode::usage, "feature mvp cannot be switched off");
  }
  features.set(*feature, on);
  return {};
}

}  // namespace

const FeatureInfo& feature_info(Feature feature) { return kInfos[static_cast<size_t>(feature)]; }

std::optional<Feature> find_feature(std::string_view text) {
  for (size_t i = 0; i < kInfos.size(); ++i) {
    if (kInfos[i].text == text) return static_cast<Feature>(i);
  }
  return std::nullopt;
}

Result<void> Features::apply(std::string_view changes) {
  Features changed = *this;
  while (true) {
    size_t comma = changes.find(',');
    TRY(apply_one(changed, changes.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    changes.remove_prefix(comma + 1);
  }
  *this = changed;
  return {};
}

}  // namespace nacre::wasm
