#include "wasm/names.h"

#include <algorithm>

#include "base/utf8.h"
#include "wasm/binary/writer.h"
#include "wasm/body_reader.h"
#include "wasm/limits.h"
#include "wasm/walk.h"

namespace nacre::wasm {
namespace {

// Subsections by their ids (appendix B.3.2 and the extended name section).
enum SubsectionId : uint8_t {
  kModule = 0,
  kFunctions = 1,
  kLocals = 2,
  kLabels = 3,
  kTypes = 4,
  kTables = 5,
  kMemories = 6,
  kGlobals = 7,
  kElements = 8,
  kData = 9,
  kFields = 10,
  kTags = 11,
};
constexpr uint8_t kLastSubsection = kTags;

// Which member holds a subsection; null where it is of the other shape.
NameMap* flat_names(NameSection& names, uint8_t id) {
  switch (id) {
    case kFunctions:
      return &names.functions;
    case kTypes:
      return &names.types;
    case kTables:
      return &names.tables;
    case kMemories:
      return &names.memories;
    case kGlobals:
      return &names.globals;
    case kElements:
      return &names.elements;
    case kData:
      return &names.data;
    case kTags:
      return &names.tags;
    default:
      return nullptr;
  }
}

IndirectNameMap* indirect_names(NameSection& names, uint8_t id) {
  switch (id) {
    case kLocals:
      return &names.locals;
    case kLabels:
      return &names.labels;
    case kFields:
      return &names.fields;
    default:
      return nullptr;
  }
}

// Whether `index` rises above the last one of the list; fails otherwise.
template <class List>
bool rises(Reader& r, const List& list, uint32_t index, uint64_t start) {
  if (!r.ok()) return false;
  if (list.empty() || index > list.back().index) return true;
  r.fail_at(index == list.back().index ? "duplicate index" : "index out of order", start);
  return false;
}

void read_names(Reader& r, NameMap& names) {
  uint32_t n = r.count(UINT32_MAX, 2);
  names.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    uint64_t start = r.offset();
    uint32_t index = r.u32();
    std::string_view name = r.name();
    if (!rises(r, names, index, start)) return;
    names.push_back({index, name});
  }
}

void read_indirect_names(Reader& r, IndirectNameMap& names) {
  uint32_t n = r.count(UINT32_MAX, 2);
  for (uint32_t i = 0; i < n; ++i) {
    uint64_t start = r.offset();
    uint32_t index = r.u32();
    if (!rises(r, names, index, start)) return;
    names.push_back({index, {}});
    read_names(r, names.back().names);
    if (!r.ok()) return;
  }
}

void read_subsection(Reader& r, uint8_t id, NameSection& names) {
  if (id == kModule) {
    std::string_view name = r.name();
    if (r.ok()) names.module = name;
  } else if (NameMap* flat = flat_names(names, id)) {
    read_names(r, *flat);
  } else if (IndirectNameMap* indirect = indirect_names(names, id)) {
    read_indirect_names(r, *indirect);
  }
}

// Fills `names` up to the first error.
Result<void> read_name_section(Bytes payload, uint64_t offset, NameSection& names) {
  Reader reader(payload, offset);
  int last = -1;
  while (!reader.at_end()) {
    uint64_t start = reader.offset();
    uint8_t id = reader.u8();
    uint32_t size = reader.u32();
    uint64_t contents_offset = reader.offset();
    Bytes contents = reader.bytes(size);
    if (!reader.ok()) break;
    if (id <= last) {
      return fail(ErrorCode::malformed, "name section: a subsection twice or out of order", start);
    }
    last = id;
    if (id > kLastSubsection) continue;
    Reader r(contents, contents_offset);
    read_subsection(r, id, names);
    if (r.ok() && !r.at_end()) r.fail("section size mismatch");
    if (!r.ok()) return std::unexpected(r.error().with_context("name section"));
  }
  if (!reader.ok()) return std::unexpected(reader.error().with_context("name section"));
  return {};
}

const CustomSection* find_custom(const Module& module, std::string_view name) {
  for (const CustomSection& custom : module.customs) {
    if (custom.name == name) return &custom;
  }
  return nullptr;
}

void write_names(ByteWriter& out, const NameMap& names) {
  out.u64(names.size());
  for (const NameAssoc& item : names) {
    out.u32(item.index);
    out.name(item.name);
  }
}

}  // namespace

bool NameSection::empty() const { return *this == NameSection{}; }

std::optional<std::string_view> find_name(const NameMap& names, uint32_t index) {
  auto found = std::ranges::lower_bound(names, index, {}, &NameAssoc::index);
  if (found == names.end() || found->index != index) return std::nullopt;
  return found->name;
}

const NameMap* find_names(const IndirectNameMap& names, uint32_t index) {
  auto found = std::ranges::lower_bound(names, index, {}, &IndirectNameAssoc::index);
  return found == names.end() || found->index != index ? nullptr : &found->names;
}

Result<NameSection> decode_names(Bytes payload, uint64_t offset) {
  NameSection names;
  TRY(read_name_section(payload, offset, names));
  return names;
}

NameSection module_names(const Module& module) {
  NameSection names;
  const CustomSection* custom = find_custom(module, kNameSection);
  // An error ends the reading, nothing else: what precedes it is good.
  if (custom != nullptr) (void)read_name_section(custom->payload, 0, names);
  return names;
}

std::vector<uint8_t> encode_names(const NameSection& section) {
  NameSection names = section;  // flat_names and indirect_names give mutable members
  ByteWriter out;
  for (uint8_t id = kModule; id <= kLastSubsection; ++id) {
    const NameMap* flat = flat_names(names, id);
    const IndirectNameMap* indirect = indirect_names(names, id);
    bool present = id == kModule     ? names.module.has_value()
                   : flat != nullptr ? !flat->empty()
                                     : !indirect->empty();
    if (!present) continue;
    out.u8(id);
    size_t start = out.size();
    if (id == kModule) {
      out.name(*names.module);
    } else if (flat != nullptr) {
      write_names(out, *flat);
    } else {
      out.u64(indirect->size());
      for (const IndirectNameAssoc& item : *indirect) {
        out.u32(item.index);
        write_names(out, item.names);
      }
    }
    out.wrap_from(start);
  }
  return std::move(out).take();
}

// ---- function names

FunctionNames::FunctionNames(const Module& module) : module_(module) {}

void FunctionNames::load() const {
  const CustomSection* custom = find_custom(module_, kNameSection);
  if (custom == nullptr) return;
  Reader reader(custom->payload);
  while (!reader.at_end()) {
    uint8_t id = reader.u8();
    Bytes contents = reader.bytes(reader.u32());
    if (!reader.ok() || id > kFunctions) return;
    if (id != kFunctions) continue;
    Reader r(contents);
    read_names(r, names_);
    return;
  }
}

std::optional<std::string_view> FunctionNames::find(uint32_t function) const {
  std::call_once(loaded_, [this] { load(); });
  if (auto name = find_name(names_, function)) return name;
  for (const Export& item : module_.exports) {
    if (item.kind == ExternKind::func && item.index == function) return item.name;
  }
  if (function >= module_.imported_functions) return std::nullopt;
  uint32_t index = 0;
  for (const Import& import : module_.imports) {
    if (import.type.kind == ExternKind::func && index++ == function) return import.name;
  }
  return std::nullopt;
}

std::string FunctionNames::show(uint32_t function) const {
  if (std::optional<std::string_view> name = find(function)) return printable(*name);
  return "func[" + std::to_string(function) + "]";
}

// ---- producers

Result<std::vector<ProducerField>> decode_producers(Bytes payload, uint64_t offset) {
  Reader r(payload, offset);
  std::vector<ProducerField> fields;
  uint32_t n = r.count(UINT32_MAX, 2);
  for (uint32_t i = 0; i < n && r.ok(); ++i) {
    ProducerField field;
    field.field = r.name();
    uint32_t values = r.count(UINT32_MAX, 2);
    for (uint32_t k = 0; k < values && r.ok(); ++k) {
      std::string_view name = r.name();
      field.values.push_back({name, r.name()});
    }
    fields.push_back(std::move(field));
  }
  if (r.ok() && !r.at_end()) r.fail("section size mismatch");
  if (!r.ok()) return std::unexpected(r.error().with_context("producers section"));
  return fields;
}

// ---- branch hints

namespace {

constexpr std::string_view kHintContext = "@metadata.code.branch_hint annotation";

struct BranchFinder : NullVisitor {
  explicit BranchFinder(const uint8_t* body) : body_start(body) {}
  void begin(const uint8_t* pos) { instruction = pos; }
  void if_(const imm::block_type&) { add(); }
  void br_if(const imm::label&) { add(); }
  void add() { offsets.push_back(static_cast<uint32_t>(instruction - body_start)); }

  const uint8_t* body_start;
  const uint8_t* instruction = nullptr;
  std::vector<uint32_t> offsets;
};

void read_hint(Reader& r, std::vector<BranchHint>& hints) {
  uint64_t start = r.offset();
  BranchHint hint;
  hint.offset = r.u32();
  if (r.ok() && !hints.empty() && hint.offset <= hints.back().offset) {
    return r.fail_at("duplicate annotation or offset out of order", start);
  }
  start = r.offset();
  if (r.u32() != 1) r.fail_at("a hint is one byte", start);
  start = r.offset();
  uint8_t value = r.u8();
  if (value > 1) r.fail_at("a hint is 0 (unlikely) or 1 (likely)", start);
  hint.likely = value == 1;
  if (r.ok()) hints.push_back(hint);
}

}  // namespace

Result<BranchHints> decode_branch_hints(Bytes payload, uint64_t offset) {
  Reader r(payload, offset);
  BranchHints functions;
  uint32_t n = r.count(kMaxFunctions, 2);
  for (uint32_t i = 0; i < n && r.ok(); ++i) {
    uint64_t start = r.offset();
    uint32_t index = r.u32();
    if (r.ok() && !functions.empty() && index <= functions.back().function) {
      r.fail_at("a function twice or out of order", start);
      break;
    }
    functions.push_back({index, {}});
    uint32_t hints = r.count(UINT32_MAX, 3);
    for (uint32_t k = 0; k < hints && r.ok(); ++k) read_hint(r, functions.back().hints);
  }
  if (r.ok() && !r.at_end()) r.fail("section size mismatch");
  if (!r.ok()) {
    return std::unexpected(r.error().with_context(kHintContext));
  }
  return functions;
}

std::vector<uint8_t> encode_branch_hints(const BranchHints& functions) {
  ByteWriter out;
  out.u64(functions.size());
  for (const FunctionBranchHints& function : functions) {
    out.u32(function.function);
    out.u64(function.hints.size());
    for (const BranchHint& hint : function.hints) {
      out.u32(hint.offset);
      out.u32(1);
      out.u8(hint.likely ? 1 : 0);
    }
  }
  return std::move(out).take();
}

Result<void> check_branch_hints(const Module& module, const BranchHints& functions,
                                Features features) {
  for (const FunctionBranchHints& function : functions) {
    if (function.function < module.imported_functions ||
        function.function >= module.functions.size()) {
      return fail(ErrorCode::invalid, std::string(kHintContext) + ": unknown function");
    }
    Bytes body = module.body_of(function.function);
    uint64_t body_offset = module.offset_of(body.data());
    BodyReader reader(body, body_offset, features);
    uint32_t groups = reader.u32();
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      reader.u32();
      reader.val_type();
    }
    Trusted checker;
    BranchFinder finder(body.data());
    walk(reader, checker, finder);
    if (!reader.ok()) return std::unexpected(reader.error());
    for (const BranchHint& hint : function.hints) {
      if (!std::ranges::binary_search(finder.offsets, hint.offset)) {
        return fail(ErrorCode::invalid, std::string(kHintContext) + ": invalid target",
                    body_offset + hint.offset);
      }
    }
  }
  return {};
}

}  // namespace nacre::wasm
