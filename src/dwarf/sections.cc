#include "dwarf/sections.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "wasm/reader.h"

namespace nacre::dwarf {

Sections find_sections(const wasm::Module& module) {
  Sections found;
  for (const wasm::CustomSection& custom : module.customs) {
#define SECTION(member, section) \
  if (custom.name == section && found.member.empty()) found.member = custom.payload;
#include "dwarf/sections.def"
#undef SECTION
  }
  return found;
}

std::optional<uint64_t> code_begin(const wasm::Module& module) {
  constexpr uint64_t kHeaderBytes = 8;
  wasm::Reader reader(module.bytes);
  reader.bytes(kHeaderBytes);
  while (reader.ok() && !reader.at_end()) {
    auto id = static_cast<wasm::SectionId>(reader.u8());
    uint32_t size = reader.u32();
    if (!reader.ok()) break;
    if (id == wasm::SectionId::code) return reader.offset();
    reader.bytes(size);
  }
  return std::nullopt;
}

std::string_view text_at(Bytes bytes, uint64_t offset) {
  if (offset >= bytes.size()) return {};
  Bytes rest = bytes.subspan(offset);
  rest = rest.first(std::min(rest.size(), kMaxTextBytes));
  const void* end = std::memchr(rest.data(), 0, rest.size());
  if (end != nullptr)
    rest = rest.first(static_cast<size_t>(static_cast<const uint8_t*>(end) - rest.data()));
  return as_text(rest);
}

std::optional<uint64_t> number_at(Bytes bytes, uint64_t offset, uint32_t size) {
  if (!in_bounds<uint64_t>(offset, size, bytes.size())) return std::nullopt;
  uint64_t number = 0;
  std::memcpy(&number, bytes.data() + offset, size);  // little-endian: base/bytes.h
  return number;
}

}  // namespace nacre::dwarf
