// The immediates of instructions (specification 3.0, 6.5): each is written to scratch_ behind its
// opcode.
#include <bit>

#include "base/utf8.h"
#include "wasm/text/numbers.h"
#include "wasm/text/parser_impl.h"

namespace nacre::wasm::text {
namespace {

bool needs_data_count(Op op) {
  return op == Op::memory_init || op == Op::data_drop || op == Op::array_new_data ||
         op == Op::array_init_data;
}

// The same instruction for "(ref null t)".
Op null_form(Op op) { return op == Op::ref_test ? Op::ref_test_null : Op::ref_cast_null; }

}  // namespace

Result<uint32_t> Parser::parse_label() {
  if (!at_index()) return cursor_.unexpected("a label");
  if (!cursor_.at(TokenKind::id)) return parse_nat32();
  Token id = cursor_.take();
  auto found = label_ids_.find(TRY(id_name(id)));
  if (found != label_ids_.end()) return static_cast<uint32_t>(labels_.size()) - found->second;
  return cursor_.malformed(id, "unknown label " + printable(id.text));
}

Result<uint32_t> Parser::parse_local() {
  if (!at_index()) return cursor_.unexpected("a local");
  if (!cursor_.at(TokenKind::id)) return parse_nat32();
  Token id = cursor_.take();
  auto found = local_ids_.find(TRY(id_name(id)));
  if (found != local_ids_.end()) return found->second;
  return cursor_.malformed(id, "unknown local " + printable(id.text));
}

// Opcode and immediates of everything but blocks.
Result<void> Parser::parse_immediate(Op op) {
  const OpInfo& info = op_info(op);
  if (needs_data_count(op)) needs_data_count_ = true;
  scratch_.clear();
  if (op == Op::select) return parse_select();
  if (op == Op::ref_test || op == Op::ref_cast) {
    ValType type = TRY(parse_ref_type());
    scratch_.opcode(type.nullable() ? null_form(op) : op);
    scratch_.heap_type(type.heap());
    return {};
  }
  if (op == Op::call_indirect || op == Op::return_call_indirect) return parse_call_indirect(op);
  scratch_.opcode(op);
  switch (info.imm) {
    case ImmKind::none:
      return {};
    case ImmKind::fence:
      scratch_.u8(0);
      return {};
    case ImmKind::label:
      scratch_.u32(TRY(parse_label()));
      return {};
    case ImmKind::br_table:
      return parse_br_table();
    case ImmKind::func:
      scratch_.u32(TRY(parse_index(Space::func)));
      return {};
    case ImmKind::type:
      scratch_.index(TRY(parse_type_index()));
      return {};
    case ImmKind::tag:
      scratch_.u32(TRY(parse_index(Space::tag)));
      return {};
    case ImmKind::local:
      scratch_.u32(TRY(parse_local()));
      return {};
    case ImmKind::global:
      scratch_.u32(TRY(parse_index(Space::global)));
      return {};
    case ImmKind::table:
      scratch_.u32(TRY(parse_index_or(Space::table, 0)));
      return {};
    case ImmKind::memory:
      scratch_.u32(TRY(parse_index_or(Space::memory, 0)));
      return {};
    case ImmKind::elem:
      scratch_.u32(TRY(parse_index(Space::elem)));
      return {};
    case ImmKind::data:
      scratch_.u32(TRY(parse_index(Space::data)));
      return {};
    case ImmKind::memarg:
      return parse_memarg(info, false);
    case ImmKind::memarg_lane:
      return parse_memarg(info, true);
    case ImmKind::lane:
      return parse_lane();
    case ImmKind::shuffle:
      for (int i = 0; i < 16; ++i) TRY(parse_lane());
      return {};
    case ImmKind::i32:
    case ImmKind::i64:
    case ImmKind::f32:
    case ImmKind::f64:
      return parse_const(info.imm);
    case ImmKind::v128:
      return parse_v128_const();
    case ImmKind::heap_type:
      scratch_.heap_type(TRY(parse_heap_type()));
      return {};
    case ImmKind::struct_field:
      return parse_struct_field();
    case ImmKind::array_fixed:
      scratch_.index(TRY(parse_type_index()));
      scratch_.u32(TRY(parse_nat32()));
      return {};
    case ImmKind::type_data:
      scratch_.index(TRY(parse_type_index()));
      scratch_.u32(TRY(parse_index(Space::data)));
      return {};
    case ImmKind::type_elem:
      scratch_.index(TRY(parse_type_index()));
      scratch_.u32(TRY(parse_index(Space::elem)));
      return {};
    case ImmKind::type_type:
      scratch_.index(TRY(parse_type_index()));
      scratch_.index(TRY(parse_type_index()));
      return {};
    case ImmKind::br_on_cast:
      return parse_br_on_cast();
    case ImmKind::memory_init:
      return parse_segment_init(Space::memory, Space::data);
    case ImmKind::table_init:
      return parse_segment_init(Space::table, Space::elem);
    case ImmKind::memory_copy:
      return parse_two_indices(Space::memory);
    case ImmKind::table_copy:
      return parse_two_indices(Space::table);
    case ImmKind::block_type:
    case ImmKind::try_table:
    case ImmKind::call_indirect:
    case ImmKind::select_types:
      break;  // handled by others
  }
  return fail(ErrorCode::internal, "an instruction without a parser: " + std::string(info.text));
}

// ---- control

Result<void> Parser::parse_br_table() {
  std::vector<uint32_t> labels{TRY(parse_label())};
  while (at_index()) labels.push_back(TRY(parse_label()));
  scratch_.u64(labels.size() - 1);
  for (uint32_t label : labels) scratch_.u32(label);
  return {};
}

Result<void> Parser::parse_call_indirect(Op op) {
  uint32_t table = TRY(parse_index_or(Space::table, 0));
  TypeUse use = TRY(parse_type_use(nullptr));
  scratch_.opcode(op);
  scratch_.index(use.index);
  scratch_.u32(table);
  return {};
}

// "select" or "select (result t*)*".
Result<void> Parser::parse_select() {
  if (!cursor_.at_list("result")) {
    scratch_.opcode(Op::select);
    return {};
  }
  FuncType type;
  TRY(parse_results(type));
  scratch_.opcode(Op::select_t);
  scratch_.u64(type.results.size());
  for (ValType result : type.results) scratch_.val_type(result);
  return {};
}

// The clauses of try_table. Their labels are counted from outside of it.
Result<void> Parser::parse_catches() {
  constexpr std::pair<std::string_view, Catch::Kind> kClauses[] = {
      {"catch", Catch::kCatch},
      {"catch_ref", Catch::kCatchRef},
      {"catch_all", Catch::kCatchAll},
      {"catch_all_ref", Catch::kCatchAllRef}};
  std::vector<Catch> catches;
  while (cursor_.at(TokenKind::left)) {
    size_t before = catches.size();
    for (auto [keyword, kind] : kClauses) {
      if (!cursor_.take_list(keyword)) continue;
      Catch clause{.kind = kind};
      if (kind == Catch::kCatch || kind == Catch::kCatchRef) {
        clause.tag = TRY(parse_index(Space::tag));
      }
      clause.label = TRY(parse_label());
      TRY(cursor_.close());
      catches.push_back(clause);
      break;
    }
    if (catches.size() == before) break;
  }
  scratch_.u64(catches.size());
  for (const Catch& clause : catches) {
    scratch_.u8(clause.kind);
    if (clause.kind == Catch::kCatch || clause.kind == Catch::kCatchRef) scratch_.u32(clause.tag);
    scratch_.u32(clause.label);
  }
  return {};
}

Result<void> Parser::parse_br_on_cast() {
  uint32_t label = TRY(parse_label());
  ValType from = TRY(parse_ref_type());
  ValType to = TRY(parse_ref_type());
  scratch_.u8(static_cast<uint8_t>((from.nullable() ? 1 : 0) | (to.nullable() ? 2 : 0)));
  scratch_.u32(label);
  scratch_.heap_type(from.heap());
  scratch_.heap_type(to.heap());
  return {};
}

// ---- memories and tables

// "memory? offset=n? align=n? lane?"
Result<void> Parser::parse_memarg(const OpInfo& info, bool has_lane) {
  imm::memarg arg{.align_log2 = info.width_log2()};
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
  scratch_.memarg(arg);
  if (has_lane) TRY(parse_lane());
  return {};
}

// Of memory.init and table.init: "target? segment". The segment comes first in the binary.
Result<void> Parser::parse_segment_init(Space target_space, Space segment_space) {
  // Which space the first index belongs to depends on whether a second one follows.
  const Token& second = cursor_.peek_second();
  bool two = at_index() &&
             (second.kind == TokenKind::id ||
              (second.kind == TokenKind::word && second.text[0] >= '0' && second.text[0] <= '9'));
  uint32_t target = two ? TRY(parse_index(target_space)) : 0;
  uint32_t segment = TRY(parse_index(segment_space));
  scratch_.u32(segment);
  scratch_.u32(target);
  return {};
}

// Of memory.copy and table.copy: both or none.
Result<void> Parser::parse_two_indices(Space which) {
  uint32_t to = 0;
  uint32_t from = 0;
  if (at_index()) {
    to = TRY(parse_index(which));
    from = TRY(parse_index(which));
  }
  scratch_.u32(to);
  scratch_.u32(from);
  return {};
}

Result<void> Parser::parse_struct_field() {
  TypeIdx type = TRY(parse_type_index());
  scratch_.index(type);
  if (!cursor_.at(TokenKind::id)) {
    scratch_.u32(TRY(parse_nat32()));
    return {};
  }
  Token id = cursor_.take();
  std::string_view name = TRY(id_name(id));
  if (index_of(type) < field_ids_.size()) {
    const IdMap& fields = field_ids_[index_of(type)];
    auto found = fields.find(name);
    if (found != fields.end()) {
      scratch_.u32(found->second);
      return {};
    }
  }
  return cursor_.malformed(id, "unknown field " + printable(id.text));
}

// ---- constants

Result<void> Parser::parse_lane() {
  if (!cursor_.at(TokenKind::word)) return cursor_.unexpected("a lane index");
  scratch_.u8(static_cast<uint8_t>(TRY(parse_number(cursor_.take(), 8, false))));
  return {};
}

Result<void> Parser::parse_const(ImmKind kind) {
  Token token = TRY(cursor_.expect(TokenKind::word, "a number"));
  if (kind == ImmKind::i32) {
    scratch_.s32(static_cast<int32_t>(TRY(parse_number(token, 32, true))));
  } else if (kind == ImmKind::i64) {
    scratch_.s64(static_cast<int64_t>(TRY(parse_number(token, 64, true))));
  } else if (kind == ImmKind::f32) {
    scratch_.fixed(TRY(parse_f32_bits(cursor_, token)));
  } else {
    scratch_.fixed(TRY(parse_f64_bits(cursor_, token)));
  }
  return {};
}

Result<void> Parser::parse_v128_const() {
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
    for (uint32_t k = 0; k < found->bits; k += 8) scratch_.u8(static_cast<uint8_t>(bits >> k));
  }
  return {};
}

}  // namespace nacre::wasm::text
