// Which gated parts of the component model a component may use. A value: copy it, compare it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wasm/features.h"

namespace nacre::component {

enum class Feature : uint8_t {
#define FEATURE(name, text, on, summary) name,
#include "component/features.def"
};

struct FeatureInfo {
  std::string_view text;
  bool on_by_default;
  std::string_view summary;
};
const FeatureInfo& feature_info(Feature feature);

// "a map needs the feature cm-map"
std::string needs_text(std::string_view what, Feature feature);

class Features {
 public:
  // What is on without any option.
  constexpr Features() = default;
  static constexpr Features all() { return Features(kAll); }

  constexpr bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  constexpr void set(Feature feature, bool on) {
    bits_ = on ? bits_ | bit(feature) : bits_ & ~bit(feature);
  }

  // What the modules inside of a component may use.
  wasm::Features core;

  // Applies "+NAME,-NAME,...": names that begin with "cm-" are those of features.def, others those
  // of wasm/features.def.
  Result<void> apply(std::string_view changes);

  friend constexpr bool operator==(const Features&, const Features&) = default;

 private:
  explicit constexpr Features(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit(Feature feature) { return 1u << static_cast<uint8_t>(feature); }

#define FEATURE(name, text, on, summary) | (uint32_t{on} << static_cast<uint8_t>(Feature::name))
  static constexpr uint32_t kDefault = 0
#include "component/features.def"
      ;
#define FEATURE(name, text, on, summary) | (1u << static_cast<uint8_t>(Feature::name))
  static constexpr uint32_t kAll = 0
#include "component/features.def"
      ;

  uint32_t bits_ = kDefault;
};

}  // namespace nacre::component
