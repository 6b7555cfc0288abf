// Module fields other than types (specification 3.0, 6.6).
#include <tuple>

#include "base/utf8.h"
#include "wasm/limits.h"
#include "wasm/text/parser_impl.h"
#include "wasm/text/strings.h"

namespace nacre::wasm::text {
namespace {

std::string_view definition_text(Space space) {
  return space == Space::func ? "function" : space_text(space);
}

}  // namespace

// ---- imports and exports

Result<void> Parser::add_import(Import import) {
  if (!first_definition_.empty()) {
    return cursor_.malformed(cursor_.peek(), "import after " + std::string(first_definition_) +
                                                 ": imports come before all definitions");
  }
  switch (import.type.kind) {
    case ExternKind::func:
      module_.functions.push_back(import.type.func);
      ++module_.imported_functions;
      break;
    case ExternKind::table:
      module_.tables.push_back({.type = import.type.table});
      ++module_.imported_tables;
      break;
    case ExternKind::memory:
      module_.memories.push_back(import.type.memory);
      ++module_.imported_memories;
      break;
    case ExternKind::global:
      module_.globals.push_back({.type = import.type.global, .init = {}});
      ++module_.imported_globals;
      break;
    case ExternKind::tag:
      module_.tags.push_back(import.type.tag);
      ++module_.imported_tags;
      break;
  }
  module_.imports.push_back(import);
  return {};
}

Result<void> Parser::parse_import() {
  std::string_view module_name = TRY(parse_name_string());
  if (!cursor_.at(TokenKind::string)) return parse_import_items(module_name);
  Import import{.module = module_name, .name = TRY(parse_name_string())};
  import.type = TRY(parse_extern_type(true));
  TRY(add_import(import));
  module_.import_groups.push_back({});
  return cursor_.close();
}

// The rest of `(import "m" (item "a" (func)) ...)` or `(import "m" (item "a") ... (func))`.
Result<void> Parser::parse_import_items(std::string_view module_name) {
  if (cursor_.at_list("item")) {
    TRY(need(Feature::compact_import_section, cursor_.peek(), "(item ...)"));
  }
  std::vector<std::string_view> untyped;
  uint32_t typed = 0;
  if (!cursor_.at_list("item")) return cursor_.unexpected("a name or (item ...)");
  while (cursor_.take_list("item")) {
    std::string_view name = TRY(parse_name_string());
    if (cursor_.at(TokenKind::right) && typed == 0) {
      untyped.push_back(name);
    } else if (untyped.empty()) {
      Import import{.module = module_name, .name = name, .type = TRY(parse_extern_type(true))};
      TRY(add_import(import));
      ++typed;
    }
    TRY(cursor_.close());
  }
  if (untyped.empty()) {
    module_.import_groups.push_back({ImportGroup::Form::shared_module, typed});
    return cursor_.close();
  }
  ExternType type = TRY(parse_extern_type(false));
  for (std::string_view name : untyped) {
    TRY(add_import({.module = module_name, .name = name, .type = type}));
  }
  module_.import_groups.push_back(
      {ImportGroup::Form::shared_module_and_type, static_cast<uint32_t>(untyped.size())});
  return cursor_.close();
}

// "(func id? typeuse)" and the like. Without an id it stands for several imports, and takes no
// index itself.
Result<ExternType> Parser::parse_extern_type(bool allow_id) {
  constexpr std::pair<std::string_view, ExternKind> kKinds[] = {{"func", ExternKind::func},
                                                                {"table", ExternKind::table},
                                                                {"memory", ExternKind::memory},
                                                                {"global", ExternKind::global},
                                                                {"tag", ExternKind::tag}};
  constexpr Space kSpaces[] = {Space::func, Space::table, Space::memory, Space::global, Space::tag};
  for (auto [keyword, kind] : kKinds) {
    if (!cursor_.take_list(keyword)) continue;
    ExternType type{.kind = kind};
    uint32_t index = 0;
    if (allow_id) {
      Space which = kSpaces[static_cast<size_t>(kind)];
      index = space(which).next++;
      TRY(parse_space_binding(which, index));
    } else if (cursor_.at(TokenKind::id)) {
      return cursor_.malformed(cursor_.peek(),
                               "identifier not allowed: the type stands for several imports");
    }
    TRY(parse_extern_type_of(type, index));
    TRY(cursor_.close());
    return type;
  }
  return cursor_.unexpected("(func ...), (table ...), (memory ...), (global ...) or (tag ...)");
}

Result<void> Parser::parse_extern_type_of(ExternType& type, uint32_t index) {
  switch (type.kind) {
    case ExternKind::func: {
      ParamIds ids;
      type.func = TRY(parse_type_use(&ids)).index;
      if (!ids.names.empty()) names_.locals.push_back({index, std::move(ids.names)});
      break;
    }
    case ExternKind::table:
      type.table = TRY(parse_table_type());
      break;
    case ExternKind::memory:
      type.memory = TRY(parse_memory_type(TRY(parse_address_type())));
      break;
    case ExternKind::global:
      type.global = TRY(parse_global_type());
      break;
    case ExternKind::tag: {
      TRY(need(Feature::exceptions, cursor_.peek(), "a tag"));
      ParamIds ids;
      type.tag.type = TRY(parse_type_use(&ids)).index;
      break;
    }
  }
  return {};
}

Result<void> Parser::parse_inline_exports(ExternKind kind, uint32_t index) {
  while (cursor_.take_list("export")) {
    module_.exports.push_back({TRY(parse_name_string()), kind, index});
    TRY(cursor_.close());
  }
  return {};
}

Result<bool> Parser::parse_inline_import(Import* import) {
  if (!cursor_.take_list("import")) return false;
  import->module = TRY(parse_name_string());
  import->name = TRY(parse_name_string());
  TRY(cursor_.close());
  return true;
}

// The head that definitions share: id, exports, and an import, which ends the field.
Result<bool> Parser::parse_definition_head(Space which, ExternKind kind, uint32_t* index) {
  *index = space(which).next++;
  TRY(parse_space_binding(which, *index));
  TRY(parse_inline_exports(kind, *index));
  Import import{.type = {.kind = kind}};
  if (!TRY(parse_inline_import(&import))) {
    if (first_definition_.empty()) first_definition_ = definition_text(which);
    return true;
  }
  TRY(parse_extern_type_of(import.type, *index));
  TRY(add_import(import));
  module_.import_groups.push_back({});
  TRY(cursor_.close());
  return false;
}

Result<void> Parser::parse_export() {
  Export item{.name = TRY(parse_name_string())};
  constexpr std::tuple<std::string_view, ExternKind, Space> kKinds[] = {
      {"func", ExternKind::func, Space::func},
      {"table", ExternKind::table, Space::table},
      {"memory", ExternKind::memory, Space::memory},
      {"global", ExternKind::global, Space::global},
      {"tag", ExternKind::tag, Space::tag}};
  for (auto [keyword, kind, which] : kKinds) {
    if (!cursor_.take_list(keyword)) continue;
    item.kind = kind;
    item.index = TRY(parse_index(which));
    module_.exports.push_back(item);
    TRY(cursor_.close());
    return cursor_.close();
  }
  return cursor_.unexpected("(func ...), (table ...), (memory ...), (global ...) or (tag ...)");
}

Result<void> Parser::parse_start() {
  Token token = cursor_.peek();
  uint32_t function = TRY(parse_index(Space::func));
  if (module_.start) return cursor_.malformed(token, "multiple start sections");
  module_.start = function;
  return cursor_.close();
}

// ---- tables, memories, globals, tags

Result<void> Parser::parse_table() {
  uint32_t index = 0;
  if (!TRY(parse_definition_head(Space::table, ExternKind::table, &index))) return {};
  TableType type;
  type.limits.address = TRY(parse_address_type());
  if (at_ref_type()) {
    type.element = TRY(parse_ref_type());
    return parse_inline_elements(index, type);
  }
  type.limits = TRY(parse_limits(type.limits.address));
  type.element = TRY(parse_ref_type());
  Table table{.type = type, .init = std::nullopt};
  if (!cursor_.at(TokenKind::right)) {
    TRY(need(Feature::function_references, cursor_.peek(), "the initial value of a table"));
    table.init = ConstExpr{TRY(parse_expression())};
  }
  module_.tables.push_back(table);
  return cursor_.close();
}

// "(elem ...)" behind the type of a table of just that size.
Result<void> Parser::parse_inline_elements(uint32_t table, TableType type) {
  if (!cursor_.take_list("elem")) return cursor_.unexpected("(elem ...)");
  ElementSegment segment{.table = table, .offset = zero_offset(type.limits.address)};
  if (at_index() || cursor_.at(TokenKind::right)) {
    TRY(parse_function_indices(segment));
    // Indices say (ref func); in a table of another type they are expressions of its type.
    bool is_func =
        !type.element.heap().is_concrete() && type.element.heap().abstract() == HeapType::kFunc;
    if (!is_func) {
      for (uint32_t function : segment.functions) {
        scratch_.clear();
        scratch_.opcode(Op::ref_func);
        scratch_.u32(function);
        scratch_.opcode(Op::end);
        segment.exprs.push_back({storage_.keep(scratch_.bytes())});
      }
      segment.functions.clear();
      segment.uses_exprs = true;
      segment.type = type.element;
    }
  } else {
    segment.type = type.element;
    TRY(parse_elem_exprs(segment));
  }
  segment.explicit_table = table != 0 || (segment.uses_exprs && segment.type != ValType::funcref());
  TRY(cursor_.close());
  type.limits.min = segment.size();
  type.limits.max = segment.size();
  module_.tables.push_back({.type = type, .init = std::nullopt});
  ++space(Space::elem).next;
  module_.elements.push_back(std::move(segment));
  return cursor_.close();
}

Result<void> Parser::parse_memory() {
  uint32_t index = 0;
  if (!TRY(parse_definition_head(Space::memory, ExternKind::memory, &index))) return {};
  MemoryType type;
  type.limits.address = TRY(parse_address_type());
  if (cursor_.at(TokenKind::left)) return parse_inline_data(index, type);
  module_.memories.push_back(TRY(parse_memory_type(type.limits.address)));
  return cursor_.close();
}

// "(pagesize n)? (data ...)" of a memory of just that size.
Result<void> Parser::parse_inline_data(uint32_t memory, MemoryType type) {
  TRY(parse_page_size(type));
  if (!cursor_.take_list("data")) return cursor_.unexpected("(data ...)");
  DataSegment segment{.explicit_memory = memory != 0,
                      .memory = memory,
                      .offset = zero_offset(type.limits.address),
                      .bytes = TRY(parse_data_strings())};
  TRY(cursor_.close());
  uint64_t size = segment.bytes.size();
  uint64_t page = uint64_t{1} << type.page_size_log2;
  type.limits.min = size / page + (size % page != 0);
  type.limits.max = type.limits.min;
  module_.memories.push_back(type);
  ++space(Space::data).next;
  module_.data.push_back(segment);
  return cursor_.close();
}

ConstExpr Parser::zero_offset(AddressType address) {
  scratch_.clear();
  scratch_.opcode(address == AddressType::i64 ? Op::i64_const : Op::i32_const);
  scratch_.s64(0);
  scratch_.opcode(Op::end);
  return {storage_.keep(scratch_.bytes())};
}

Result<void> Parser::parse_global() {
  uint32_t index = 0;
  if (!TRY(parse_definition_head(Space::global, ExternKind::global, &index))) return {};
  Global global{.type = TRY(parse_global_type()), .init = {TRY(parse_expression())}};
  module_.globals.push_back(global);
  return cursor_.close();
}

Result<void> Parser::parse_tag() {
  TRY(need(Feature::exceptions, cursor_.peek(), "a tag"));
  uint32_t index = 0;
  if (!TRY(parse_definition_head(Space::tag, ExternKind::tag, &index))) return {};
  ParamIds ids;
  module_.tags.push_back({TRY(parse_type_use(&ids)).index});
  return cursor_.close();
}

// ---- segments

// "(offset instr*)" or one folded instruction.
Result<ConstExpr> Parser::parse_offset() {
  if (!cursor_.take_list("offset")) return ConstExpr{TRY(parse_folded_expression())};
  ConstExpr offset{TRY(parse_expression())};
  TRY(cursor_.close());
  return offset;
}

Result<ConstExpr> Parser::parse_item() {
  if (!cursor_.take_list("item")) return ConstExpr{TRY(parse_folded_expression())};
  ConstExpr item{TRY(parse_expression())};
  TRY(cursor_.close());
  return item;
}

Result<void> Parser::parse_elem() {
  TRY(parse_space_binding(Space::elem, space(Space::elem).next++));
  ElementSegment segment;
  bool bare_indices = false;
  Token start = cursor_.peek();
  if (cursor_.take_word("declare")) {
    TRY(need(Feature::reference_types, start, "a declarative segment"));
    segment.mode = ElementSegment::Mode::declarative;
  } else if (cursor_.take_list("table")) {
    segment.explicit_table = true;
    segment.table = TRY(parse_index(Space::table));
    TRY(cursor_.close());
    segment.offset = TRY(parse_offset());
  } else if (at_index()) {
    // Version 1.0: a bare table, then always an offset and functions.
    segment.table = TRY(parse_index(Space::table));
    segment.explicit_table = segment.table != 0;
    segment.offset = TRY(parse_offset());
    bare_indices = true;
  } else if (cursor_.at(TokenKind::left) && !at_ref_type()) {
    segment.offset = TRY(parse_offset());
    bare_indices = true;
  } else {
    TRY(need(Feature::bulk_memory, start, "a passive segment"));
    segment.mode = ElementSegment::Mode::passive;
  }
  TRY(parse_elem_list(segment, bare_indices));
  if (segment.uses_exprs && segment.mode == ElementSegment::Mode::active &&
      segment.type != ValType::funcref()) {
    segment.explicit_table = true;  // the short form means funcref
  }
  module_.elements.push_back(std::move(segment));
  return cursor_.close();
}

Result<void> Parser::parse_elem_list(ElementSegment& segment, bool allow_bare_indices) {
  if (cursor_.take_word("func")) return parse_function_indices(segment);
  if (at_ref_type()) {
    segment.type = TRY(parse_ref_type());
    return parse_elem_exprs(segment);
  }
  if (!allow_bare_indices) return cursor_.unexpected("func or a reference type");
  return parse_function_indices(segment);
}

Result<void> Parser::parse_function_indices(ElementSegment& segment) {
  segment.type = ValType::ref(HeapType::kFunc, false);
  while (at_index()) segment.functions.push_back(TRY(parse_index(Space::func)));
  return {};
}

Result<void> Parser::parse_elem_exprs(ElementSegment& segment) {
  segment.uses_exprs = true;
  while (cursor_.at(TokenKind::left)) segment.exprs.push_back(TRY(parse_item()));
  return {};
}

Result<void> Parser::parse_data() {
  TRY(parse_space_binding(Space::data, space(Space::data).next++));
  DataSegment segment{.mode = DataSegment::Mode::passive};
  Token start = cursor_.peek();
  if (cursor_.take_list("memory")) {
    segment.mode = DataSegment::Mode::active;
    segment.explicit_memory = true;
    segment.memory = TRY(parse_index(Space::memory));
    TRY(cursor_.close());
    segment.offset = TRY(parse_offset());
  } else if (cursor_.at(TokenKind::left) || at_index()) {
    segment.mode = DataSegment::Mode::active;
    // Version 1.0: a bare memory.
    segment.memory = TRY(parse_index_or(Space::memory, 0));
    segment.explicit_memory = segment.memory != 0;
    segment.offset = TRY(parse_offset());
  } else {
    TRY(need(Feature::bulk_memory, start, "a passive segment"));
  }
  segment.bytes = TRY(parse_data_strings());
  module_.data.push_back(segment);
  return cursor_.close();
}

Result<Bytes> Parser::parse_data_strings() {
  std::string bytes;
  while (cursor_.at(TokenKind::string)) append_string(bytes, cursor_.take());
  return storage_.keep(as_bytes(bytes));
}

// ---- functions

Result<void> Parser::parse_func() {
  uint32_t index = 0;
  if (!TRY(parse_definition_head(Space::func, ExternKind::func, &index))) return {};
  ParamIds ids{.names = {}, .bind = true};
  TypeIdx type = TRY(parse_type_use(&ids)).index;
  module_.functions.push_back(type);
  code_.clear();
  local_count_ = param_count(type);
  TRY(parse_locals(ids.names));
  if (!ids.names.empty()) names_.locals.push_back({index, std::move(ids.names)});
  in_function_ = true;
  TRY(parse_instructions(false));
  in_function_ = false;
  if (local_ids_.bucket_count() > kRehashBuckets) local_ids_ = {};
  local_ids_.clear();
  code_.opcode(Op::end);
  if (code_.size() > kMaxBodyBytes) {
    return fail(ErrorCode::limit, "the function's code is longer than Nacre takes",
                cursor_.where(cursor_.peek()));
  }
  module_.bodies.push_back(storage_.keep(code_.bytes()));
  if (!label_names_.empty()) names_.labels.push_back({index, std::exchange(label_names_, {})});
  if (!hints_.empty()) branch_hints_.push_back({index, std::exchange(hints_, {})});
  return cursor_.close();
}

Result<void> Parser::bind_local(const Token& id, uint32_t index) {
  if (local_ids_.emplace(TRY(id_name(id)), index).second) return {};
  return cursor_.malformed(id, "duplicate local " + printable(id.text));
}

// "(local ...)*", written as runs of equal types.
Result<void> Parser::parse_locals(NameMap& names) {
  std::vector<std::pair<uint32_t, ValType>> runs;
  uint64_t total = 0;
  auto add = [&](ValType type) {
    ++total;
    if (!runs.empty() && runs.back().second == type) {
      ++runs.back().first;
    } else {
      runs.emplace_back(1, type);
    }
  };
  while (cursor_.take_list("local")) {
    Token id = cursor_.peek();
    uint32_t index = local_count_ + static_cast<uint32_t>(total);
    bool one = id.kind == TokenKind::id || id.kind == TokenKind::annotation;
    if (id.kind == TokenKind::id) TRY(bind_local(id, index));
    std::optional<std::string_view> name = TRY(parse_binding());
    if (name) names.push_back({index, *name});
    if (one) add(TRY(parse_val_type()));
    while (!one && !cursor_.at(TokenKind::right)) add(TRY(parse_val_type()));
    TRY(cursor_.close());
    if (total + local_count_ > kMaxLocals) {
      return fail(ErrorCode::limit, "too many locals; Nacre takes at most 50000",
                  cursor_.where(id));
    }
  }
  code_.u64(runs.size());
  for (auto [count, type] : runs) {
    code_.u32(count);
    code_.val_type(type);
  }
  return {};
}

}  // namespace nacre::wasm::text
