#include "wasm/text/core_types.h"

#include "wasm/text/parser_impl.h"

namespace nacre::wasm::text {

CoreTypeParser::CoreTypeParser(std::string_view source, Features features)
    : parser_(std::make_unique<Parser>(source, 0, source.size(), features)) {}
CoreTypeParser::~CoreTypeParser() = default;

void CoreTypeParser::seek(size_t offset) { parser_->cursor_.seek(offset); }
size_t CoreTypeParser::offset() const { return parser_->cursor_.offset(); }

void CoreTypeParser::bind(std::string_view id, uint32_t index) {
  parser_->space(Space::type).ids.insert_or_assign(id, index);
}

uint32_t CoreTypeParser::add_outer_type() {
  parser_->module_.types.emplace_back();
  return type_count() - 1;
}

uint32_t CoreTypeParser::type_count() const {
  return static_cast<uint32_t>(parser_->module_.types.size());
}

Result<SubType> CoreTypeParser::sub_type(uint32_t index) {
  if (parser_->field_ids_.size() <= index) parser_->field_ids_.resize(index + 1);
  return parser_->parse_sub_type(index);
}

Result<SubType> CoreTypeParser::type_field() {
  Cursor& cursor = parser_->cursor_;
  cursor.take();
  cursor.take();
  uint32_t index = type_count();
  if (cursor.at(TokenKind::id)) {
    Token id = cursor.take();
    if (!parser_->space(Space::type).ids.emplace(TRY(parser_->id_name(id)), index).second) {
      return cursor.malformed(id, "duplicate type");
    }
  }
  SubType type = TRY(sub_type(index));
  parser_->module_.types.push_back(type);
  TRY(cursor.close());
  return type;
}

Result<std::vector<SubType>> CoreTypeParser::rec_field() {
  Cursor& cursor = parser_->cursor_;
  size_t begin = cursor.offset();
  uint32_t first = type_count();
  cursor.take();
  cursor.take();
  // The types may refer to each other, so their ids come first.
  for (uint32_t index = first; cursor.take_list("type"); ++index) {
    if (cursor.at(TokenKind::id)) bind(TRY(parser_->id_name(cursor.take())), index);
    if (parser_->field_ids_.size() <= index) parser_->field_ids_.resize(index + 1);
    TRY(cursor.skip_list());
  }
  cursor.seek(begin);
  TRY(parser_->parse_rec_field());
  const std::vector<SubType>& types = parser_->module_.types;
  return std::vector<SubType>(types.begin() + first, types.end());
}

Result<ExternType> CoreTypeParser::extern_type(std::vector<SubType>& implicit) {
  uint32_t known = type_count();
  ExternType type = TRY(parser_->parse_extern_type(true));
  implicit.assign(parser_->module_.types.begin() + known, parser_->module_.types.end());
  return type;
}

}  // namespace nacre::wasm::text
