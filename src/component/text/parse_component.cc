// The fields of components.
#include <algorithm>

#include "base/utf8.h"
#include "component/limits.h"
#include "component/text/name_section.h"
#include "component/text/parser.h"
#include "component/text/parser_impl.h"
#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/text/parser.h"
#include "wasm/text/strings.h"

namespace nacre::component {
namespace text {

// ---- the component

Result<Component> Parser::parse(bool is_wrapped) {
  Scope root{.id = {}, .out = &component_.definitions};
  if (is_wrapped && !cursor_.take_list("component")) return cursor_.unexpected("(component ...)");
  root.id = TRY(take_id());
  TRY(fields(root));
  if (is_wrapped) TRY(cursor_.close());
  if (!cursor_.at(TokenKind::end)) {
    return cursor_.unexpected("the end of the text (nacre wast runs scripts)");
  }
  component_.size_bytes = cursor_.source().size();
  return std::move(component_);
}

// Up to the ")" of the component.
Result<void> Parser::fields(Scope& inner) {
  if (depth_ >= kMaxNesting) {
    return fail(ErrorCode::limit, "components are nested too deeply",
                cursor_.where(cursor_.peek()));
  }
  Nested nested(&depth_);
  Scope* outer = scope_;
  size_t outer_start = start_;
  scope_ = &inner;
  Result<void> read;
  while (read && (cursor_.at(TokenKind::left) || at_annotation("custom"))) {
    start_ = cursor_.offset();
    read = cursor_.at(TokenKind::left) ? field() : custom_field();
    if (read) read = check_count();
  }
  if (read) add_names(inner);
  scope_ = outer;
  start_ = outer_start;
  return read;
}

Result<void> Parser::field() {
  if (cursor_.at_list("type")) return type_field();
  if (cursor_.at_list("import")) return import_field();
  if (cursor_.at_list("export")) return export_field();
  if (cursor_.at_list("alias")) return alias_field();
  if (cursor_.at_list("func")) return func_field();
  if (cursor_.at_list("instance")) return instance_field();
  if (cursor_.at_list("component")) return component_field();
  if (cursor_.at_list("canon")) return canon_field();
  if (cursor_.at_list("start") || cursor_.at_list("value")) {
    return fail(ErrorCode::unsupported,
                "values and start functions of components are not supported",
                cursor_.where(cursor_.peek()));
  }
  if (cursor_.take_list("core")) return core_field();
  return cursor_.unexpected("the field of a component");
}

// Behind "(core".
Result<void> Parser::core_field() {
  if (cursor_.at_word("type") || cursor_.at_word("rec")) return core_type_field();
  if (cursor_.take_word("module")) return core_module_field();
  if (cursor_.take_word("instance")) return core_instance_field();
  constexpr Sort kItems[] = {Sort::core_func, Sort::core_table, Sort::core_memory,
                             Sort::core_global, Sort::core_tag};
  for (Sort sort : kItems) {
    if (cursor_.take_word(sort_text(sort).substr(5))) return core_item_field(sort);
  }
  return cursor_.unexpected("the field of a component");
}

// The ids, as names of what they stand for, unless the section is written out.
void Parser::add_names(Scope& scope) {
  bool is_written = std::ranges::any_of(*scope.out, [](const Definition& definition) {
    const auto* custom = std::get_if<CustomSection>(&definition.content);
    return custom != nullptr && custom->name == kComponentNameSection;
  });
  if (is_written) return;
  ComponentNames names;
  // A nested component's id is that of its definition.
  if (scope.parent == nullptr && !scope.id.empty()) names.component = id_name(scope.id);
  for (size_t i = 0; i < kSortCount; ++i) {
    names.items[i] = std::move(scope.names[i]);
    std::ranges::sort(names.items[i], {}, &wasm::NameAssoc::index);
  }
  if (names.empty()) return;
  Bytes payload = storage_.keep(encode_component_names(names));
  scope.out->push_back({CustomSection{kComponentNameSection, payload}, start_});
}

// "(@custom "name" "..."*)"
Result<void> Parser::custom_field() {
  cursor_.take();
  CustomSection custom{.name = TRY(string()), .payload = {}};
  std::string payload;
  while (cursor_.at(TokenKind::string)) wasm::text::append_string(payload, cursor_.take());
  TRY(cursor_.close());
  custom.payload = storage_.keep(as_bytes(payload));
  scope().out->push_back({custom, start_});
  return {};
}

// ---- what definitions begin with

// Whether "(export "a")" or "(import "a")" is here: a name and nothing else.
Result<bool> Parser::at_inline(std::string_view word) {
  if (!cursor_.at_list(word)) return false;
  size_t begin = cursor_.offset();
  cursor_.take();
  cursor_.take();
  bool found = false;
  if (cursor_.at(TokenKind::string)) {
    TRY(attributed_name());
    found = cursor_.at(TokenKind::right);
  }
  cursor_.seek(begin);
  return found;
}

Result<AttributedName> Parser::attributed_name() {
  AttributedName result{.name = TRY(string()), .implements = {}, .external_id = {}};
  if (cursor_.take_list("implements")) {
    result.implements = TRY(string());
    TRY(cursor_.close());
  }
  if (cursor_.take_list("external-id")) {
    result.external_id = TRY(string());
    TRY(cursor_.close());
  }
  return result;
}

Result<Parser::Head> Parser::head() {
  Head head;
  head.id = TRY(take_id(&head.annotated));
  while (TRY(at_inline("export"))) {
    cursor_.take();
    cursor_.take();
    head.exports.push_back(TRY(attributed_name()));
    TRY(cursor_.close());
  }
  if (TRY(at_inline("import"))) {
    cursor_.take();
    cursor_.take();
    head.import = TRY(attributed_name());
    TRY(cursor_.close());
  }
  return head;
}

Result<uint32_t> Parser::define(Definition::Content content, Sort sort, const Head& head) {
  uint32_t index = add(std::move(content), sort);
  TRY(bind(sort, head.id, index));
  TRY(define_exports(head, sort, index));
  return index;
}

Result<void> Parser::define_exports(const Head& head, Sort sort, uint32_t index) {
  for (const AttributedName& name : head.exports) {
    add(Export{name, {sort, index}, std::nullopt}, sort);
  }
  return {};
}

// The rest of a definition that is an import: its type.
Result<void> Parser::define_import(const Head& head, Sort sort) {
  ExternDesc desc = TRY(extern_desc_of(sort));
  TRY(cursor_.close());
  TRY(define(Import{*head.import, desc}, sort, head));
  return {};
}

// ---- core modules and instances

Result<void> Parser::core_module_field() {
  Head head = TRY(this->head());
  if (head.import) return define_import(head, Sort::core_module);
  std::string_view name = head.id.empty() ? std::string_view{} : id_name(head.id);
  if (head.annotated) name = *head.annotated;
  Bytes bytes = TRY(core_module_bytes(name));
  TRY(define(CoreModule{bytes, 0}, Sort::core_module, head));
  return {};
}

// From behind the head to behind the ")".
Result<Bytes> Parser::core_module_bytes(std::string_view name) {
  if (cursor_.take_word("binary")) {
    std::string content;
    while (cursor_.at(TokenKind::string)) wasm::text::append_string(content, cursor_.take());
    TRY(cursor_.close());
    return storage_.keep(as_bytes(content));
  }
  size_t begin = cursor_.offset();
  // The token of an annotation is its name, behind "(@" or the "(@\"" of a quoted one.
  if (cursor_.at(TokenKind::annotation)) begin -= cursor_.source()[begin - 1] == '"' ? 3 : 2;
  TRY(cursor_.skip_list());
  size_t end = cursor_.taken_end() - 1;
  wasm::Module module = TRY(wasm::parse_module_fields(cursor_.source(), begin, end, core_, name));
  return storage_.keep(wasm::encode(module));
}

Result<void> Parser::core_instance_field() {
  Head head = TRY(this->head());
  CoreInstance instance;
  TRY(core_instance_body(instance));
  TRY(cursor_.close());
  TRY(define(std::move(instance), Sort::core_instance, head));
  return {};
}

// "(instantiate $m (with "a" (instance $i))*)", or "(export "a" (func $f))*".
Result<void> Parser::core_instance_body(CoreInstance& instance) {
  if (cursor_.take_list("instantiate")) {
    instance.module = TRY(index_or_list(Sort::core_module));
    while (cursor_.take_list("with")) {
      std::string_view name = TRY(string());
      instance.arguments.push_back({name, TRY(core_argument())});
      TRY(cursor_.close());
    }
    return cursor_.close();
  }
  while (cursor_.take_list("export")) {
    CoreInstance::Export item;
    item.name = TRY(string());
    TRY(cursor_.expect(TokenKind::left, "an item in parentheses"));
    Token word = TRY(cursor_.expect(TokenKind::word, "a sort of core items"));
    bool is_known = false;
    for (size_t i = 0; i <= static_cast<size_t>(Sort::core_instance); ++i) {
      auto sort = static_cast<Sort>(i);
      if (sort_text(sort).substr(5) != word.text) continue;
      item.item = {sort, TRY(this->item(sort))};
      is_known = true;
      break;
    }
    if (!is_known) return cursor_.malformed(word, "expected a sort of core items");
    TRY(cursor_.close());
    TRY(cursor_.close());
    instance.exports.push_back(item);
  }
  return {};
}

// "(instance $i)", or an instance that is made of exports on the spot.
Result<uint32_t> Parser::core_argument() {
  if (!cursor_.take_list("instance")) return cursor_.unexpected("(instance ...)");
  uint32_t index = 0;
  if (at_index()) {
    index = TRY(this->index(Sort::core_instance));
  } else {
    CoreInstance instance;
    TRY(core_instance_body(instance));
    index = add(std::move(instance), Sort::core_instance);
  }
  TRY(cursor_.close());
  return index;
}

// "(core func id? (canon ...))" or "(core memory id? (alias core export $i "m"))".
Result<void> Parser::core_item_field(Sort sort) {
  Head head;
  head.id = TRY(take_id());
  if (cursor_.at_list("alias")) return inline_alias(sort, head);
  if (sort != Sort::core_func || !cursor_.at_list("canon")) {
    return cursor_.unexpected(sort == Sort::core_func ? "(canon ...) or (alias ...)"
                                                      : "(alias ...)");
  }
  cursor_.take();
  Canon content = TRY(canon());
  TRY(cursor_.close());
  TRY(cursor_.close());
  if (content.kind == CanonKind::lift) {
    return fail(ErrorCode::malformed, "a lifted function is not a core function",
                wasm::text::locate(cursor_.source(), start_));
  }
  TRY(define(std::move(content), sort, head));
  return {};
}

// ---- components, instances, functions

Result<void> Parser::component_field() {
  cursor_.take();
  cursor_.take();
  Head head = TRY(this->head());
  if (head.import) return define_import(head, Sort::component);
  if (cursor_.at_list("alias")) {
    // Its first field may be an alias as well; only that of a component defines this one.
    size_t begin = cursor_.offset();
    cursor_.take();
    Result<Alias> alias = alias_target();
    bool is_whole =
        alias && cursor_.at(TokenKind::right) && cursor_.peek_second().kind == TokenKind::right;
    cursor_.seek(begin);
    if (is_whole) return inline_alias(Sort::component, head);
  }
  NestedComponent component;
  Scope inner{.parent = scope_, .id = head.id, .out = &component.definitions};
  TRY(fields(inner));
  TRY(cursor_.close());
  TRY(define(std::move(component), Sort::component, head));
  return {};
}

Result<void> Parser::instance_field() {
  cursor_.take();
  cursor_.take();
  Head head = TRY(this->head());
  if (head.import) return define_import(head, Sort::instance);
  if (cursor_.at_list("alias")) return inline_alias(Sort::instance, head);
  Instance instance;
  TRY(instance_body(instance));
  TRY(cursor_.close());
  TRY(define(std::move(instance), Sort::instance, head));
  return {};
}

Result<void> Parser::instance_body(Instance& instance) {
  if (cursor_.take_list("instantiate")) {
    instance.component = TRY(index_or_list(Sort::component));
    while (cursor_.take_list("with")) {
      std::string_view name = TRY(string());
      instance.arguments.push_back({name, TRY(argument())});
      TRY(cursor_.close());
    }
    return cursor_.close();
  }
  while (cursor_.take_list("export")) {
    AttributedName name = TRY(attributed_name());
    instance.exports.push_back({name, TRY(sorted_item())});
    TRY(cursor_.close());
  }
  return {};
}

Result<SortIndex> Parser::argument() {
  bool is_bag = false;
  if (cursor_.at_list("instance")) {
    size_t begin = cursor_.offset();
    cursor_.take();
    cursor_.take();
    is_bag = !at_index();
    if (!is_bag) cursor_.seek(begin);
  }
  if (!is_bag) return sorted_item();
  Instance instance;
  TRY(instance_body(instance));
  TRY(cursor_.close());
  return SortIndex{Sort::instance, add(std::move(instance), Sort::instance)};
}

// "(func id? type (canon lift ...))", an import, or an alias.
Result<void> Parser::func_field() {
  cursor_.take();
  cursor_.take();
  Head head = TRY(this->head());
  if (head.import) return define_import(head, Sort::func);
  if (cursor_.at_list("alias")) return inline_alias(Sort::func, head);
  uint32_t type = TRY(type_use(Type::Kind::func));
  TRY(cursor_.expect(TokenKind::left, "(canon lift ...)"));
  Canon content = TRY(canon());
  TRY(cursor_.close());
  TRY(cursor_.close());
  if (content.kind != CanonKind::lift) {
    return fail(ErrorCode::malformed, "a func is defined by (canon lift ...)",
                wasm::text::locate(cursor_.source(), start_));
  }
  content.type = type;
  TRY(define(std::move(content), Sort::func, head));
  return {};
}

Result<void> Parser::type_field() {
  cursor_.take();
  cursor_.take();
  Head head = TRY(this->head());
  if (head.import) return define_import(head, Sort::type);
  if (cursor_.at_list("alias")) return inline_alias(Sort::type, head);
  Type type = TRY(type_definition());
  TRY(cursor_.close());
  TRY(define(std::move(type), Sort::type, head));
  return {};
}

// ---- imports, exports, aliases

Result<void> Parser::import_field() {
  cursor_.take();
  cursor_.take();
  Import import;
  import.name = TRY(attributed_name());
  std::string_view id;
  import.desc = TRY(extern_desc(&id));
  TRY(cursor_.close());
  return bind(import.desc.sort, id, add(import, import.desc.sort));
}

Result<void> Parser::export_field() {
  cursor_.take();
  cursor_.take();
  std::string_view id = TRY(take_id());
  Export item;
  item.name = TRY(attributed_name());
  item.item = TRY(sorted_item());
  if (cursor_.at(TokenKind::left)) {
    std::string_view no_id;
    item.desc = TRY(extern_desc(&no_id));
  }
  TRY(cursor_.close());
  return bind(item.item.sort, id, add(item, item.item.sort));
}

// "(alias export $i "f" (func id?))": first what is aliased, then what it becomes.
Result<void> Parser::alias_field() {
  cursor_.take();
  Token outer_index;
  size_t begin = cursor_.offset();
  Alias alias = TRY(alias_target());
  if (alias.target == Alias::Target::outer) {
    // Which index space it is in stands behind the index.
    cursor_.seek(begin);
    cursor_.take();
    cursor_.take();
    cursor_.take();
    outer_index = cursor_.take();
  }
  TRY(cursor_.expect(TokenKind::left, "what is aliased, in parentheses"));
  alias.sort = TRY(sort());
  std::string_view id = TRY(take_id());
  TRY(cursor_.close());
  TRY(cursor_.close());
  TRY(finish_alias(alias, outer_index));
  return bind(alias.sort, id, add(alias, alias.sort));
}

// "(func id? (alias export $i "f"))", from its "(alias" on.
Result<void> Parser::inline_alias(Sort sort, const Head& head) {
  cursor_.take();
  Token outer_index;
  size_t begin = cursor_.offset();
  Alias alias = TRY(alias_target());
  if (alias.target == Alias::Target::outer) {
    cursor_.seek(begin);
    cursor_.take();
    cursor_.take();
    cursor_.take();
    outer_index = cursor_.take();
  }
  alias.sort = sort;
  TRY(cursor_.close());
  TRY(cursor_.close());
  TRY(finish_alias(alias, outer_index));
  TRY(define(alias, sort, head));
  return {};
}

// From the word "alias" to behind the name, or behind the index of an outer alias, which is not
// looked at.
Result<Alias> Parser::alias_target() {
  TRY(cursor_.expect_word("alias"));
  Alias alias;
  if (cursor_.take_word("export")) {
    alias.instance = TRY(index(Sort::instance));
    alias.name = TRY(string());
    return alias;
  }
  if (cursor_.take_word("core")) {
    TRY(cursor_.expect_word("export"));
    alias.target = Alias::Target::core_export;
    alias.instance = TRY(index(Sort::core_instance));
    alias.name = TRY(string());
    return alias;
  }
  TRY(cursor_.expect_word("outer"));
  alias.target = Alias::Target::outer;
  if (!at_index()) return cursor_.unexpected("an index or an id");
  if (cursor_.at(TokenKind::id)) {
    Token id = cursor_.take();
    const Scope* outer = scope_;
    while (outer != nullptr && outer->id != id.text) {
      outer = outer->parent;
      ++alias.count;
    }
    if (outer == nullptr) return cursor_.malformed(id, "unknown component " + printable(id.text));
  } else {
    alias.count = TRY(number());
  }
  if (!at_index()) return cursor_.unexpected("an index or an id");
  cursor_.take();
  return alias;
}

Result<void> Parser::finish_alias(Alias& alias, const Token& index) {
  if (alias.target != Alias::Target::outer) return {};
  const Scope* outer = scope_;
  for (uint32_t i = 0; i < alias.count && outer != nullptr; ++i) outer = outer->parent;
  if (outer == nullptr && index.kind == TokenKind::id) {
    return cursor_.malformed(
        index, "unknown " + std::string(sort_text(alias.sort)) + " " + printable(index.text));
  }
  alias.index = TRY(find(outer == nullptr ? scope() : *outer, alias.sort, index));
  return {};
}

}  // namespace text

bool looks_like_component_text(std::string_view source) {
  Bytes bytes = as_bytes(source);
  if (!wasm::looks_text(bytes)) return false;
  text::Cursor cursor(source, 0, source.size(), text::Annotations::none);
  return cursor.at_list("component");
}

namespace {

Result<Component> parse(std::string_view source, size_t begin, size_t end, wasm::Features core,
                        bool is_wrapped) {
  if (end - begin > kMaxComponentBytes) {
    return fail(ErrorCode::limit, "the text is longer than the largest component Nacre takes");
  }
  if (!is_utf8(source.substr(begin, end - begin))) {
    return fail(ErrorCode::malformed, "malformed UTF-8 encoding",
                wasm::text::locate(source, begin));
  }
  return text::Parser(source, begin, end, core).parse(is_wrapped);
}

}  // namespace

Result<Component> parse_component(std::string_view source, wasm::Features core) {
  return parse(source, 0, source.size(), core, /*is_wrapped=*/true);
}

Result<Component> parse_component_fields(std::string_view source, size_t begin, size_t end,
                                         wasm::Features core) {
  return parse(source, begin, end, core, /*is_wrapped=*/false);
}

}  // namespace nacre::component
