#include <algorithm>

#include "base/utf8.h"
#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/foreign.h"
#include "wasm/limits.h"
#include "wasm/text/customs.h"
#include "wasm/text/parser.h"
#include "wasm/text/parser_impl.h"
#include "wasm/text/strings.h"

namespace nacre::wasm {
namespace text {
namespace {

struct Definition {
  std::string_view keyword;
  Space space;
};
constexpr Definition kImportable[] = {{"func", Space::func},
                                      {"table", Space::table},
                                      {"memory", Space::memory},
                                      {"global", Space::global},
                                      {"tag", Space::tag}};

// The index space that a field of this keyword defines something in.
std::optional<Space> importable_space(std::string_view keyword) {
  for (const Definition& definition : kImportable) {
    if (definition.keyword == keyword) return definition.space;
  }
  return std::nullopt;
}

Result<void> check_utf8(std::string_view source, size_t begin, size_t end) {
  if (is_utf8(source.substr(begin, end - begin))) return {};
  // A line break is never part of a longer sequence, so the bad line can be found by itself.
  while (begin < end) {
    size_t next = std::min(source.find('\n', begin), end - 1) + 1;
    if (!is_utf8(source.substr(begin, next - begin))) break;
    begin = next;
  }
  return fail(ErrorCode::malformed, "malformed UTF-8 encoding in this line", locate(source, begin));
}

Result<void> check_source(std::string_view source, size_t begin, size_t end) {
  if (end - begin > kMaxModuleBytes) {
    return fail(ErrorCode::limit, "the text is longer than the largest module Nacre takes, 1 GiB");
  }
  Bytes bytes = as_bytes(source.substr(begin, end - begin));
  if (looks_binary(bytes)) {
    return fail(ErrorCode::malformed, "this is binary wasm already, not text; print it instead");
  }
  TRY(refuse_foreign(bytes));
  return check_utf8(source, begin, end);
}

}  // namespace

std::string_view space_text(Space space) {
  constexpr std::string_view kTexts[] = {"type",   "func", "table",        "memory",
                                         "global", "tag",  "elem segment", "data segment"};
  return kTexts[static_cast<size_t>(space)];
}

Result<Module> Parser::parse(std::optional<std::string_view> name) {
  bool wrapped = false;
  if (name) {
    if (!name->empty()) names_.module = *name;
  } else {
    TRY(parse_module_header(&wrapped));
  }
  TRY(scan_fields());
  if (wrapped) TRY(cursor_.close());
  if (!cursor_.at(TokenKind::end)) {
    bool is_script =
        wrapped && cursor_.at(TokenKind::left) && cursor_.peek_second().kind == TokenKind::word;
    return cursor_.unexpected(is_script ? "the end of the text (nacre wast runs scripts)"
                                        : "the end of the text");
  }
  TRY(parse_types());
  TRY(parse_fields());
  TRY(check_counts());
  finish();
  return std::move(module_);
}

Result<void> Parser::parse_module_header(bool* wrapped) {
  if (cursor_.at_list("component")) {
    return fail(ErrorCode::unsupported,
                "this is a component, which wraps modules; only modules can be parsed here",
                cursor_.where(cursor_.peek()));
  }
  if (!cursor_.take_list("module")) return {};
  *wrapped = true;
  if (cursor_.at(TokenKind::id)) names_.module = TRY(id_name(cursor_.take()));
  if (cursor_.at(TokenKind::annotation) && cursor_.peek().text == "name") {
    names_.module = *TRY(parse_name_annotation());
    if (cursor_.at(TokenKind::annotation) && cursor_.peek().text == "name") {
      return bad_annotation(cursor_.peek(), "@name annotation: multiple module names");
    }
  }
  if (cursor_.at_word("binary") || cursor_.at_word("quote")) {
    return fail(ErrorCode::unsupported,
                "(module " + std::string(cursor_.peek().text) +
                    " ...) belongs in specification scripts (nacre wast); give the module itself",
                cursor_.where(cursor_.peek()));
  }
  return {};
}

// ---- the first reading: what is there, and which index has which id

Result<void> Parser::scan_fields() {
  while (true) {
    const Token& token = cursor_.peek();
    if (token.kind == TokenKind::left) {
      TRY(scan_field());
    } else if (token.kind == TokenKind::annotation) {
      // Back to the "(@", or the "(@\"" of a quoted one.
      size_t name_offset = cursor_.offset();
      size_t begin = name_offset - (cursor_.source()[name_offset - 1] == '"' ? 3 : 2);
      fields_.push_back({token.text, true, begin});
      cursor_.take();
      TRY(cursor_.skip_list());
    } else if (token.kind == TokenKind::right || token.kind == TokenKind::end) {
      return {};
    } else {
      return cursor_.unexpected("a module field in parentheses");
    }
  }
}

Result<void> Parser::scan_field() {
  size_t begin = cursor_.offset();
  cursor_.take();
  Token keyword = TRY(cursor_.expect(TokenKind::word, "the keyword of a module field"));
  fields_.push_back({keyword.text, false, begin});
  if (std::optional<Space> found = importable_space(keyword.text)) return scan_definition(*found);
  if (keyword.text == "type") {
    TRY(scan_binding(Space::type));
  } else if (keyword.text == "rec") {
    while (cursor_.take_list("type")) {
      TRY(scan_binding(Space::type));
      TRY(cursor_.skip_list());
    }
  } else if (keyword.text == "import") {
    TRY(scan_import());
  } else if (keyword.text == "elem") {
    TRY(scan_binding(Space::elem));
  } else if (keyword.text == "data") {
    TRY(scan_binding(Space::data));
  } else if (keyword.text != "export" && keyword.text != "start") {
    return cursor_.malformed(
        keyword, "unexpected token \"" + printable(keyword.text) + "\": no such module field");
  }
  return cursor_.skip_list();
}

Result<void> Parser::scan_binding(Space which) {
  SpaceState& state = space(which);
  uint32_t index = state.count++;
  if (!cursor_.at(TokenKind::id)) return {};
  Token id = cursor_.take();
  std::string_view name = TRY(id_name(id));
  if (!state.ids.emplace(name, index).second) {
    return cursor_.malformed(
        id, "duplicate " + std::string(space_text(which)) + " " + printable(id.text));
  }
  return {};
}

// A function, table, memory, global or tag to the end of its field. Tables and memories may hold an
// abbreviated segment, which takes an index too.
Result<void> Parser::scan_definition(Space which) {
  TRY(scan_binding(which));
  if (which != Space::table && which != Space::memory) return cursor_.skip_list();
  while (!cursor_.at(TokenKind::right)) {
    if (which == Space::table && cursor_.at_list("elem")) ++space(Space::elem).count;
    if (which == Space::memory && cursor_.at_list("data")) ++space(Space::data).count;
    bool nested = cursor_.at(TokenKind::left) || cursor_.at(TokenKind::annotation);
    if (cursor_.at(TokenKind::end) || cursor_.at(TokenKind::bad)) {
      return cursor_.unexpected("a closing parenthesis");
    }
    cursor_.take();
    if (nested) TRY(cursor_.skip_list());
  }
  return cursor_.close();
}

// Numbers what an import field defines; whether it is well-formed is found out by parse_import().
Result<void> Parser::scan_import() {
  if (cursor_.at(TokenKind::string)) cursor_.take();
  if (cursor_.at(TokenKind::string)) cursor_.take();
  uint32_t untyped_items = 0;
  while (cursor_.at(TokenKind::left) && cursor_.peek_second().kind == TokenKind::word) {
    bool is_item = cursor_.peek_second().text == "item";
    cursor_.take();
    if (is_item) {
      cursor_.take();
      if (cursor_.at(TokenKind::string)) cursor_.take();
      if (!cursor_.at(TokenKind::left)) {
        ++untyped_items;
        TRY(cursor_.skip_list());
        continue;
      }
      cursor_.take();
    }
    std::optional<Space> found = importable_space(cursor_.peek().text);
    if (!found) return cursor_.unexpected("func, table, memory, global or tag");
    cursor_.take();
    if (is_item || untyped_items == 0) {
      TRY(scan_binding(*found));
    } else {
      space(*found).count += untyped_items;
    }
    TRY(cursor_.skip_list());
    if (is_item) TRY(cursor_.skip_list());
  }
  return {};
}

// ---- the second reading

Result<void> Parser::parse_types() {
  field_ids_.resize(space(Space::type).count);
  for (const Field& field : fields_) {
    if (field.is_annotation || (field.keyword != "type" && field.keyword != "rec")) continue;
    cursor_.seek(field.begin);
    TRY(field.keyword == "type" ? parse_type_field() : parse_rec_field());
  }
  for (const RecGroup& group : module_.rec_groups) {
    const SubType* type = group.count == 1 ? &module_.types[group.first] : nullptr;
    if (type == nullptr || type->kind != SubType::Kind::func || !type->is_final || type->super) {
      continue;
    }
    function_types_.emplace(function_type_key(type->func), group.first);
  }
  return {};
}

Result<void> Parser::parse_fields() {
  for (const Field& field : fields_) {
    if (!field.is_annotation && (field.keyword == "type" || field.keyword == "rec")) continue;
    cursor_.seek(field.begin);
    TRY(field.is_annotation ? parse_module_annotation() : parse_field(field));
  }
  return {};
}

Result<void> Parser::parse_field(const Field& field) {
  cursor_.take();
  cursor_.take();
  if (field.keyword == "import") return parse_import();
  if (field.keyword == "func") return parse_func();
  if (field.keyword == "table") return parse_table();
  if (field.keyword == "memory") return parse_memory();
  if (field.keyword == "global") return parse_global();
  if (field.keyword == "tag") return parse_tag();
  if (field.keyword == "export") return parse_export();
  if (field.keyword == "start") return parse_start();
  if (field.keyword == "elem") return parse_elem();
  return parse_data();
}

Result<void> Parser::check_counts() {
  struct Limit {
    size_t count;
    uint64_t limit;
    const char* what;
  };
  const Limit limits[] = {
      {module_.types.size(), kMaxTypes, "types"},
      {module_.rec_groups.size(), kMaxRecGroups, "recursive groups"},
      {module_.imports.size(), kMaxImports, "imports"},
      {module_.functions.size(), kMaxFunctions, "functions"},
      {module_.tables.size(), kMaxTables, "tables"},
      {module_.memories.size(), kMaxMemories, "memories"},
      {module_.globals.size(), kMaxGlobals, "globals"},
      {module_.tags.size(), kMaxTags, "tags"},
      {module_.exports.size(), kMaxExports, "exports"},
      {module_.elements.size(), kMaxElementSegments, "element segments"},
      {module_.data.size(), kMaxDataSegments, "data segments"},
  };
  for (const Limit& item : limits) {
    if (item.count <= item.limit) continue;
    return fail(ErrorCode::limit, "the module has " + std::to_string(item.count) + " " + item.what +
                                      "; Nacre takes at most " + std::to_string(item.limit));
  }
  return {};
}

// ---- what follows from all fields together

void Parser::finish() {
  if (needs_data_count_) module_.data_count = static_cast<uint32_t>(module_.data.size());
  auto has_custom = [&](std::string_view name) {
    return std::ranges::any_of(module_.customs,
                               [&](const CustomSection& custom) { return custom.name == name; });
  };
  if (!branch_hints_.empty() && !has_custom(kBranchHintSection)) {
    module_.customs.push_back({.name = storage_.keep(kBranchHintSection),
                               .payload = storage_.keep(encode_branch_hints(branch_hints_)),
                               .after = kPlaceOfBranchHints});
  }
  if (!names_.empty() && !has_custom(kNameSection)) {
    auto place = std::ranges::find_if(module_.customs, [](const CustomSection& custom) {
      return custom.after == kLastSection && stands_behind_names(custom.name);
    });
    module_.customs.insert(place, {.name = storage_.keep(kNameSection),
                                   .payload = storage_.keep(encode_names(names_)),
                                   .after = kLastSection});
  }
}

namespace {

// A module in strings: "(module id? binary "..."*)" or the same with quote.
struct Wrapped {
  bool is_binary = false;
  std::string content;
};

Result<std::optional<Wrapped>> unwrap(std::string_view source) {
  Cursor cursor(source, 0, source.size(), Annotations::none);
  if (!cursor.take_list("module")) return std::nullopt;
  if (cursor.at(TokenKind::id)) cursor.take();
  Wrapped wrapped{.is_binary = cursor.at_word("binary"), .content = {}};
  if (!wrapped.is_binary && !cursor.at_word("quote")) return std::nullopt;
  cursor.take();
  while (cursor.at(TokenKind::string)) append_string(wrapped.content, cursor.take());
  TRY(cursor.close());
  if (!cursor.at(TokenKind::end)) {
    return cursor.unexpected("the end of the text (nacre wast runs scripts)");
  }
  return wrapped;
}

std::vector<uint8_t> bytes_of(std::string_view content) {
  Bytes bytes = as_bytes(content);
  return {bytes.begin(), bytes.end()};
}

}  // namespace
}  // namespace text

using text::bytes_of;

Result<Module> parse_module(std::string_view source, size_t begin, size_t end, Features features) {
  TRY(text::check_source(source, begin, end));
  return text::Parser(source, begin, end, features).parse();
}

Result<Module> parse_module_fields(std::string_view source, size_t begin, size_t end,
                                   Features features, std::string_view name) {
  TRY(text::check_source(source, begin, end));
  return text::Parser(source, begin, end, features).parse(name);
}

Result<Module> parse_module(std::string_view source, Features features) {
  return parse_module(source, 0, source.size(), features);
}

Result<std::optional<std::vector<uint8_t>>> unwrap_binary(std::string_view source) {
  std::optional<text::Wrapped> wrapped = TRY(text::unwrap(source));
  if (!wrapped || !wrapped->is_binary) return std::nullopt;
  return bytes_of(wrapped->content);
}

Result<std::vector<uint8_t>> text_to_binary(std::string_view source, Features features) {
  TRY(text::check_source(source, 0, source.size()));
  std::optional<text::Wrapped> wrapped = TRY(text::unwrap(source));
  if (!wrapped) return encode(TRY(text::Parser(source, 0, source.size(), features).parse()));
  if (wrapped->is_binary) {
    std::vector<uint8_t> bytes = bytes_of(wrapped->content);
    TRY(decode(Bytes(bytes), nullptr, features));
    return bytes;
  }
  Result<Module> module = parse_module(wrapped->content, features);
  if (module) return encode(*module);
  return std::unexpected(std::move(module).error().with_context("within (module quote ...)"));
}

}  // namespace nacre::wasm
