// The position of custom sections that the text format does not write as (@custom ...), for parser
// and printer alike.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wasm/binary/sections.h"
#include "wasm/module.h"

namespace nacre::wasm::text {

inline constexpr SectionId kLastSection = binary::kSectionOrder.back();

// Right in front of the code section (branch hinting).
inline constexpr SectionId kPlaceOfBranchHints = SectionId::data_count;

// Sections that by convention follow the name section; it stands in front of the first of them, or
// else at the end of the module.
constexpr bool stands_behind_names(std::string_view name) {
  return name == "producers" || name == "target_features" || name == "sourceMappingURL";
}

// The keyword of a section in "(before func)" and "(after func)".
constexpr std::string_view section_keyword(SectionId id) {
  switch (id) {
    case SectionId::type:
      return "type";
    case SectionId::import:
      return "import";
    case SectionId::function:
      return "func";
    case SectionId::table:
      return "table";
    case SectionId::memory:
      return "memory";
    case SectionId::tag:
      return "tag";
    case SectionId::global:
      return "global";
    case SectionId::export_:
      return "export";
    case SectionId::start:
      return "start";
    case SectionId::element:
      return "elem";
    case SectionId::data_count:
      return "datacount";
    case SectionId::code:
      return "code";
    case SectionId::data:
      return "data";
    case SectionId::custom:
      break;
  }
  return "first";
}

constexpr std::optional<SectionId> find_section(std::string_view keyword) {
  for (SectionId id : binary::kSectionOrder) {
    if (section_keyword(id) == keyword) return id;
  }
  return std::nullopt;
}

// The section before `id`; `custom` if it is the first one.
constexpr SectionId section_before(SectionId id) {
  SectionId previous = SectionId::custom;
  for (SectionId candidate : binary::kSectionOrder) {
    if (candidate == id) break;
    previous = candidate;
  }
  return previous;
}

// A custom section and its position in the binary.
struct PlacedCustom {
  const CustomSection* section;
  SectionId after;      // the last section in front of it that is present; `custom`: none
  bool is_last;         // no section follows
  bool is_before_code;  // only custom sections stand between it and the code section
};
// In the order of the binary.
std::vector<PlacedCustom> place_customs(const Module& module);

// The section of this name, unless there are several or none.
const CustomSection* find_only(const std::vector<PlacedCustom>& customs, std::string_view name);

}  // namespace nacre::wasm::text
