// Ids, indices, and items that are named by a way through instances.
#include <algorithm>

#include "base/utf8.h"
#include "component/limits.h"
#include "component/text/parser_impl.h"
#include "wasm/text/literals.h"
#include "wasm/text/strings.h"

namespace nacre::component::text {
namespace {

bool may_be_outer(Sort sort) {
  return sort == Sort::type || sort == Sort::core_type || sort == Sort::core_module ||
         sort == Sort::component;
}

bool is_exported_by_modules(Sort sort) { return sort <= Sort::core_tag; }

}  // namespace

bool Parser::at_index() const {
  if (cursor_.at(TokenKind::id)) return true;
  return cursor_.at(TokenKind::word) && cursor_.peek().text[0] >= '0' &&
         cursor_.peek().text[0] <= '9';
}

Result<uint32_t> Parser::number() {
  if (!cursor_.at(TokenKind::word)) return cursor_.unexpected("an integer");
  return static_cast<uint32_t>(TRY(wasm::text::parse_int_bits(cursor_, cursor_.take(), 32, false)));
}

Result<uint32_t> Parser::index(Sort sort) {
  if (!at_index()) return cursor_.unexpected("an index or an id");
  if (!cursor_.at(TokenKind::id)) return number();
  return find(sort, cursor_.take());
}

// An id that is not bound here may be one of the components around: an alias brings it in.
Result<uint32_t> Parser::find(Sort sort, const Token& id) {
  auto which = static_cast<size_t>(sort);
  auto found = scope().ids[which].find(id.text);
  if (found != scope().ids[which].end()) return found->second.index;
  uint32_t count = 1;
  for (Scope* outer = scope().parent; outer != nullptr; outer = outer->parent, ++count) {
    auto outside = outer->ids[which].find(id.text);
    if (outside == outer->ids[which].end()) continue;
    if (!may_be_outer(sort)) {
      return cursor_.malformed(
          id, "outer item " + printable(id.text) + " is not a module, type, or component");
    }
    Alias alias{.target = Alias::Target::outer, .sort = sort};
    alias.count = count;
    alias.index = outside->second.index;
    uint32_t index = add(alias, sort);
    scope().ids[which][id.text] = {index, /*is_outer=*/true};
    if (sort == Sort::core_type) core_types(scope()).bind(id.text.substr(1), index);
    return index;
  }
  return cursor_.malformed(id,
                           "unknown " + std::string(sort_text(sort)) + " " + printable(id.text));
}

// In another scope, without aliases.
Result<uint32_t> Parser::find(const Scope& where, Sort sort, const Token& token) {
  if (token.kind != TokenKind::id) {
    return static_cast<uint32_t>(TRY(wasm::text::parse_int_bits(cursor_, token, 32, false)));
  }
  const auto& ids = where.ids[static_cast<size_t>(sort)];
  auto found = ids.find(token.text);
  if (found != ids.end()) return found->second.index;
  return cursor_.malformed(token,
                           "unknown " + std::string(sort_text(sort)) + " " + printable(token.text));
}

// `index`, or `instance "name"...`: each name is an alias of an export.
Result<uint32_t> Parser::item(Sort sort) {
  if (cursor_.peek_second().kind != TokenKind::string) return index(sort);
  bool of_core = is_exported_by_modules(sort);
  uint32_t instance = TRY(index(of_core ? Sort::core_instance : Sort::instance));
  while (cursor_.at(TokenKind::string)) {
    bool is_last = cursor_.peek_second().kind != TokenKind::string;
    Alias alias{.target = of_core ? Alias::Target::core_export : Alias::Target::export_};
    alias.sort = is_last ? sort : Sort::instance;
    alias.instance = instance;
    alias.name = TRY(string());
    instance = add(alias, alias.sort);
    if (of_core) break;
  }
  return instance;
}

// "(core func $f)" where only that sort may stand; "core" may be left out.
Result<uint32_t> Parser::item_in_list(Sort wanted) {
  TRY(cursor_.expect(TokenKind::left, "an item in parentheses"));
  std::string_view text = sort_text(wanted);
  if (is_core(wanted)) {
    cursor_.take_word("core");
    text.remove_prefix(5);
  }
  TRY(cursor_.expect_word(text));
  uint32_t index = TRY(item(wanted));
  TRY(cursor_.close());
  return index;
}

Result<uint32_t> Parser::index_or_list(Sort wanted) {
  return cursor_.at(TokenKind::left) ? item_in_list(wanted) : item(wanted);
}

// "(func $f)", "(core module $m)".
Result<SortIndex> Parser::sorted_item() {
  TRY(cursor_.expect(TokenKind::left, "an item in parentheses"));
  Sort which = TRY(sort());
  uint32_t index = TRY(item(which));
  TRY(cursor_.close());
  return SortIndex{which, index};
}

Result<Sort> Parser::sort() {
  std::string text;
  Token token = cursor_.peek();
  if (cursor_.take_word("core")) text = "core ";
  Token word = TRY(cursor_.expect(TokenKind::word, "a sort of items"));
  text.append(word.text);
  for (size_t i = 0; i < kSortCount; ++i) {
    if (sort_text(static_cast<Sort>(i)) == text) return static_cast<Sort>(i);
  }
  return cursor_.malformed(
      token, "unexpected token \"" + printable(text) + "\": expected a sort of items");
}

Result<std::string_view> Parser::take_id(std::optional<std::string_view>* annotated) {
  std::string_view id;
  if (cursor_.at(TokenKind::id)) id = cursor_.take().text;
  if (!at_annotation("name")) return id;
  std::string_view name = TRY(name_annotation());
  if (annotated != nullptr) *annotated = name;
  return id;
}

std::string_view Parser::id_name(std::string_view id) {
  std::string_view name = id.substr(1);
  if (name.front() != '"') return storage_.keep(name);
  std::string decoded;
  wasm::text::append_string(decoded, Token{TokenKind::id, true, id});
  return storage_.keep(std::string_view(decoded));
}

// "(@name "...")"
Result<std::string_view> Parser::name_annotation() {
  cursor_.take();
  std::string_view name = TRY(string());
  TRY(cursor_.close());
  return name;
}

Result<std::string_view> Parser::string() {
  Token token = TRY(cursor_.expect(TokenKind::string, "a string"));
  std::string bytes;
  wasm::text::append_string(bytes, token);
  if (token.has_escapes && !is_utf8(bytes)) {
    return cursor_.malformed(token, "malformed UTF-8 encoding");
  }
  return storage_.keep(std::string_view(bytes));
}

uint32_t Parser::add(Definition::Content content, Sort sort) {
  ++definition_count_;
  scope().out->push_back({std::move(content), start_});
  return scope().counts[static_cast<size_t>(sort)]++;
}

Result<void> Parser::check_count() const {
  if (definition_count_ <= kMaxDefinitions) return {};
  return fail(ErrorCode::limit, "a component has too many definitions",
              wasm::text::locate(cursor_.source(), start_));
}

Result<void> Parser::bind(Sort sort, std::string_view id, uint32_t index) {
  if (id.empty()) return {};
  auto which = static_cast<size_t>(sort);
  auto [found, is_new] = scope().ids[which].try_emplace(id, Scope::Binding{index, false});
  if (!is_new && !found->second.is_outer) {
    return fail(ErrorCode::malformed,
                "duplicate " + std::string(sort_text(sort)) + " " + printable(id),
                wasm::text::locate(cursor_.source(), start_));
  }
  found->second = {index, false};
  scope().names[which].push_back({index, id_name(id)});
  if (sort == Sort::core_type) core_types(scope()).bind(id.substr(1), index);
  return {};
}

}  // namespace nacre::component::text
