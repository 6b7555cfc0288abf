#include "wasm/binary/encoder.h"

#include "wasm/binary/sections.h"
#include "wasm/binary/type_writer.h"

namespace nacre::wasm {
namespace {

using namespace binary;

class Encoder {
 public:
  explicit Encoder(const Module& module) : module_(module) {}

  std::vector<uint8_t> run() {
    out_.reserve(module_.bytes.size());
    out_.raw(kMagic);
    out_.raw(kVersion);
    customs_after(SectionId::custom);
    for (SectionId id : kSectionOrder) {
      if (is_present(id)) section(id);
      customs_after(id);
    }
    return std::move(out_).take();
  }

 private:
  bool is_present(SectionId id) const;
  void section(SectionId id);
  void contents(SectionId id);
  void customs_after(SectionId id);

  void types();
  void imports();
  void table(const Table& table);
  void element(const ElementSegment& segment);
  void data(const DataSegment& segment);

  template <class List, class Write>
  void list(const List& items, size_t first, Write write) {
    out_.u64(items.size() - first);
    for (size_t i = first; i < items.size(); ++i) write(items[i]);
  }

  const Module& module_;
  TypeWriter out_;
};

bool Encoder::is_present(SectionId id) const {
  switch (id) {
    case SectionId::type:
      return !module_.rec_groups.empty();
    case SectionId::import:
      return !module_.imports.empty();
    case SectionId::function:
      return module_.functions.size() > module_.imported_functions;
    case SectionId::table:
      return module_.tables.size() > module_.imported_tables;
    case SectionId::memory:
      return module_.memories.size() > module_.imported_memories;
    case SectionId::tag:
      return module_.tags.size() > module_.imported_tags;
    case SectionId::global:
      return module_.globals.size() > module_.imported_globals;
    case SectionId::export_:
      return !module_.exports.empty();
    case SectionId::start:
      return module_.start.has_value();
    case SectionId::element:
      return !module_.elements.empty();
    case SectionId::data_count:
      return module_.data_count.has_value();
    case SectionId::code:
      return !module_.bodies.empty();
    case SectionId::data:
      return !module_.data.empty();
    case SectionId::custom:
      break;
  }
  return false;
}

void Encoder::section(SectionId id) {
  out_.u8(static_cast<uint8_t>(id));
  size_t start = out_.size();
  contents(id);
  out_.wrap_from(start);
}

void Encoder::contents(SectionId id) {
  switch (id) {
    case SectionId::type:
      return types();
    case SectionId::import:
      return imports();
    case SectionId::function:
      return list(module_.functions, module_.imported_functions,
                  [&](TypeIdx type) { out_.index(type); });
    case SectionId::table:
      return list(module_.tables, module_.imported_tables, [&](const Table& t) { table(t); });
    case SectionId::memory:
      return list(module_.memories, module_.imported_memories,
                  [&](const MemoryType& type) { out_.memory_type(type); });
    case SectionId::tag:
      return list(module_.tags, module_.imported_tags,
                  [&](const TagType& type) { out_.tag_type(type); });
    case SectionId::global:
      return list(module_.globals, module_.imported_globals, [&](const Global& global) {
        out_.global_type(global.type);
        out_.raw(global.init.code);
      });
    case SectionId::export_:
      return list(module_.exports, 0, [&](const Export& item) {
        out_.name(item.name);
        out_.u8(static_cast<uint8_t>(item.kind));
        out_.u32(item.index);
      });
    case SectionId::start:
      return out_.u32(*module_.start);
    case SectionId::element:
      return list(module_.elements, 0, [&](const ElementSegment& segment) { element(segment); });
    case SectionId::data_count:
      return out_.u32(*module_.data_count);
    case SectionId::code:
      return list(module_.bodies, 0, [&](Bytes body) { out_.sized(body); });
    case SectionId::data:
      return list(module_.data, 0, [&](const DataSegment& segment) { data(segment); });
    case SectionId::custom:
      return;
  }
}

void Encoder::customs_after(SectionId id) {
  for (const CustomSection& custom : module_.customs) {
    if (custom.after != id) continue;
    out_.u8(static_cast<uint8_t>(SectionId::custom));
    size_t start = out_.size();
    out_.name(custom.name);
    out_.raw(custom.payload);
    out_.wrap_from(start);
  }
}

// ---- types

void Encoder::types() {
  list(module_.rec_groups, 0, [&](const RecGroup& group) {
    if (group.explicit_rec || group.count != 1) {
      out_.u8(kRecCode);
      out_.u32(group.count);
    }
    for (uint32_t i = 0; i < group.count; ++i) out_.sub_type(module_.types[group.first + i]);
  });
}

// ---- imports and segments

void Encoder::imports() {
  size_t next = 0;
  list(module_.import_groups, 0, [&](const ImportGroup& group) {
    const Import& first = module_.imports[next];
    out_.name(first.module);
    if (group.form == ImportGroup::Form::single) {
      out_.name(first.name);
      out_.extern_type(first.type);
      ++next;
      return;
    }
    bool shared_type = group.form == ImportGroup::Form::shared_module_and_type;
    out_.name({});
    out_.u8(shared_type ? kSharedModuleAndTypeCode : kSharedModuleCode);
    if (shared_type) out_.extern_type(first.type);
    out_.u32(group.count);
    for (uint32_t i = 0; i < group.count; ++i, ++next) {
      out_.name(module_.imports[next].name);
      if (!shared_type) out_.extern_type(module_.imports[next].type);
    }
  });
}

void Encoder::table(const Table& table) {
  if (table.init) {
    out_.u8(kTableWithInit);
    out_.u8(0);
  }
  out_.table_type(table.type);
  if (table.init) out_.raw(table.init->code);
}

void Encoder::element(const ElementSegment& segment) {
  bool active = segment.mode == ElementSegment::Mode::active;
  // Only the explicit form can say these.
  bool must_be_explicit =
      segment.table != 0 || (segment.uses_exprs && segment.type != ValType::funcref());
  bool is_explicit = active && (segment.explicit_table || must_be_explicit);
  uint32_t flags = segment.uses_exprs ? kElementExprs : 0;
  if (!active) flags |= kElementNotActive;
  if (is_explicit || segment.mode == ElementSegment::Mode::declarative) flags |= kElementExplicit;
  out_.u32(flags);
  if (is_explicit) out_.u32(segment.table);
  if (active) out_.raw(segment.offset.code);
  bool has_type = !active || is_explicit;
  if (segment.uses_exprs) {
    if (has_type) out_.val_type(segment.type);
    list(segment.exprs, 0, [&](const ConstExpr& expr) { out_.raw(expr.code); });
  } else {
    if (has_type) out_.u8(0);
    list(segment.functions, 0, [&](uint32_t function) { out_.u32(function); });
  }
}

void Encoder::data(const DataSegment& segment) {
  if (segment.mode == DataSegment::Mode::passive) {
    out_.u32(kDataPassive);
  } else if (segment.explicit_memory || segment.memory != 0) {
    out_.u32(kDataExplicit);
    out_.u32(segment.memory);
    out_.raw(segment.offset.code);
  } else {
    out_.u32(kDataActive);
    out_.raw(segment.offset.code);
  }
  out_.sized(segment.bytes);
}

}  // namespace

std::vector<uint8_t> encode(const Module& module) { return Encoder(module).run(); }

}  // namespace nacre::wasm
