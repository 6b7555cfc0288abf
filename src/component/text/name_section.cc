#include "component/text/name_section.h"

#include <algorithm>

#include "component/binary/codes.h"
#include "component/limits.h"
#include "wasm/binary/writer.h"
#include "wasm/reader.h"

namespace nacre::component {
namespace {

// Subsections.
constexpr uint8_t kComponentName = 0;
constexpr uint8_t kItemNames = 1;

std::optional<Sort> read_sort(wasm::Reader& r) {
  uint8_t code = r.u8();
  if (!r.ok()) return std::nullopt;
  return code == binary::kCoreSort ? binary::find_core_sort(r.u8()) : binary::find_sort(code);
}

void read_items(wasm::Reader& r, ComponentNames& names) {
  std::optional<Sort> sort = read_sort(r);
  if (!sort) return;
  wasm::NameMap& map = names.items[static_cast<size_t>(*sort)];
  uint32_t count = r.count(kMaxItems, 2);
  for (uint32_t i = 0; i < count && r.ok(); ++i) {
    wasm::NameAssoc item{.index = r.u32(), .name = {}};
    item.name = r.name();
    bool rises = map.empty() || map.back().index < item.index;
    if (!r.ok() || !rises) return;
    map.push_back(item);
  }
}

}  // namespace

bool ComponentNames::empty() const {
  return !component && std::ranges::all_of(items, [](const auto& map) { return map.empty(); });
}

ComponentNames decode_component_names(Bytes payload) {
  ComponentNames names;
  wasm::Reader reader(payload);
  while (reader.ok() && !reader.at_end()) {
    uint8_t id = reader.u8();
    wasm::Reader r(reader.bytes(reader.u32()));
    if (!reader.ok()) break;
    if (id == kComponentName) {
      std::string_view name = r.name();
      if (r.ok()) names.component = name;
    } else if (id == kItemNames) {
      read_items(r, names);
    }
  }
  return names;
}

std::vector<uint8_t> encode_component_names(const ComponentNames& names) {
  wasm::ByteWriter out;
  if (names.component) {
    out.u8(kComponentName);
    size_t start = out.size();
    out.name(*names.component);
    out.wrap_from(start);
  }
  for (size_t i = 0; i < kSortCount; ++i) {
    const wasm::NameMap& map = names.items[i];
    if (map.empty()) continue;
    auto sort = static_cast<Sort>(i);
    out.u8(kItemNames);
    size_t start = out.size();
    if (is_core(sort)) out.u8(binary::kCoreSort);
    out.u8(static_cast<uint8_t>(binary::sort_code(sort)));
    out.u64(map.size());
    for (const wasm::NameAssoc& item : map) {
      out.u32(item.index);
      out.name(item.name);
    }
    out.wrap_from(start);
  }
  return std::move(out).take();
}

}  // namespace nacre::component
