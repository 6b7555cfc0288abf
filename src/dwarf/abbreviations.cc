#include "dwarf/abbreviations.h"

#include <algorithm>
#include <optional>

namespace nacre::dwarf {
namespace {

// More than any compiler makes; at most some 25 MB.
constexpr size_t kMaxItems = 1 << 20;
constexpr size_t kMaxKinds = 1 << 18;
// What it costs to read one and to sort it in, measured in steps.
constexpr uint64_t kStepsPerKind = 16;

Attribute attribute_of(uint64_t number) {
  switch (number) {
#define ATTRIBUTE(number, name) \
  case number:                  \
    return Attribute::name;
#include "dwarf/attributes.def"
#undef ATTRIBUTE
    default:
      return Attribute::none;
  }
}

// The items of one kind up to the two zeros behind them; whether they are well-formed.
bool read_items(wasm::Reader& reader, std::vector<Abbreviations::Item>& items, Work& work) {
  while (work.spend() && items.size() < kMaxItems) {
    uint64_t attribute = reader.u64();
    uint64_t number = reader.u64();
    if (!reader.ok()) return false;
    if (attribute == 0 && number == 0) return true;
    auto form = find_form(number);
    if (!form) return false;
    Abbreviations::Item item{.attribute = attribute_of(attribute), .form = *form};
    if (form->size == Form::Size::implicit) item.implicit = reader.s64();
    items.push_back(item);
  }
  return false;
}

}  // namespace

Abbreviations Abbreviations::read(Bytes section, uint64_t offset, uint64_t last, Work& work) {
  Abbreviations table;
  if (offset >= section.size()) return table;
  wasm::Reader reader(section.subspan(offset));
  while (table.kinds_.size() < kMaxKinds && work.spend(kStepsPerKind)) {
    Kind kind{.code = reader.u64()};
    if (kind.code == 0) break;
    uint64_t tag = reader.u64();
    kind.tag = static_cast<Tag>(tag <= UINT16_MAX ? tag : 0);
    kind.has_children = reader.u8() != 0;
    kind.first = static_cast<uint32_t>(table.items_.size());
    if (!read_items(reader, table.items_, work)) break;
    kind.count = static_cast<uint32_t>(table.items_.size()) - kind.first;
    table.kinds_.push_back(kind);
    if (kind.code == last) break;
  }
  if (!std::ranges::is_sorted(table.kinds_, {}, &Kind::code))
    std::ranges::sort(table.kinds_, {}, &Kind::code);
  return table;
}

const Abbreviations::Kind* Abbreviations::find(uint64_t code) const {
  // Compilers count from one.
  if (code - 1 < kinds_.size() && kinds_[code - 1].code == code) return &kinds_[code - 1];
  auto found = std::ranges::lower_bound(kinds_, code, {}, &Kind::code);
  return found != kinds_.end() && found->code == code ? &*found : nullptr;
}

}  // namespace nacre::dwarf
