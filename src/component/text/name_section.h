// The custom section "component-name": the ids of a component's text, by index space.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "component/component.h"
#include "wasm/names.h"

namespace nacre::component {

inline constexpr std::string_view kComponentNameSection = "component-name";

struct ComponentNames {
  std::optional<std::string_view> component;
  std::array<wasm::NameMap, kSortCount> items;  // by rising index

  bool empty() const;
};

// As much of the section as precedes its first error: a broken one never makes a component wrong.
// The result views the payload.
ComponentNames decode_component_names(Bytes payload);
std::vector<uint8_t> encode_component_names(const ComponentNames& names);

}  // namespace nacre::component
