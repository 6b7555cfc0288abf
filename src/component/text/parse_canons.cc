// Canonical definitions.
#include "base/utf8.h"
#include "component/text/parser_impl.h"

namespace nacre::component::text {

// "(canon lift ... (func id? type))" and "(canon lower ... (core func id?))": the definition first,
// then what it defines.
Result<void> Parser::canon_field() {
  cursor_.take();
  Canon content = TRY(canon());
  Sort sort = content.kind == CanonKind::lift ? Sort::func : Sort::core_func;
  TRY(cursor_.expect(TokenKind::left, "what is defined, in parentheses"));
  if (sort == Sort::core_func) TRY(cursor_.expect_word("core"));
  TRY(cursor_.expect_word("func"));
  std::string_view id = TRY(take_id());
  if (sort == Sort::func) content.type = TRY(type_use(Type::Kind::func));
  TRY(cursor_.close());
  TRY(cursor_.close());
  return bind(sort, id, add(std::move(content), sort));
}

// From the word "canon" to in front of what is defined, or to the ")" around it.
Result<Canon> Parser::canon() {
  TRY(cursor_.expect_word("canon"));
  Token word = TRY(cursor_.expect(TokenKind::word, "a canonical definition"));
  Canon canon;
  if (word.text == "lift") {
    canon.function = TRY(item_in_list(Sort::core_func));
    canon.options = TRY(options());
    return canon;
  }
  if (word.text == "lower") {
    canon.kind = CanonKind::lower;
    canon.function = TRY(item_in_list(Sort::func));
    canon.options = TRY(options());
    return canon;
  }
  const CanonInfo* info = find_canon(word.text);
  if (info == nullptr) {
    return cursor_.malformed(
        word, "unexpected token \"" + printable(word.text) + "\": no such canonical definition");
  }
  canon.kind = info->kind;
  TRY(canon_immediates(canon, info->shape));
  return canon;
}

Result<void> Parser::canon_immediates(Canon& canon, CanonShape shape) {
  switch (shape) {
    case CanonShape::none:
      return {};
    case CanonShape::type:
      canon.type = TRY(index_or_list(Sort::type));
      return {};
    case CanonShape::type_options:
      canon.type = TRY(index_or_list(Sort::type));
      [[fallthrough]];
    case CanonShape::options:
      canon.options = TRY(options());
      return {};
    case CanonShape::result_options:
      if (cursor_.take_list("result")) {
        canon.result = TRY(val_type());
        TRY(cursor_.close());
      }
      canon.options = TRY(options());
      return {};
    case CanonShape::type_is_async:
      canon.type = TRY(index_or_list(Sort::type));
      [[fallthrough]];
    case CanonShape::is_async:
      canon.flag = cursor_.take_word("async");
      return {};
    case CanonShape::slot: {
      Token type = TRY(cursor_.expect(TokenKind::word, "i32 or i64"));
      if (type.text != "i32" && type.text != "i64") {
        return cursor_.malformed(type, "expected i32 or i64");
      }
      canon.slot_type = type.text == "i32" ? wasm::ValType::kI32 : wasm::ValType::kI64;
      canon.index = TRY(number());
      return {};
    }
    case CanonShape::reserved:
      canon.flag = cursor_.take_word("cancellable");
      return {};
    case CanonShape::wait:
      canon.flag = cursor_.take_word("cancellable");
      if (!cursor_.take_list("memory")) return cursor_.unexpected("(memory ...)");
      canon.index = TRY(index_or_list(Sort::core_memory));
      return cursor_.close();
    case CanonShape::start:
      canon.type = TRY(index_or_list(Sort::core_type));
      canon.index = TRY(index_or_list(Sort::core_table));
      return {};
  }
  return {};
}

Result<std::vector<Option>> Parser::options() {
  std::vector<Option> list;
  while (std::optional<Option> next = TRY(option())) list.push_back(*next);
  return list;
}

Result<std::optional<Option>> Parser::option() {
  bool in_list = cursor_.at(TokenKind::left);
  const Token& word = in_list ? cursor_.peek_second() : cursor_.peek();
  if (word.kind != TokenKind::word) return std::nullopt;
  const OptionInfo* info = find_option(word.text);
  if (info == nullptr || info->sort.has_value() != in_list) return std::nullopt;
  Option option{.kind = info->kind};
  cursor_.take();
  if (!in_list) return option;
  cursor_.take();
  option.index = TRY(index_or_list(*info->sort));
  TRY(cursor_.close());
  return option;
}

}  // namespace nacre::component::text
