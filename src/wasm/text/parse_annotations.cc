// (@name ...), (@custom ...), (@metadata.code.branch_hint ...) as the appendix "Custom sections and
// annotations" of specification 3.0 defines them, and (@nacre.data_count): the module has a data
// count section although no instruction needs it.
#include "base/utf8.h"
#include "wasm/text/customs.h"
#include "wasm/text/parser_impl.h"
#include "wasm/text/strings.h"

namespace nacre::wasm::text {

std::unexpected<Error> Parser::bad_annotation(const Token& at, std::string message) const {
  return fail(ErrorCode::malformed_custom, std::move(message), cursor_.where(at));
}

// In the place of a module field.
Result<void> Parser::parse_module_annotation() {
  std::string_view name = cursor_.peek().text;
  if (name == "custom") return parse_custom_annotation();
  if (name == "nacre.data_count") {
    cursor_.take();
    needs_data_count_ = true;
    return cursor_.close();
  }
  if (name == kBranchHintSection) {
    return bad_annotation(cursor_.peek(),
                          "@metadata.code.branch_hint annotation: not in a function");
  }
  return cursor_.unexpected("a module field");
}

// Nothing if there is none here.
Result<std::optional<std::string_view>> Parser::parse_name_annotation() {
  if (!cursor_.at(TokenKind::annotation) || cursor_.peek().text != "name") return std::nullopt;
  Token start = cursor_.take();
  if (!cursor_.at(TokenKind::string)) {
    return bad_annotation(start, "@name annotation: a string is missing");
  }
  if (!string_is_utf8(cursor_.peek())) {
    return bad_annotation(start, "@name annotation: malformed UTF-8 encoding");
  }
  std::string_view name = TRY(parse_name_string());
  if (!cursor_.at(TokenKind::right)) {
    return bad_annotation(start, "@name annotation: unexpected token");
  }
  cursor_.take();
  return name;
}

Result<void> Parser::parse_custom_annotation() {
  Token start = cursor_.take();
  if (!cursor_.at(TokenKind::string)) {
    return bad_annotation(start, "@custom annotation: missing section name");
  }
  if (!string_is_utf8(cursor_.peek())) {
    return bad_annotation(start, "@custom annotation: malformed UTF-8 encoding");
  }
  CustomSection custom{.name = TRY(parse_name_string()), .after = kLastSection};
  if (cursor_.at(TokenKind::left)) custom.after = TRY(parse_custom_place());
  std::string payload;
  while (cursor_.at(TokenKind::string)) append_string(payload, cursor_.take());
  if (!cursor_.at(TokenKind::right)) {
    return bad_annotation(cursor_.peek(), "@custom annotation: unexpected token");
  }
  cursor_.take();
  custom.payload = storage_.keep(as_bytes(payload));
  module_.customs.push_back(custom);
  return {};
}

// "(before type)", "(after func)", "(before first)", "(after last)".
Result<SectionId> Parser::parse_custom_place() {
  cursor_.take();
  bool before = cursor_.at_word("before");
  if (!before && !cursor_.at_word("after")) {
    return bad_annotation(cursor_.peek(), "@custom annotation: malformed placement");
  }
  cursor_.take();
  std::string_view keyword = cursor_.peek().text;
  SectionId after = SectionId::custom;
  if (std::optional<SectionId> section = find_section(keyword)) {
    after = before ? section_before(*section) : *section;
  } else if (!before && keyword == "last") {
    after = kLastSection;
  } else if (!before || keyword != "first") {
    return bad_annotation(cursor_.peek(), "@custom annotation: malformed section kind");
  }
  cursor_.take();
  if (!cursor_.at(TokenKind::right)) {
    return bad_annotation(cursor_.peek(), "@custom annotation: unexpected token");
  }
  cursor_.take();
  return after;
}

// In front of an instruction: the hint is kept for it. False if there is none here.
Result<bool> Parser::parse_branch_hint() {
  if (!cursor_.at(TokenKind::annotation) || cursor_.peek().text != kBranchHintSection) return false;
  Token start = cursor_.take();
  if (!in_function_) {
    return bad_annotation(start, "@metadata.code.branch_hint annotation: not in a function");
  }
  if (hint_) {
    return bad_annotation(start, "@metadata.code.branch_hint annotation: duplicate annotation");
  }
  std::string value;
  while (cursor_.at(TokenKind::string)) append_string(value, cursor_.take());
  if (value.size() != 1 || static_cast<uint8_t>(value[0]) > 1) {
    return bad_annotation(
        start, "@metadata.code.branch_hint annotation: its value is \"\\00\" or \"\\01\"");
  }
  if (!cursor_.at(TokenKind::right)) {
    return bad_annotation(cursor_.peek(),
                          "@metadata.code.branch_hint annotation: unexpected token");
  }
  cursor_.take();
  hint_ = value[0] != 0;
  hint_token_ = start;
  return true;
}

}  // namespace nacre::wasm::text
