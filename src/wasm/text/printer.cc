#include "wasm/text/printer.h"

#include <algorithm>

#include "wasm/text/customs.h"
#include "wasm/text/print_context.h"
#include "wasm/text/strings.h"

namespace nacre::wasm {
namespace text {
namespace {

class ModulePrinter {
 public:
  ModulePrinter(const Module& module, Features features)
      : module_(module),
        context_{.module = module, .features = features},
        out_(context_.out),
        customs_(place_customs(module)) {
    // A module that was parsed has no bytes; its text was there already.
    if (!module.bytes.empty()) {
      context_.max_text =
          std::min(kMaxModuleBytes, kTextForAll + kMaxTextPerByte * uint64_t{module.bytes.size()});
      context_.id_bytes_left = context_.max_text / 4;
    }
    read_names();
    read_hints();
  }

  Result<std::string> print() {
    size_t names = count_names(context_.names);
    size_t hints = count_hints();
    uint64_t id_bytes = context_.id_bytes_left;
    TRY(module());
    // Where something named does not exist, the text cannot say it: the section does.
    bool lost_names = context_.names_from_ids && context_.names_written != names;
    bool lost_hints = context_.hints_from_annotations && context_.hints_written != hints;
    if (lost_names || lost_hints) {
      context_.names_from_ids &= !lost_names;
      context_.hints_from_annotations &= !lost_hints;
      context_.names_written = 0;
      context_.hints_written = 0;
      context_.id_bytes_left = id_bytes;
      out_.clear();
      TRY(module());
    }
    return std::move(out_);
  }

  Result<FunctionText> function(uint32_t index);

 private:
  void read_names();
  void forbid_ids_of_shared_types();
  void read_hints();
  bool names_stand_in_place(const CustomSection* names) const;
  size_t count_hints() const;

  Result<void> module();
  void types();
  void type(uint32_t index, std::string_view indent);
  void composite_type(const SubType& type, uint32_t index);
  void imports();
  void extern_type(const ExternType& type, const uint32_t* index);
  void limits(const Limits& limits);
  void table_type(const TableType& type);
  void memory_type(const MemoryType& type);
  void global_type(const GlobalType& type);
  Result<void> tables();
  Result<void> globals();
  void memories();
  void tags();
  void exports();
  Result<void> elements();
  Result<void> functions();
  Result<void> data();
  void customs();
  Result<void> check_size() const;

  IdSpace& space_of(ExternKind kind);
  IdSpace locals_of(uint32_t function) const {
    const NameMap* names = find_names(context_.names.locals, function);
    return names == nullptr ? IdSpace() : IdSpace(*names);
  }
  void begin_function(uint32_t function, const IdSpace& locals) {
    begin_field("func", context_.functions, function);
    context_.type_use(module_.functions[function], &locals);
  }
  // A field on a line of its own: "(keyword $id (;7;)".
  void begin_field(std::string_view keyword, const IdSpace& space, uint32_t index) {
    out_ += "\n  (";
    out_ += keyword;
    context_.define(space, index);
  }
  Result<void> offset(const ConstExpr& expr) {
    out_ += " (offset";
    TRY(print_const_expr(context_, expr));
    out_ += ')';
    return {};
  }

  const Module& module_;
  PrintContext context_;
  std::string& out_;
  std::vector<PlacedCustom> customs_;             // in the order of the binary
  const CustomSection* names_section_ = nullptr;  // given back by ids
  const CustomSection* hints_section_ = nullptr;  // given back by annotations
};

// ---- names, hints and their sections

// Whether the parser would put the name section just there.
bool ModulePrinter::names_stand_in_place(const CustomSection* names) const {
  bool seen = false;
  for (const PlacedCustom& custom : customs_) {
    if (custom.section == names) {
      if (!custom.is_last) return false;
      seen = true;
    } else if (custom.is_last && stands_behind_names(custom.section->name)) {
      return seen;
    } else if (seen) {
      return false;
    }
  }
  return seen;
}

void ModulePrinter::read_names() {
  context_.names = module_names(module_);
  NameSection& names = context_.names;
  const CustomSection* only = find_only(customs_, kNameSection);
  if (only != nullptr && !names.empty() && names_stand_in_place(only)) {
    std::vector<uint8_t> again = encode_names(names);
    bool has_empty_maps = false;
    for (const IndirectNameMap* map : {&names.locals, &names.labels, &names.fields}) {
      for (const IndirectNameAssoc& item : *map) has_empty_maps |= item.names.empty();
    }
    if (!has_empty_maps && std::ranges::equal(again, only->payload)) {
      names_section_ = only;
      context_.names_from_ids = true;
    }
  }
  context_.types = IdSpace(names.types);
  context_.functions = IdSpace(names.functions);
  context_.tables = IdSpace(names.tables);
  context_.memories = IdSpace(names.memories);
  context_.globals = IdSpace(names.globals);
  context_.tags = IdSpace(names.tags);
  context_.elements = IdSpace(names.elements);
  context_.data = IdSpace(names.data);
  forbid_ids_of_shared_types();
}

// Several imports that one type stands for cannot have ids.
void ModulePrinter::forbid_ids_of_shared_types() {
  uint32_t next[5] = {};  // by kind
  size_t position = 0;
  for (const ImportGroup& group : module_.import_groups) {
    size_t end = std::min(module_.imports.size(), position + group.count);
    for (; position < end; ++position) {
      ExternKind kind = module_.imports[position].type.kind;
      uint32_t index = next[static_cast<size_t>(kind)]++;
      if (group.form != ImportGroup::Form::shared_module_and_type) continue;
      space_of(kind).forbid(index);
    }
  }
}

void ModulePrinter::read_hints() {
  const CustomSection* only = find_only(customs_, kBranchHintSection);
  if (only == nullptr) return;
  Result<BranchHints> hints = decode_branch_hints(only->payload, 0);
  if (!hints || hints->empty()) return;
  // The parser writes the section right in front of the code section.
  bool in_place = false;
  for (const PlacedCustom& custom : customs_) {
    if (custom.is_before_code) in_place = custom.section == only;
  }
  if (!in_place || !std::ranges::equal(encode_branch_hints(*hints), only->payload)) return;
  context_.hints = *std::move(hints);
  context_.hints_from_annotations = true;
  hints_section_ = only;
}

size_t ModulePrinter::count_hints() const {
  size_t count = 0;
  for (const FunctionBranchHints& function : context_.hints) {
    // A function without hints would vanish: one that is never written keeps the section.
    count += function.hints.empty() ? 1 : function.hints.size();
  }
  return count;
}

void ModulePrinter::customs() {
  for (const PlacedCustom& custom : customs_) {
    if (custom.section == names_section_ && context_.names_from_ids) continue;
    if (custom.section == hints_section_ && context_.hints_from_annotations) continue;
    out_ += "\n  (@custom ";
    append_quoted_text(out_, custom.section->name);
    if (!custom.is_last) {
      out_ += custom.after == SectionId::custom ? " (before " : " (after ";
      out_ += section_keyword(custom.after);
      out_ += ')';
    }
    out_ += ' ';
    append_quoted_bytes(out_, custom.section->payload);
    out_ += ')';
  }
}

// ---- the module

Result<void> ModulePrinter::module() {
  out_ += "(module";
  if (const auto& name = context_.names.module) {
    IdSpace self(NameMap{{0, *name}});
    context_.names_written += self.append_definition(out_, 0, context_.names_from_ids);
  }
  types();
  imports();
  TRY(tables());
  memories();
  tags();
  TRY(globals());
  exports();
  if (module_.start) {
    out_ += "\n  (start";
    context_.refer(context_.functions, *module_.start);
    out_ += ')';
  }
  TRY(elements());
  TRY(functions());
  TRY(data());
  if (module_.data_count && !context_.uses_data_count) out_ += "\n  (@nacre.data_count)";
  customs();
  out_ += "\n)\n";
  return check_size();
}

Result<void> ModulePrinter::check_size() const {
  if (!context_.is_too_long()) return {};
  return context_.too_long("");
}

IdSpace& ModulePrinter::space_of(ExternKind kind) {
  switch (kind) {
    case ExternKind::func:
      return context_.functions;
    case ExternKind::table:
      return context_.tables;
    case ExternKind::memory:
      return context_.memories;
    case ExternKind::global:
      return context_.globals;
    case ExternKind::tag:
      break;
  }
  return context_.tags;
}

// ---- types

void ModulePrinter::types() {
  for (const RecGroup& group : module_.rec_groups) {
    bool is_group = group.explicit_rec || group.count != 1;
    if (is_group) out_ += "\n  (rec";
    for (uint32_t i = 0; i < group.count; ++i) {
      type(group.first + i, is_group ? "\n    " : "\n  ");
    }
    if (is_group) out_ += group.count == 0 ? ")" : "\n  )";
    if (context_.is_too_long()) return;
  }
}

void ModulePrinter::type(uint32_t index, std::string_view indent) {
  const SubType& type = module_.types[index];
  out_ += indent;
  out_ += "(type";
  context_.define(context_.types, index);
  bool is_sub = !type.is_final || type.super;
  if (is_sub) out_ += type.is_final ? " (sub final" : " (sub";
  if (type.super) context_.refer(context_.types, index_of(*type.super));
  composite_type(type, index);
  out_ += is_sub ? "))" : ")";
}

void ModulePrinter::composite_type(const SubType& type, uint32_t index) {
  switch (type.kind) {
    case SubType::Kind::func:
      out_ += " (func";
      context_.signature(type.func, nullptr);
      break;
    case SubType::Kind::array:
      out_ += " (array";
      for (const FieldType& element : type.fields) context_.field_type(element);
      break;
    case SubType::Kind::structure: {
      const NameMap* names = find_names(context_.names.fields, index);
      IdSpace ids = names == nullptr ? IdSpace() : IdSpace(*names);
      out_ += " (struct";
      for (uint32_t i = 0; i < type.fields.size(); ++i) {
        out_ += " (field";
        context_.names_written += ids.append_definition(out_, i, context_.names_from_ids);
        context_.field_type(type.fields[i]);
        out_ += ')';
      }
      break;
    }
  }
  out_ += ')';
}

void ModulePrinter::limits(const Limits& limits) {
  if (limits.address == AddressType::i64) out_ += " i64";
  out_ += ' ';
  out_ += std::to_string(limits.min);
  if (!limits.max) return;
  out_ += ' ';
  out_ += std::to_string(*limits.max);
}

void ModulePrinter::table_type(const TableType& type) {
  limits(type.limits);
  context_.val_type(type.element);
}

void ModulePrinter::memory_type(const MemoryType& type) {
  constexpr uint8_t kDefaultPageSizeLog2 = 16;
  limits(type.limits);
  if (type.shared) out_ += " shared";
  if (type.page_size_log2 == kDefaultPageSizeLog2) return;
  out_ += " (pagesize ";
  out_ += std::to_string(uint64_t{1} << (type.page_size_log2 & 63));
  out_ += ')';
}

void ModulePrinter::global_type(const GlobalType& type) {
  context_.field_type({type.type, type.is_mutable});
}

// ---- imports

// Without an index the type stands for several imports.
void ModulePrinter::extern_type(const ExternType& type, const uint32_t* index) {
  out_ += " (";
  out_ += extern_kind_text(type.kind);
  if (index != nullptr) context_.define(space_of(type.kind), *index);
  switch (type.kind) {
    case ExternKind::func: {
      IdSpace locals = index != nullptr ? locals_of(*index) : IdSpace();
      context_.type_use(type.func, &locals);
      break;
    }
    case ExternKind::table:
      table_type(type.table);
      break;
    case ExternKind::memory:
      memory_type(type.memory);
      break;
    case ExternKind::global:
      global_type(type.global);
      break;
    case ExternKind::tag:
      context_.type_use(type.tag.type, nullptr);
      break;
  }
  out_ += ')';
}

void ModulePrinter::imports() {
  uint32_t next[5] = {};  // by kind
  size_t position = 0;
  for (const ImportGroup& group : module_.import_groups) {
    size_t end = std::min(module_.imports.size(), position + group.count);
    if (position == end) continue;
    out_ += "\n  (import ";
    append_quoted_text(out_, module_.imports[position].module);
    for (; position < end; ++position) {
      const Import& import = module_.imports[position];
      uint32_t index = next[static_cast<size_t>(import.type.kind)]++;
      if (group.form == ImportGroup::Form::single) {
        out_ += ' ';
        append_quoted_text(out_, import.name);
        extern_type(import.type, &index);
        continue;
      }
      out_ += group.form == ImportGroup::Form::shared_module ? "\n    (item " : " (item ";
      append_quoted_text(out_, import.name);
      if (group.form == ImportGroup::Form::shared_module) extern_type(import.type, &index);
      out_ += ')';
    }
    if (group.form == ImportGroup::Form::shared_module_and_type) {
      extern_type(module_.imports[end - 1].type, nullptr);
    }
    out_ += ')';
    if (context_.is_too_long()) return;
  }
}

// ---- definitions

Result<void> ModulePrinter::tables() {
  for (uint32_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    begin_field("table", context_.tables, i);
    table_type(module_.tables[i].type);
    if (module_.tables[i].init) TRY(print_const_expr(context_, *module_.tables[i].init));
    out_ += ')';
  }
  return {};
}

void ModulePrinter::memories() {
  for (uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
    begin_field("memory", context_.memories, i);
    memory_type(module_.memories[i]);
    out_ += ')';
  }
}

void ModulePrinter::tags() {
  for (uint32_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
    begin_field("tag", context_.tags, i);
    context_.type_use(module_.tags[i].type, nullptr);
    out_ += ')';
    if (context_.is_too_long()) return;
  }
}

Result<void> ModulePrinter::globals() {
  for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
    begin_field("global", context_.globals, i);
    global_type(module_.globals[i].type);
    TRY(print_const_expr(context_, module_.globals[i].init));
    out_ += ')';
  }
  return {};
}

void ModulePrinter::exports() {
  for (const Export& item : module_.exports) {
    out_ += "\n  (export ";
    append_quoted_text(out_, item.name);
    out_ += " (";
    out_ += extern_kind_text(item.kind);
    context_.refer(space_of(item.kind), item.index);
    out_ += "))";
  }
}

Result<void> ModulePrinter::elements() {
  for (uint32_t i = 0; i < module_.elements.size(); ++i) {
    const ElementSegment& segment = module_.elements[i];
    begin_field("elem", context_.elements, i);
    if (segment.mode == ElementSegment::Mode::declarative) out_ += " declare";
    if (segment.mode == ElementSegment::Mode::active) {
      if (segment.explicit_table || segment.table != 0) {
        out_ += " (table";
        context_.refer(context_.tables, segment.table);
        out_ += ')';
      }
      TRY(offset(segment.offset));
    }
    if (segment.uses_exprs) {
      context_.val_type(segment.type);
      for (const ConstExpr& expr : segment.exprs) {
        out_ += " (item";
        TRY(print_const_expr(context_, expr));
        out_ += ')';
      }
    } else {
      out_ += " func";
      for (uint32_t function : segment.functions) context_.refer(context_.functions, function);
    }
    out_ += ')';
  }
  return {};
}

Result<void> ModulePrinter::functions() {
  for (uint32_t i = 0; i < module_.defined_functions(); ++i) {
    uint32_t function = module_.imported_functions + i;
    IdSpace locals = locals_of(function);
    begin_function(function, locals);
    Result<void> body = print_body(context_, function, locals);
    if (!body) {
      return std::unexpected(
          std::move(body).error().with_context("function " + std::to_string(function)));
    }
    out_ += "\n  )";
    TRY(check_size());
  }
  return {};
}

Result<FunctionText> ModulePrinter::function(uint32_t index) {
  context_.hints_from_annotations = false;  // they would stand on lines of their own
  IdSpace locals = locals_of(index);
  begin_function(index, locals);
  FunctionText result;
  result.head = out_.substr(out_.find('('));
  out_.clear();
  std::vector<InstructionStart> starts;
  TRY(print_body(context_, index, locals, &starts));
  TRY(check_size());
  // Lines begin with their line feed, and code is indented by four.
  constexpr size_t kBeforeCode = 5;
  std::string_view text = out_;
  std::string_view locals_line = text.substr(0, starts.empty() ? text.size() : starts[0].text);
  if (!locals_line.empty()) result.locals = locals_line.substr(kBeforeCode);
  for (size_t i = 0; i < starts.size(); ++i) {
    size_t end = i + 1 < starts.size() ? starts[i + 1].text : text.size();
    std::string_view line = text.substr(starts[i].text, end - starts[i].text);
    // Of the last `end`, a module's text has nothing.
    result.instructions.push_back(
        {starts[i].body_offset, std::string(line.empty() ? "end" : line.substr(kBeforeCode))});
  }
  return result;
}

Result<void> ModulePrinter::data() {
  for (uint32_t i = 0; i < module_.data.size(); ++i) {
    const DataSegment& segment = module_.data[i];
    begin_field("data", context_.data, i);
    if (segment.mode == DataSegment::Mode::active) {
      if (segment.explicit_memory || segment.memory != 0) {
        out_ += " (memory";
        context_.refer(context_.memories, segment.memory);
        out_ += ')';
      }
      TRY(offset(segment.offset));
    }
    out_ += ' ';
    append_quoted_bytes(out_, segment.bytes);
    out_ += ')';
    TRY(check_size());
  }
  return {};
}

}  // namespace
}  // namespace text

Result<std::string> print_module(const Module& module, Features features) {
  return text::ModulePrinter(module, features).print();
}

Result<FunctionText> print_function(const Module& module, Features features, uint32_t function) {
  return text::ModulePrinter(module, features).function(function);
}

}  // namespace nacre::wasm
