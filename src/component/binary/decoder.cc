#include "component/binary/decoder.h"

#include <algorithm>
#include <string>

#include "component/binary/codes.h"
#include "component/binary/reader.h"
#include "component/limits.h"
#include "wasm/binary/sections.h"

namespace nacre::component {
namespace {

using binary::Reader;
using binary::SectionId;

using wasm::binary::kComponentVersion;
using wasm::binary::kMagic;
constexpr size_t kHeaderBytes = kMagic.size() + kComponentVersion.size();

std::string_view section_text(SectionId id) {
  constexpr std::string_view kTexts[] = {
      "custom", "core module", "core instance", "core type", "component", "instance", "alias",
      "type",   "canonical",   "start",         "import",    "export",    "value"};
  auto index = static_cast<size_t>(id);
  return index < std::size(kTexts) ? kTexts[index] : std::string_view{};
}

Result<void> check_header(Bytes bytes, uint64_t offset) {
  if (bytes.size() < kMagic.size() || !std::ranges::equal(bytes.first(kMagic.size()), kMagic)) {
    return fail(ErrorCode::malformed, "magic header not detected: this is not a binary component",
                offset);
  }
  if (bytes.size() < kHeaderBytes) {
    return fail(ErrorCode::malformed, "unexpected end: the input is shorter than a header",
                offset + bytes.size());
  }
  if (std::ranges::equal(bytes.subspan(kMagic.size(), kComponentVersion.size()),
                         kComponentVersion)) {
    return {};
  }
  bool is_module = load_le<uint16_t>(bytes.data() + 6) == 0;
  return fail(ErrorCode::malformed,
              is_module ? "expected a version header for a component, found that of a module"
                        : "unknown binary version: only version 13 of components is known",
              offset + kMagic.size());
}

// What all decoders of one input have in common.
struct Shared {
  wasm::Features core;
  uint64_t definitions = 0;
  uint64_t definition_bytes = 0;
};

// Decodes one component; a nested one has a decoder of its own.
class Decoder {
 public:
  Decoder(Bytes bytes, uint64_t offset, uint32_t depth, Shared& shared)
      : bytes_(bytes), offset_(offset), depth_(depth), shared_(shared) {}

  Result<Definitions> run() {
    TRY(check_header(bytes_, offset_));
    wasm::Reader reader(bytes_.subspan(kHeaderBytes), offset_ + kHeaderBytes);
    while (!reader.at_end()) TRY(section(reader));
    return std::move(definitions_);
  }

 private:
  Result<void> section(wasm::Reader& reader);
  Result<void> contents(SectionId id, Bytes payload, uint64_t offset);
  Result<void> nested_component(Bytes payload, uint64_t offset);
  Result<void> items(SectionId id, Reader& r);
  void custom_section(Reader& r);
  void add(Definition::Content content, uint64_t offset) {
    definitions_.push_back({std::move(content), offset});
  }

  Bytes bytes_;
  uint64_t offset_;
  uint32_t depth_;
  Shared& shared_;
  Definitions definitions_;
};

Result<void> Decoder::section(wasm::Reader& reader) {
  uint64_t start = reader.offset();
  auto id = static_cast<SectionId>(reader.u8());
  if (section_text(id).empty()) {
    return fail(ErrorCode::malformed, "malformed section id", start);
  }
  if (id == SectionId::start || id == SectionId::value) {
    return fail(ErrorCode::unsupported,
                "the " + std::string(section_text(id)) + " section is not supported", start);
  }
  uint32_t size = reader.u32();
  uint64_t offset = reader.offset();
  Bytes payload = reader.bytes(size);
  if (!reader.ok()) return std::unexpected(reader.error());
  return contents(id, payload, offset);
}

Result<void> Decoder::contents(SectionId id, Bytes payload, uint64_t offset) {
  if (id == SectionId::core_module) {
    if (looks_like_component(payload)) {
      return fail(ErrorCode::malformed,
                  "expected a version header for a module, found that of a component", offset);
    }
    add(CoreModule{payload, offset}, offset);
    return {};
  }
  if (id == SectionId::component) return nested_component(payload, offset);
  shared_.definition_bytes += payload.size();
  if (id != SectionId::custom && shared_.definition_bytes > kMaxDefinitionBytes) {
    return fail(ErrorCode::limit, "the definitions of the component are too long", offset);
  }
  Reader r(payload, offset, depth_, shared_.core);
  Result<void> read = items(id, r);
  if (read && r.ok() && !r.at_end()) r.fail("section size mismatch: unexpected bytes at the end");
  if (r.ok()) return read;
  Error error = r.explained_error();
  return fail(error.code(),
              error.message() + ", in the " + std::string(section_text(id)) + " section",
              *error.where());
}

Result<void> Decoder::nested_component(Bytes payload, uint64_t offset) {
  if (depth_ == kMaxNesting) {
    return fail(ErrorCode::limit, "components are nested too deeply", offset);
  }
  add(NestedComponent{TRY(Decoder(payload, offset, depth_ + 1, shared_).run())}, offset);
  return {};
}

Result<void> Decoder::items(SectionId id, Reader& r) {
  if (id == SectionId::custom) {
    custom_section(r);
    return {};
  }
  uint32_t n = r.count(kMaxDefinitions);
  shared_.definitions += n;
  if (shared_.definitions > kMaxDefinitions) {
    return fail(ErrorCode::limit, "a component has too many definitions", r.offset());
  }
  for (uint32_t i = 0; i < n && r.ok(); ++i) {
    uint64_t start = r.offset();
    switch (id) {
      case SectionId::core_instance:
        add(r.core_instance(), start);
        break;
      case SectionId::core_type:
        add(r.core_type(), start);
        break;
      case SectionId::instance:
        add(r.instance(), start);
        break;
      case SectionId::alias:
        add(r.alias(), start);
        break;
      case SectionId::type:
        add(r.type(), start);
        break;
      case SectionId::canon:
        add(r.canon(), start);
        break;
      case SectionId::import:
        add(r.import(), start);
        break;
      case SectionId::export_:
        add(r.export_(), start);
        break;
      case SectionId::custom:
      case SectionId::core_module:
      case SectionId::component:
      case SectionId::start:
      case SectionId::value:
        break;
    }
  }
  return {};
}

void Decoder::custom_section(Reader& r) {
  uint64_t start = r.offset();
  CustomSection custom;
  custom.name = r.name();
  custom.payload = r.bytes(r.remaining());
  if (r.ok()) add(custom, start);
}

}  // namespace

bool looks_like_component(Bytes bytes) {
  return bytes.size() >= kHeaderBytes && std::ranges::equal(bytes.first(kMagic.size()), kMagic) &&
         load_le<uint16_t>(bytes.data() + 6) == 1;
}

Result<Component> decode(Bytes bytes, std::shared_ptr<const void> backing, wasm::Features core) {
  if (bytes.size() > kMaxComponentBytes) {
    return fail(ErrorCode::limit, "the component is larger than 1 GiB");
  }
  Shared shared{.core = core};
  Component component;
  component.definitions = TRY(Decoder(bytes, 0, 0, shared).run());
  component.size_bytes = bytes.size();
  component.backing = std::move(backing);
  return component;
}

Result<Component> decode(std::vector<uint8_t> bytes, wasm::Features core) {
  auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  return decode(Bytes(*owner), owner, core);
}

}  // namespace nacre::component
