// Which proposals a module may use. A value: copy it, compare it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace nacre::wasm {

enum class Feature : uint8_t {
#define FEATURE(name, text, on, decoded, runs, proposal, summary) name,
#include "wasm/features.def"
#undef FEATURE
};

struct FeatureInfo {
  std::string_view text;
  bool on_by_default;
  bool decoded;
  bool runs;
  std::string_view proposal;
  std::string_view summary;
};

const FeatureInfo& feature_info(Feature feature);
std::optional<Feature> find_feature(std::string_view text);

// Whether the tiers run what it adds.
constexpr bool is_run(Feature feature) {
  switch (feature) {
#define FEATURE(name, text, on, decoded, runs, proposal, summary) \
  case Feature::name:                                             \
    return runs;
#include "wasm/features.def"
#undef FEATURE
  }
  return false;
}

// The bits of a feature and of all that it builds on.
constexpr uint64_t with_requirements(Feature feature) {
  uint64_t bits = uint64_t{1} << static_cast<uint8_t>(feature);
#define FEATURE(name, text, on, decoded, runs, proposal, summary)
#define REQUIRES(name, other) \
  if (feature == Feature::name) bits |= with_requirements(Feature::other);
#include "wasm/features.def"
#undef FEATURE
  return bits;
}

class Features {
 public:
  // What is on without any option.
  constexpr Features() = default;
  // All that this version decodes, on by default or not.
  static constexpr Features all_built() { return Features(kDecoded); }

  // Whether it is on, and all that it builds on.
  constexpr bool has(Feature feature) const {
    uint64_t bits = kRequired[static_cast<uint8_t>(feature)];
    return (bits_ & bits) == bits;
  }
  // On: with all that it builds on.
  constexpr void set(Feature feature, bool on) {
    uint64_t bit = uint64_t{1} << static_cast<uint8_t>(feature);
    bits_ = on ? bits_ | with_requirements(feature) : bits_ & ~bit;
  }
  // Applies "+NAME,-NAME,..."; errors name what is unknown, not decoded or fixed.
  Result<void> apply(std::string_view changes);

  friend constexpr bool operator==(Features, Features) = default;

 private:
  explicit constexpr Features(uint64_t bits) : bits_(bits) {}

  static constexpr uint64_t kRequired[] = {
#define FEATURE(name, text, on, decoded, runs, proposal, summary) with_requirements(Feature::name),
#include "wasm/features.def"
#undef FEATURE
  };
#define FEATURE(name, text, on, decoded, runs, proposal, summary) \
  | (uint64_t{on} << static_cast<uint8_t>(Feature::name))
  static constexpr uint64_t kDefault = 0
#include "wasm/features.def"
      ;
#undef FEATURE
#define FEATURE(name, text, on, decoded, runs, proposal, summary) \
  | (uint64_t{decoded} << static_cast<uint8_t>(Feature::name))
  static constexpr uint64_t kDecoded = 0
#include "wasm/features.def"
      ;
#undef FEATURE

  uint64_t bits_ = kDefault;
};

}  // namespace nacre::wasm
