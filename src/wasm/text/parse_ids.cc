// Ids, indices and plain numbers.
#include "base/utf8.h"
#include "wasm/text/parser_impl.h"
#include "wasm/text/strings.h"

namespace nacre::wasm::text {

// The name that an id stands for, without "$" and quotes. A view into the source, or into
// decoded_ids_ where there are escapes.
Result<std::string_view> Parser::id_name(const Token& token) {
  std::string_view name = token.text.substr(1);
  if (name.front() != '"') return name;
  if (!token.has_escapes) return name.substr(1, name.size() - 2);
  std::string decoded;
  append_string(decoded, token);
  if (!is_utf8(decoded)) return cursor_.malformed(token, "malformed UTF-8 encoding in an id");
  return decoded_ids_.emplace_back(std::move(decoded));
}

bool Parser::at_index() const {
  if (cursor_.at(TokenKind::id)) return true;
  return cursor_.at(TokenKind::word) && cursor_.peek().text[0] >= '0' &&
         cursor_.peek().text[0] <= '9';
}

Result<uint32_t> Parser::parse_nat32() {
  if (!cursor_.at(TokenKind::word)) return cursor_.unexpected("an integer");
  return static_cast<uint32_t>(TRY(parse_number(cursor_.take(), 32, false)));
}

Result<uint64_t> Parser::parse_nat64() {
  if (!cursor_.at(TokenKind::word)) return cursor_.unexpected("an integer");
  return parse_number(cursor_.take(), 64, false);
}

Result<uint32_t> Parser::parse_index(Space which) {
  if (!at_index()) return cursor_.unexpected("an index or an id");
  if (!cursor_.at(TokenKind::id)) return parse_nat32();
  Token id = cursor_.take();
  std::string_view name = TRY(id_name(id));
  const IdMap& ids = space(which).ids;
  auto found = ids.find(name);
  if (found != ids.end()) return found->second;
  return cursor_.malformed(id,
                           "unknown " + std::string(space_text(which)) + " " + printable(id.text));
}

Result<uint32_t> Parser::parse_index_or(Space which, uint32_t otherwise) {
  if (!at_index()) return otherwise;
  return parse_index(which);
}

Result<TypeIdx> Parser::parse_type_index() {
  Token token = cursor_.peek();
  uint32_t index = TRY(parse_index(Space::type));
  if (index > HeapType::kMaxIndex) {
    return fail(ErrorCode::invalid, "unknown type " + std::to_string(index), cursor_.where(token));
  }
  return TypeIdx{index};
}

// A string that must be UTF-8.
Result<std::string_view> Parser::parse_name_string() {
  Token token = TRY(cursor_.expect(TokenKind::string, "a string"));
  std::string bytes;
  append_string(bytes, token);
  if (token.has_escapes && !is_utf8(bytes)) {
    return cursor_.malformed(token, "malformed UTF-8 encoding");
  }
  return storage_.keep(std::string_view(bytes));
}

// ---- names

NameMap* Parser::names_of(Space which) {
  switch (which) {
    case Space::type:
      return &names_.types;
    case Space::func:
      return &names_.functions;
    case Space::table:
      return &names_.tables;
    case Space::memory:
      return &names_.memories;
    case Space::global:
      return &names_.globals;
    case Space::tag:
      return &names_.tags;
    case Space::elem:
      return &names_.elements;
    case Space::data:
      return &names_.data;
  }
  return nullptr;
}

Result<std::optional<std::string_view>> Parser::parse_binding() {
  std::optional<std::string_view> name;
  if (cursor_.at(TokenKind::id)) name = TRY(id_name(cursor_.take()));
  std::optional<std::string_view> annotated = TRY(parse_name_annotation());
  return annotated ? annotated : name;
}

// Of something whose id the scan has bound already.
Result<void> Parser::parse_space_binding(Space which, uint32_t index) {
  std::optional<std::string_view> name = TRY(parse_binding());
  if (name) names_of(which)->push_back({index, *name});
  return {};
}

}  // namespace nacre::wasm::text
