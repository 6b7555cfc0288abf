// The immediates of instructions (specification 3.0, 6.5) by the rows of imm.def: each is written
// to scratch_ behind its opcode.
#include <bit>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "wasm/text/numbers.h"
#include "wasm/text/parser_impl.h"

namespace nacre::wasm::text {

Result<uint32_t> Parser::parse_label() {
  if (!at_index()) return cursor_.unexpected("a label");
  if (!cursor_.at(TokenKind::id)) return parse_nat32();
  Token id = cursor_.take();
  auto found = label_ids_.find(TRY(id_name(id)));
  if (found != label_ids_.end()) return static_cast<uint32_t>(labels_.size()) - found->second;
  return cursor_.malformed(id, "unknown label " + printable(id.text));
}

Result<uint32_t> Parser::parse_local_index() {
  if (!at_index()) return cursor_.unexpected("a local");
  if (!cursor_.at(TokenKind::id)) return parse_nat32();
  Token id = cursor_.take();
  auto found = local_ids_.find(TRY(id_name(id)));
  if (found != local_ids_.end()) return found->second;
  return cursor_.malformed(id, "unknown local " + printable(id.text));
}

// The opcode and what imm.def says stands behind it. Of blocks: from the type on.
Result<void> Parser::parse_immediate(Op op) {
  if (op_info(op).needs_data_count()) needs_data_count_ = true;
  if (op == Op::select && cursor_.at_list("result")) op = Op::select_t;
  scratch_.clear();
  switch (op_info(op).imm) {
#define IMM(name, binary, text, ...) \
  case ImmKind::name: {              \
    imm::name i;                     \
    TRY(parse(op, i));               \
    scratch_.opcode(op);             \
    scratch_.write(i);               \
    return {};                       \
  }
#include "wasm/imm.def"
  }
  return {};
}

#define FIELD(coding, meaning, member) i.member = TRY(parse_##meaning());
#define IMM_each(name, ...)                                        \
  Result<void> Parser::parse(Op&, [[maybe_unused]] imm::name& i) { \
    __VA_ARGS__                                                    \
    return {};                                                     \
  }
#define IMM_own(name, ...)
#define IMM(name, binary, text, ...) IMM_##text(name __VA_OPT__(, ) __VA_ARGS__)
#include "wasm/imm.def"
#undef IMM_each
#undef IMM_own

// ---- control

Result<void> Parser::parse(Op&, imm::block_type& i) {
  i.type = TRY(parse_block_type());
  return {};
}

// The labels of the clauses are counted from outside of the try_table.
Result<void> Parser::parse(Op&, imm::try_table& i) {
  constexpr std::pair<std::string_view, Catch::Kind> kClauses[] = {
      {"catch", Catch::kCatch},
      {"catch_ref", Catch::kCatchRef},
      {"catch_all", Catch::kCatchAll},
      {"catch_all_ref", Catch::kCatchAllRef}};
  i.type = TRY(parse_block_type());
  catches_.clear();
  while (cursor_.at(TokenKind::left)) {
    size_t before = catches_.size();
    for (auto [keyword, kind] : kClauses) {
      if (!cursor_.take_list(keyword)) continue;
      Catch clause{.kind = kind};
      if (clause.has_tag()) clause.tag = TRY(parse_tag_index());
      clause.label = TRY(parse_label());
      TRY(cursor_.close());
      catches_.push_back(clause);
      break;
    }
    if (catches_.size() == before) break;
  }
  i.catches = catches_;
  return {};
}

// The last label is the default.
Result<void> Parser::parse(Op&, imm::br_table& i) {
  depths_.assign(1, TRY(parse_label()));
  while (at_index()) depths_.push_back(TRY(parse_label()));
  i.depths = std::span(depths_).first(depths_.size() - 1);
  i.default_depth = depths_.back();
  return {};
}

Result<void> Parser::parse(Op&, imm::call_indirect& i) {
  i.table = TRY(parse_table_or_0());
  i.type = TRY(parse_type_use(nullptr)).index;
  return {};
}

Result<void> Parser::parse(Op&, imm::select_types& i) {
  FuncType type;
  TRY(parse_results(type));
  types_ = std::move(type.results);
  i.types = types_;
  return {};
}

// ref.test and ref.cast have an opcode for each nullability.
Result<void> Parser::parse(Op& op, imm::heap_type& i) {
  if (op == Op::ref_null) {
    i.type = TRY(parse_heap_type());
    return {};
  }
  ValType type = TRY(parse_ref_type());
  if (type.nullable()) op = op == Op::ref_test ? Op::ref_test_null : Op::ref_cast_null;
  i.type = type.heap();
  return {};
}

// ---- memories and tables

// "memory? offset=n? align=n?", and whether a lane follows.
Result<void> Parser::parse_memarg(Op op, imm::memarg& arg, bool has_lane) {
  arg.align_log2 = op_info(op).width_log2();
  bool has_memory = at_index();
  if (has_lane && cursor_.at(TokenKind::word)) {
    // A lone number is the lane; the memory has the lane or an argument behind it.
    const Token& second = cursor_.peek_second();
    has_memory = has_memory && second.kind == TokenKind::word &&
                 ((second.text[0] >= '0' && second.text[0] <= '9') ||
                  second.text.starts_with("offset=") || second.text.starts_with("align="));
  }
  if (has_memory) {
    Token index = cursor_.peek();
    arg.memory = TRY(parse_index(Space::memory));
    if (arg.memory != 0) TRY(need(Feature::multi_memory, index, "another memory than the first"));
  }
  if (cursor_.at(TokenKind::word) && cursor_.peek().text.starts_with("offset=")) {
    Token token = cursor_.take();
    token.text.remove_prefix(std::string_view("offset=").size());
    arg.offset = TRY(parse_number(token, 64, false));
  }
  if (cursor_.at(TokenKind::word) && cursor_.peek().text.starts_with("align=")) {
    Token token = cursor_.take();
    token.text.remove_prefix(std::string_view("align=").size());
    uint64_t align = TRY(parse_number(token, 64, false));
    if (!std::has_single_bit(align)) {
      return cursor_.malformed(token, "alignment must be a power of two");
    }
    arg.align_log2 = static_cast<uint32_t>(std::countr_zero(align));
  }
  return {};
}

Result<void> Parser::parse(Op& op, imm::memarg& i) { return parse_memarg(op, i, false); }

Result<void> Parser::parse(Op& op, imm::memarg_lane& i) {
  TRY(parse_memarg(op, i.arg, true));
  i.lane = TRY(parse_lane());
  return {};
}

// Of memory.init and table.init: "target? segment".
Result<void> Parser::parse_segment_init(Space target_space, uint32_t& target, Space segment_space,
                                        uint32_t& segment) {
  // Which space the first index belongs to depends on whether a second one follows.
  const Token& second = cursor_.peek_second();
  bool two = at_index() &&
             (second.kind == TokenKind::id ||
              (second.kind == TokenKind::word && second.text[0] >= '0' && second.text[0] <= '9'));
  if (two) target = TRY(parse_index(target_space));
  segment = TRY(parse_index(segment_space));
  return {};
}

Result<void> Parser::parse(Op&, imm::memory_init& i) {
  return parse_segment_init(Space::memory, i.memory, Space::data, i.data);
}

Result<void> Parser::parse(Op&, imm::table_init& i) {
  return parse_segment_init(Space::table, i.table, Space::elem, i.elem);
}

// Both or none.
Result<void> Parser::parse_two_indices(Space which, uint32_t& to, uint32_t& from) {
  if (!at_index()) return {};
  to = TRY(parse_index(which));
  from = TRY(parse_index(which));
  return {};
}

Result<void> Parser::parse(Op&, imm::memory_copy& i) {
  return parse_two_indices(Space::memory, i.to, i.from);
}

Result<void> Parser::parse(Op&, imm::table_copy& i) {
  return parse_two_indices(Space::table, i.to, i.from);
}

// The names of fields belong to their type.
Result<void> Parser::parse(Op&, imm::struct_field& i) {
  i.type = TRY(parse_type_index());
  if (!cursor_.at(TokenKind::id)) {
    i.field = TRY(parse_nat32());
    return {};
  }
  Token id = cursor_.take();
  std::string_view name = TRY(id_name(id));
  if (index_of(i.type) < field_ids_.size()) {
    const IdMap& fields = field_ids_[index_of(i.type)];
    auto found = fields.find(name);
    if (found != fields.end()) {
      i.field = found->second;
      return {};
    }
  }
  return cursor_.malformed(id, "unknown field " + printable(id.text));
}

// ---- constants

Result<uint8_t> Parser::parse_lane() {
  if (!cursor_.at(TokenKind::word)) return cursor_.unexpected("a lane index");
  return static_cast<uint8_t>(TRY(parse_number(cursor_.take(), 8, false)));
}

Result<Bytes16> Parser::parse_lanes() {
  Bytes16 lanes{};
  for (uint8_t& lane : lanes) lane = TRY(parse_lane());
  return lanes;
}

Result<int32_t> Parser::parse_i32() {
  Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
  return static_cast<int32_t>(TRY(parse_number(token, 32, true)));
}

Result<int64_t> Parser::parse_i64() {
  Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
  return static_cast<int64_t>(TRY(parse_number(token, 64, true)));
}

Result<uint32_t> Parser::parse_f32() {
  Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
  return parse_f32_bits(cursor_, token);
}

Result<uint64_t> Parser::parse_f64() {
  Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
  return parse_f64_bits(cursor_, token);
}

Result<Bytes16> Parser::parse_v128() {
  Bytes16 bytes{};
  size_t at = 0;
  Token shape = TRY(cursor_.expect(TokenKind::word, "a shape such as i32x4"));
  std::optional<LaneShape> found = find_lane_shape(shape.text);
  if (!found) {
    return cursor_.malformed(shape, "unexpected token \"" + printable(shape.text) +
                                        "\": expected a shape such as i32x4");
  }
  for (uint32_t i = 0; i < found->lanes; ++i) {
    Token token = TRY(cursor_.expect(TokenKind::word, "a lane: wrong number of lane literals"));
    uint64_t bits = 0;
    if (!found->is_float) {
      bits = TRY(parse_number(token, found->bits, true));
    } else if (found->bits == 32) {
      bits = TRY(parse_f32_bits(cursor_, token));
    } else {
      bits = TRY(parse_f64_bits(cursor_, token));
    }
    for (uint32_t k = 0; k < found->bits; k += 8) bytes[at++] = static_cast<uint8_t>(bits >> k);
  }
  return bytes;
}

}  // namespace nacre::wasm::text
