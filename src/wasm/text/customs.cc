#include "wasm/text/customs.h"

namespace nacre::wasm::text {
namespace {

// Whether encode() writes this section.
bool is_present(const Module& module, SectionId id) {
  switch (id) {
    case SectionId::type:
      return !module.rec_groups.empty();
    case SectionId::import:
      return !module.imports.empty();
    case SectionId::function:
    case SectionId::code:
      return !module.bodies.empty();
    case SectionId::table:
      return module.tables.size() > module.imported_tables;
    case SectionId::memory:
      return module.memories.size() > module.imported_memories;
    case SectionId::tag:
      return module.tags.size() > module.imported_tags;
    case SectionId::global:
      return module.globals.size() > module.imported_globals;
    case SectionId::export_:
      return !module.exports.empty();
    case SectionId::start:
      return module.start.has_value();
    case SectionId::element:
      return !module.elements.empty();
    case SectionId::data_count:
      return module.data_count.has_value();
    case SectionId::data:
      return !module.data.empty();
    case SectionId::custom:
      break;
  }
  return false;
}

}  // namespace

std::vector<PlacedCustom> place_customs(const Module& module) {
  std::vector<PlacedCustom> placed;
  SectionId last = SectionId::custom;  // of those present so far
  auto place = [&](SectionId id) {
    for (const CustomSection& custom : module.customs) {
      if (custom.after == id) placed.push_back({&custom, last, false, false});
    }
  };
  place(SectionId::custom);
  SectionId before_code = SectionId::custom;
  for (SectionId id : binary::kSectionOrder) {
    if (is_present(module, id)) {
      if (id == SectionId::code) before_code = last;
      last = id;
    }
    place(id);
  }
  for (PlacedCustom& custom : placed) {
    custom.is_last = custom.after == last;
    custom.is_before_code = !module.bodies.empty() && custom.after == before_code;
  }
  return placed;
}

const CustomSection* find_only(const std::vector<PlacedCustom>& customs, std::string_view name) {
  const CustomSection* found = nullptr;
  for (const PlacedCustom& custom : customs) {
    if (custom.section->name != name) continue;
    if (found != nullptr) return nullptr;
    found = custom.section;
  }
  return found;
}

}  // namespace nacre::wasm::text
