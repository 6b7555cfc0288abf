#include "wasm/binary/decoder.h"

#include <algorithm>
#include <string>

#include "wasm/binary/sections.h"
#include "wasm/binary/type_reader.h"
#include "wasm/foreign.h"
#include "wasm/limits.h"
#include "wasm/walk.h"

namespace nacre::wasm {
namespace {

using namespace binary;

constexpr uint64_t kHeaderBytes = kMagic.size() + kVersion.size();

// The name a person reads in errors; empty for ids that no section has.
std::string_view section_text(SectionId id) {
  switch (id) {
    case SectionId::custom:
      return "custom";
    case SectionId::type:
      return "type";
    case SectionId::import:
      return "import";
    case SectionId::function:
      return "function";
    case SectionId::table:
      return "table";
    case SectionId::memory:
      return "memory";
    case SectionId::global:
      return "global";
    case SectionId::export_:
      return "export";
    case SectionId::start:
      return "start";
    case SectionId::element:
      return "element";
    case SectionId::code:
      return "code";
    case SectionId::data:
      return "data";
    case SectionId::data_count:
      return "data count";
    case SectionId::tag:
      return "tag";
  }
  return {};
}

// The section's place in kSectionOrder, counted from 1; 0: before all.
uint32_t section_rank(SectionId id) {
  auto found = std::ranges::find(kSectionOrder, id);
  return found == kSectionOrder.end() ? 0
                                      : static_cast<uint32_t>(found - kSectionOrder.begin()) + 1;
}

bool begins_with(Bytes bytes, std::span<const uint8_t> start) {
  return bytes.size() >= start.size() && std::ranges::equal(bytes.first(start.size()), start);
}

Result<void> check_header(Bytes bytes) {
  if (bytes.empty()) return fail(ErrorCode::malformed, "unexpected end: the input is empty", 0u);
  size_t magic_part = std::min(bytes.size(), kMagic.size());
  if (!std::ranges::equal(bytes.first(magic_part), std::span(kMagic).first(magic_part))) {
    std::string what = describe_foreign(bytes);
    if (what.empty()) {
      what = looks_text(bytes)
                 ? "this is text, not binary wasm; nacre parse makes it binary"
                 : "neither binary wasm, which begins with the bytes 00 61 73 6d, nor text, which "
                   "begins with a parenthesis";
    }
    return fail(ErrorCode::malformed, "magic header not detected: " + what, 0u);
  }
  if (bytes.size() < kHeaderBytes) {
    return fail(ErrorCode::malformed, "unexpected end: the input is shorter than a wasm header",
                bytes.size());
  }
  Bytes version = bytes.subspan(kMagic.size());
  if (begins_with(version, kVersion)) return {};
  if (begins_with(version, kComponentVersion)) {
    return fail(ErrorCode::unsupported,
                "this is a component, which wraps modules; only modules can be decoded here",
                kMagic.size());
  }
  uint32_t number = load_le<uint32_t>(version.data());
  // Before 1.0 the version was counted up to 0xd.
  return fail(ErrorCode::malformed,
              "unknown binary version " + std::to_string(number) + ": only version 1 is known" +
                  (number <= 0xd ? "; this is from before WebAssembly 1.0, compile it again" : ""),
              kMagic.size());
}

class Decoder {
 public:
  Decoder(Bytes bytes, Features features) : features_(features) { module_.bytes = bytes; }

  Result<Module> run() {
    if (module_.bytes.size() > kMaxModuleBytes) {
      return fail(ErrorCode::limit, "the module is larger than 1 GiB");
    }
    TRY(check_header(module_.bytes));
    Reader reader(module_.bytes.subspan(kHeaderBytes), kHeaderBytes);
    while (!reader.at_end()) TRY(section(reader));
    TRY(check_counts());
    return std::move(module_);
  }

 private:
  Result<void> section(Reader& reader);
  void contents(SectionId id, TypeReader& r);
  bool is_known(SectionId id) const;
  Result<void> check_counts();

  void custom_section(Reader& r);
  void type_section(TypeReader& r);
  void import_section(TypeReader& r);
  void function_section(TypeReader& r);
  void table_section(TypeReader& r);
  void memory_section(TypeReader& r);
  void tag_section(TypeReader& r);
  void global_section(TypeReader& r);
  void export_section(TypeReader& r);
  void element_section(TypeReader& r);
  void code_section(TypeReader& r);
  void data_section(TypeReader& r);

  void import_group(TypeReader& r);
  void add_import(TypeReader& r, std::string_view module, std::string_view name,
                  const ExternType& type);
  Table table(TypeReader& r);
  bool check_element_flags(TypeReader& r, uint32_t flags, uint64_t start);
  ElementSegment element(TypeReader& r);
  DataSegment data_segment(TypeReader& r);
  ConstExpr const_expr(TypeReader& r);

  Features features_;
  Module module_;
  SectionId last_ = SectionId::custom;
};

bool Decoder::is_known(SectionId id) const {
  if (id == SectionId::tag) return features_.has(Feature::exceptions);
  if (id == SectionId::data_count) return features_.has(Feature::bulk_memory);
  return !section_text(id).empty();
}

Result<void> Decoder::section(Reader& reader) {
  uint64_t start = reader.offset();
  auto id = static_cast<SectionId>(reader.u8());
  if (!is_known(id)) {
    return fail(ErrorCode::malformed,
                id == SectionId::tag ? "malformed section id: tags need the feature exceptions"
                : id == SectionId::data_count
                    ? "malformed section id: the data count section needs the feature bulk-memory"
                    : "malformed section id",
                start);
  }
  if (id != SectionId::custom && section_rank(id) <= section_rank(last_)) {
    return fail(ErrorCode::malformed,
                "unexpected content after last section: the " + std::string(section_text(id)) +
                    " section stands twice or behind its place",
                start);
  }
  uint32_t size = reader.u32();
  uint64_t contents_offset = reader.offset();
  bool is_cut = reader.ok() && size > reader.remaining();
  Bytes payload = reader.bytes(size);
  if (is_cut) {
    return fail(ErrorCode::malformed,
                "unexpected end: length out of bounds: the " + std::string(section_text(id)) +
                    " section should have " + std::to_string(size) +
                    " bytes, so the file is cut short or damaged",
                *reader.error().where());
  }
  if (!reader.ok()) return std::unexpected(reader.error());

  TypeReader r(payload, contents_offset, features_);
  contents(id, r);
  if (r.ok() && !r.at_end()) r.fail("section size mismatch: unexpected bytes at the end");
  if (!r.ok()) {
    Error error = r.explained_error();
    std::string message =
        error.message() + ", in the " + std::string(section_text(id)) + " section";
    if (error.code() == ErrorCode::limit) message += "; nothing raises this limit";
    return fail(error.code(), std::move(message), *error.where());
  }
  if (id != SectionId::custom) last_ = id;
  return {};
}

void Decoder::contents(SectionId id, TypeReader& r) {
  switch (id) {
    case SectionId::custom:
      return custom_section(r);
    case SectionId::type:
      return type_section(r);
    case SectionId::import:
      return import_section(r);
    case SectionId::function:
      return function_section(r);
    case SectionId::table:
      return table_section(r);
    case SectionId::memory:
      return memory_section(r);
    case SectionId::tag:
      return tag_section(r);
    case SectionId::global:
      return global_section(r);
    case SectionId::export_:
      return export_section(r);
    case SectionId::start:
      module_.start = r.u32();
      return;
    case SectionId::element:
      return element_section(r);
    case SectionId::data_count:
      module_.data_count = r.u32();
      return;
    case SectionId::code:
      return code_section(r);
    case SectionId::data:
      return data_section(r);
  }
}

Result<void> Decoder::check_counts() {
  if (module_.bodies.size() != module_.functions.size() - module_.imported_functions) {
    return fail(ErrorCode::malformed, "function and code section have inconsistent lengths",
                module_.bytes.size());
  }
  if (module_.data_count && *module_.data_count != module_.data.size()) {
    return fail(ErrorCode::malformed, "data count and data section have inconsistent lengths",
                module_.bytes.size());
  }
  return {};
}

void Decoder::custom_section(Reader& r) {
  CustomSection custom;
  custom.name = r.name();
  custom.payload = r.bytes(r.remaining());
  custom.after = last_;
  if (r.ok()) module_.customs.push_back(custom);
}

// ---- types

void Decoder::type_section(TypeReader& r) {
  uint32_t n = r.count(kMaxRecGroups, 2);
  module_.rec_groups.reserve(n);
  module_.types.reserve(n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) {
    RecGroup group{.first = static_cast<uint32_t>(module_.types.size())};
    if (r.peek_u8() == kRecCode && features_.has(Feature::gc)) {
      r.u8();
      group.explicit_rec = true;
      group.count = r.count(kMaxTypes, 2);
    }
    if (group.count > kMaxTypes - group.first) {
      return r.fail_at("too many types for one module", r.offset(), ErrorCode::limit);
    }
    for (uint32_t k = 0; k < group.count && r.ok(); ++k) module_.types.push_back(r.sub_type());
    module_.rec_groups.push_back(group);
  }
}

// ---- imports and exports

void Decoder::import_section(TypeReader& r) {
  uint32_t n = r.count(kMaxImports, 4);
  module_.imports.reserve(n);
  module_.import_groups.reserve(n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) import_group(r);
}

void Decoder::import_group(TypeReader& r) {
  std::string_view module = r.name();
  std::string_view name = r.name();
  uint64_t start = r.offset();
  uint8_t kind = r.u8();
  bool compact = name.empty() && (kind == kSharedModuleCode || kind == kSharedModuleAndTypeCode);
  if (compact && !features_.has(Feature::compact_import_section)) {
    return r.fail_at(
        "malformed import kind: groups of imports need the feature compact-import-section", start);
  }
  ImportGroup group;
  if (compact && kind == kSharedModuleCode) {
    group.form = ImportGroup::Form::shared_module;
    group.count = r.count(kMaxImports, 3);
    for (uint32_t i = 0; i < group.count && r.ok(); ++i) {
      name = r.name();
      start = r.offset();
      kind = r.u8();
      add_import(r, module, name, r.extern_type(kind, start));
    }
  } else if (compact && kind == kSharedModuleAndTypeCode) {
    group.form = ImportGroup::Form::shared_module_and_type;
    start = r.offset();
    kind = r.u8();
    ExternType type = r.extern_type(kind, start);
    group.count = r.count(kMaxImports);
    for (uint32_t i = 0; i < group.count && r.ok(); ++i) add_import(r, module, r.name(), type);
  } else {
    add_import(r, module, name, r.extern_type(kind, start));
  }
  if (group.count != 0) module_.import_groups.push_back(group);
}

void Decoder::add_import(TypeReader& r, std::string_view module, std::string_view name,
                         const ExternType& type) {
  if (!r.ok()) return;
  if (module_.imports.size() == kMaxImports) {
    return r.fail_at("too many imports for one module", r.offset(), ErrorCode::limit);
  }
  module_.imports.push_back({module, name, type});
  switch (type.kind) {
    case ExternKind::func:
      module_.functions.push_back(type.func);
      ++module_.imported_functions;
      break;
    case ExternKind::table:
      if (++module_.imported_tables > kMaxTables) {
        return r.fail_at("too many tables for one module", r.offset(), ErrorCode::limit);
      }
      module_.tables.push_back({type.table, std::nullopt});
      break;
    case ExternKind::memory:
      if (++module_.imported_memories > kMaxMemories) {
        return r.fail_at("too many memories for one module", r.offset(), ErrorCode::limit);
      }
      module_.memories.push_back(type.memory);
      break;
    case ExternKind::global:
      module_.globals.push_back({type.global, {}});
      ++module_.imported_globals;
      break;
    case ExternKind::tag:
      module_.tags.push_back(type.tag);
      ++module_.imported_tags;
      break;
  }
}

void Decoder::export_section(TypeReader& r) {
  uint32_t n = r.count(kMaxExports, 3);
  module_.exports.reserve(n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) {
    Export item;
    item.name = r.name();
    uint64_t start = r.offset();
    uint8_t kind = r.u8();
    if (!r.check_kind(kind, start, "malformed export kind")) return;
    item.kind = static_cast<ExternKind>(kind);
    item.index = r.u32();
    module_.exports.push_back(item);
  }
}

// ---- definitions

void Decoder::function_section(TypeReader& r) {
  uint32_t n = r.count(kMaxFunctions - std::min(kMaxFunctions, module_.imported_functions));
  module_.functions.reserve(module_.functions.size() + n);
  for (uint32_t i = 0; i < n; ++i) module_.functions.push_back(TypeIdx{r.u32()});
}

void Decoder::table_section(TypeReader& r) {
  uint32_t n = r.count(kMaxTables - module_.imported_tables, 3);
  module_.tables.reserve(module_.tables.size() + n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) module_.tables.push_back(table(r));
}

Table Decoder::table(TypeReader& r) {
  if (r.at_end() || r.peek_u8() != kTableWithInit) return {r.table_type(), std::nullopt};
  uint64_t start = r.offset();
  if (!features_.has(Feature::function_references)) {
    r.fail_at("malformed table: an initial value needs the feature function-references", start);
    return {};
  }
  r.u8();
  start = r.offset();
  if (r.u8() != 0) r.fail_at("zero byte expected", start);
  Table result{r.table_type(), std::nullopt};
  result.init = const_expr(r);
  return result;
}

void Decoder::memory_section(TypeReader& r) {
  uint32_t n = r.count(kMaxMemories - module_.imported_memories, 2);
  for (uint32_t i = 0; i < n && r.ok(); ++i) module_.memories.push_back(r.memory_type());
}

void Decoder::tag_section(TypeReader& r) {
  uint32_t n = r.count(kMaxTags - module_.imported_tags, 2);
  module_.tags.reserve(module_.tags.size() + n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) module_.tags.push_back(r.tag_type());
}

void Decoder::global_section(TypeReader& r) {
  uint32_t n = r.count(kMaxGlobals - module_.imported_globals, 3);
  module_.globals.reserve(module_.globals.size() + n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) {
    GlobalType type = r.global_type();
    module_.globals.push_back({type, const_expr(r)});
  }
}

// The expression's extent. Whether its instructions may stand in it is the validator's matter.
ConstExpr Decoder::const_expr(TypeReader& r) {
  const uint8_t* start = r.pos();
  if (!r.ok()) return {};
  Trusted extent;
  NullVisitor visitor;
  walk(r, extent, visitor);
  if (!r.ok()) return {};
  return {Bytes(start, r.pos())};
}

void Decoder::element_section(TypeReader& r) {
  uint32_t n = r.count(kMaxElementSegments, 2);
  module_.elements.reserve(std::min<uint64_t>(n, r.remaining() / 3));
  for (uint32_t i = 0; i < n && r.ok(); ++i) module_.elements.push_back(element(r));
}

bool Decoder::check_element_flags(TypeReader& r, uint32_t flags, uint64_t start) {
  bool bulk = features_.has(Feature::bulk_memory);
  bool references = features_.has(Feature::reference_types);
  bool not_active = (flags & kElementNotActive) != 0;
  bool declarative = not_active && (flags & kElementExplicit) != 0;
  if (flags > (kElementNotActive | kElementExplicit | kElementExprs)) {
    r.fail_at("malformed elements segment kind", start);
  } else if (not_active && !declarative && !bulk) {
    r.fail_at("malformed elements segment kind: passive segments need the feature bulk-memory",
              start);
  } else if (declarative && !references) {
    r.fail_at(
        "malformed elements segment kind: declarative segments need the feature reference-types",
        start);
  } else if (flags != 0 && !bulk && !references) {
    r.fail_at(
        "malformed elements segment kind: tables and expressions need the feature reference-types",
        start);
  }
  return r.ok();
}

ElementSegment Decoder::element(TypeReader& r) {
  ElementSegment segment;
  uint64_t start = r.offset();
  uint32_t flags = r.u32();
  if (!check_element_flags(r, flags, start)) return segment;
  bool has_type = (flags & (kElementNotActive | kElementExplicit)) != 0;
  segment.uses_exprs = (flags & kElementExprs) != 0;
  if ((flags & kElementNotActive) == 0) {
    segment.explicit_table = (flags & kElementExplicit) != 0;
    if (segment.explicit_table) segment.table = r.u32();
    segment.offset = const_expr(r);
  } else {
    segment.mode = (flags & kElementExplicit) != 0 ? ElementSegment::Mode::declarative
                                                   : ElementSegment::Mode::passive;
  }
  if (segment.uses_exprs) {
    if (has_type) segment.type = r.ref_type();
    uint32_t n = r.count(kMaxElements, 2);
    segment.exprs.reserve(n);
    for (uint32_t i = 0; i < n && r.ok(); ++i) segment.exprs.push_back(const_expr(r));
  } else {
    // Function indices are never null (specification 5.5.12).
    segment.type = ValType::ref(HeapType::kFunc, false);
    start = r.offset();
    if (has_type && r.u8() != 0) r.fail_at("malformed element kind", start);
    uint32_t n = r.count(kMaxElements);
    segment.functions.reserve(n);
    for (uint32_t i = 0; i < n; ++i) segment.functions.push_back(r.u32());
  }
  return segment;
}

void Decoder::code_section(TypeReader& r) {
  uint64_t start = r.offset();
  uint32_t n = r.count(kMaxFunctions);
  if (r.ok() && n != module_.functions.size() - module_.imported_functions) {
    return r.fail_at("function and code section have inconsistent lengths", start);
  }
  module_.bodies.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    start = r.offset();
    uint32_t size = r.u32();
    Bytes body = r.bytes(size);
    if (!r.ok()) return;
    if (size > kMaxBodyBytes) {
      return r.fail_at("function body too large", start, ErrorCode::limit);
    }
    module_.bodies.push_back(body);
  }
}

void Decoder::data_section(TypeReader& r) {
  uint64_t start = r.offset();
  uint32_t n = r.count(kMaxDataSegments, 2);
  if (r.ok() && module_.data_count && *module_.data_count != n) {
    return r.fail_at("data count and data section have inconsistent lengths", start);
  }
  module_.data.reserve(n);
  for (uint32_t i = 0; i < n && r.ok(); ++i) module_.data.push_back(data_segment(r));
}

DataSegment Decoder::data_segment(TypeReader& r) {
  DataSegment segment;
  uint64_t start = r.offset();
  uint32_t kind = r.u32();
  bool needs_bulk = kind == kDataPassive || kind == kDataExplicit;
  if (kind > kDataExplicit || (needs_bulk && !features_.has(Feature::bulk_memory))) {
    r.fail_at(needs_bulk ? "malformed data segment kind: it needs the feature bulk-memory"
                         : "malformed data segment kind",
              start);
    return segment;
  }
  if (kind == kDataPassive) {
    segment.mode = DataSegment::Mode::passive;
  } else {
    segment.explicit_memory = kind == kDataExplicit;
    if (segment.explicit_memory) segment.memory = r.u32();
    segment.offset = const_expr(r);
  }
  segment.bytes = r.bytes(r.u32());
  return segment;
}

}  // namespace

bool looks_binary(Bytes bytes) { return begins_with(bytes, kMagic); }

bool looks_text(Bytes bytes) {
  std::string_view text = as_text(bytes);
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return !text.empty();
  text.remove_prefix(first);
  return text.starts_with('(') || text.starts_with(";;");
}

Result<Module> decode(Bytes bytes, std::shared_ptr<const void> backing, Features features) {
  Module module = TRY(Decoder(bytes, features).run());
  module.backing = std::move(backing);
  return module;
}

Result<Module> decode(std::vector<uint8_t> bytes, Features features) {
  auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  Bytes view(*owner);
  return decode(view, std::move(owner), features);
}

}  // namespace nacre::wasm
