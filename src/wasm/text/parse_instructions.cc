// Instructions, flat and folded (specification 3.0, 6.5). No recursion: open_ is the stack of what
// has not ended yet. A folded instruction's bytes wait in pending_ until its operands are written.
#include "base/utf8.h"
#include "wasm/limits.h"
#include "wasm/text/mnemonics.h"
#include "wasm/text/parser_impl.h"

namespace nacre::wasm::text {

Result<Bytes> Parser::parse_expression() {
  code_.clear();
  TRY(parse_instructions(false));
  code_.opcode(Op::end);
  return storage_.keep(code_.bytes());
}

Result<Bytes> Parser::parse_folded_expression() {
  code_.clear();
  TRY(parse_instructions(true));
  code_.opcode(Op::end);
  return storage_.keep(code_.bytes());
}

// Appends to code_ what stands before the ")" of the list around it, or one folded instruction.
Result<void> Parser::parse_instructions(bool one_folded) {
  open_.clear();
  labels_.clear();
  if (label_ids_.bucket_count() > kRehashBuckets) label_ids_ = {};
  label_ids_.clear();
  pending_.clear();
  block_count_ = 0;
  folded_depth_ = 0;
  if (one_folded && !cursor_.at(TokenKind::left)) {
    return cursor_.unexpected("an instruction in parentheses");
  }
  do {
    switch (cursor_.peek().kind) {
      case TokenKind::left:
        TRY(open_folded());
        break;
      case TokenKind::right:
        if (open_.empty()) return check_no_hint();
        TRY(close_folded());
        break;
      case TokenKind::word:
        TRY(parse_flat());
        break;
      default:
        if (!TRY(parse_branch_hint())) return cursor_.unexpected("an instruction");
        break;
    }
  } while (!one_folded || !open_.empty());
  return {};
}

Result<void> Parser::check_no_hint() {
  if (!hint_) return {};
  return bad_annotation(hint_token_,
                        "@metadata.code.branch_hint annotation: not in front of an instruction");
}

Result<Op> Parser::parse_op() {
  Token token = TRY(cursor_.expect(TokenKind::word, "an instruction"));
  std::optional<Op> op = find_mnemonic(token.text);
  if (!op) {
    std::string_view now = current_name(token.text);
    std::string hint = now.empty() ? "" : ": it is called " + std::string(now) + " now";
    return cursor_.malformed(token, "unknown operator \"" + printable(token.text) + "\"" + hint);
  }
  Feature feature = op_info(*op).feature;
  if (!features_.has(feature)) {
    return cursor_.malformed(token, "unknown operator \"" + std::string(token.text) +
                                        "\" without the feature " +
                                        std::string(feature_info(feature).text));
  }
  return *op;
}

// Moves the instruction in scratch_ to the code.
void Parser::emit_scratch(std::optional<bool> hint) {
  if (hint) hints_.push_back({static_cast<uint32_t>(code_.size()), *hint});
  code_.raw(scratch_.bytes());
}

// ---- blocks and their labels

// The label and the immediate of a block; the instruction is then in scratch_.
Result<Parser::LabelBinding> Parser::parse_block_head(Op op) {
  LabelBinding label;
  if (cursor_.at(TokenKind::id)) label.id = TRY(id_name(cursor_.peek()));
  label.name = TRY(parse_binding());
  TRY(parse_immediate(op));
  return label;
}

Result<void> Parser::begin_block(const LabelBinding& binding) {
  Label label{.name = binding.id};
  if (!binding.id.empty()) {
    uint32_t& innermost = label_ids_[binding.id];
    label.shadowed = innermost;
    innermost = static_cast<uint32_t>(labels_.size()) + 1;
  }
  if (binding.name && in_function_) label_names_.push_back({block_count_, *binding.name});
  ++block_count_;
  labels_.push_back(label);
  if (labels_.size() > kMaxNesting) {
    return fail(ErrorCode::limit, "blocks nested too deeply", cursor_.where(cursor_.peek()));
  }
  return {};
}

void Parser::end_block() {
  const Label& label = labels_.back();
  if (!label.name.empty()) {
    if (label.shadowed != 0) {
      label_ids_[label.name] = label.shadowed;
    } else {
      label_ids_.erase(label.name);
    }
  }
  labels_.pop_back();
}

// `end` and `else` may repeat the id of their block.
Result<void> Parser::check_repeated_label() {
  if (!cursor_.at(TokenKind::id)) return {};
  Token id = cursor_.take();
  if (TRY(id_name(id)) == labels_.back().name) return {};
  return cursor_.malformed(id, "mismatching label " + printable(id.text));
}

// ---- flat

bool Parser::at_instruction_position() const {
  if (open_.empty()) return true;
  switch (open_.back().kind) {
    case Open::plain:
    case Open::if_condition:
    case Open::if_then_done:
    case Open::if_else_done:
    case Open::try_start:
    case Open::try_do_done:
    case Open::try_catch_done:
    case Open::try_closed:
    case Open::try_delegated:
      return false;
    default:
      return true;
  }
}

Result<void> Parser::parse_flat() {
  if (!at_instruction_position()) return cursor_.unexpected("parentheses");
  Token token = cursor_.peek();
  Op op = TRY(parse_op());
  switch (op) {
    case Op::block:
    case Op::loop:
    case Op::if_:
    case Op::try_:
    case Op::try_table: {
      std::optional<bool> hint = take_hint();
      LabelBinding label = TRY(parse_block_head(op));
      emit_scratch(hint);
      Open::Kind kind = op == Op::if_    ? Open::flat_if
                        : op == Op::try_ ? Open::flat_try
                                         : Open::flat_block;
      open_.push_back({.kind = kind});
      return begin_block(label);
    }
    case Op::end:
    case Op::else_:
    case Op::catch_:
    case Op::catch_all:
    case Op::delegate:
      return parse_flat_clause(op, token);
    default: {
      std::optional<bool> hint = take_hint();
      TRY(parse_immediate(op));
      emit_scratch(hint);
      return {};
    }
  }
}

// What continues or ends a flat block.
Result<void> Parser::parse_flat_clause(Op op, const Token& token) {
  TRY(check_no_hint());
  Open::Kind kind = open_.empty() ? Open::plain : open_.back().kind;
  bool is_try = kind == Open::flat_try;
  bool fits = op == Op::end        ? kind <= Open::flat_catch_all
              : op == Op::else_    ? kind == Open::flat_if
              : op == Op::delegate ? is_try
                                   : is_try || kind == Open::flat_catch;
  if (!fits) {
    return cursor_.malformed(token, "unexpected token \"" + std::string(token.text) +
                                        "\": no block is open that it belongs to");
  }
  switch (op) {
    case Op::end:
      TRY(check_repeated_label());
      code_.opcode(op);
      end_block();
      open_.pop_back();
      break;
    case Op::else_:
      TRY(check_repeated_label());
      code_.opcode(op);
      open_.back().kind = Open::flat_else;
      break;
    case Op::delegate:
      end_block();
      open_.pop_back();
      TRY(parse_immediate(op));
      emit_scratch(std::nullopt);
      break;
    default:
      TRY(parse_immediate(op));
      emit_scratch(std::nullopt);
      open_.back().kind = op == Op::catch_ ? Open::flat_catch : Open::flat_catch_all;
      break;
  }
  return {};
}

// ---- folded

Result<void> Parser::open_folded() {
  Open::Kind around = open_.empty() ? Open::flat_block : open_.back().kind;
  switch (around) {
    case Open::if_condition:
      if (cursor_.at_list("then")) return open_then();
      break;
    case Open::if_then_done:
      return open_else();
    case Open::try_start:
    case Open::try_do_done:
    case Open::try_catch_done:
      return open_try_clause(around);
    case Open::if_else_done:
    case Open::try_closed:
    case Open::try_delegated:
      return cursor_.unexpected("a closing parenthesis");
    default:
      break;
  }
  if (++folded_depth_ > kMaxTextNesting) {
    return fail(ErrorCode::limit,
                "folded instructions nested deeper than " + std::to_string(kMaxTextNesting) +
                    "; write them flat",
                cursor_.where(cursor_.peek()));
  }
  cursor_.take();
  Token token = cursor_.peek();
  Op op = TRY(parse_op());
  Open open{.kind = Open::plain, .hint = take_hint(), .pending = pending_.size()};
  switch (op) {
    case Op::block:
    case Op::loop:
    case Op::try_table:
    case Op::try_: {
      LabelBinding label = TRY(parse_block_head(op));
      emit_scratch(open.hint);
      open.kind = op == Op::try_ ? Open::try_start : Open::block;
      open_.push_back(open);
      return begin_block(label);
    }
    case Op::if_:
      open.kind = Open::if_condition;
      open.label = TRY(parse_block_head(op));
      break;
    case Op::end:
    case Op::else_:
    case Op::catch_:
    case Op::catch_all:
    case Op::delegate:
      return cursor_.malformed(
          token, "unexpected token \"" + std::string(token.text) + "\": expected an instruction");
    default:
      TRY(parse_immediate(op));
      break;
  }
  Bytes bytes = scratch_.bytes();
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  open_.push_back(open);
  return {};
}

// Writes what waited for the operands of the innermost list.
void Parser::emit_pending() {
  const Open& open = open_.back();
  if (open.hint) hints_.push_back({static_cast<uint32_t>(code_.size()), *open.hint});
  code_.raw(Bytes(pending_).subspan(open.pending));
  pending_.resize(open.pending);
}

Result<void> Parser::open_then() {
  TRY(check_no_hint());
  cursor_.take();
  cursor_.take();
  emit_pending();
  TRY(begin_block(open_.back().label));
  open_.back().kind = Open::if_then_done;
  open_.push_back({.kind = Open::clause});
  return {};
}

Result<void> Parser::open_else() {
  TRY(check_no_hint());
  if (!cursor_.take_list("else")) return cursor_.unexpected("(else ...) or a closing parenthesis");
  code_.opcode(Op::else_);
  open_.back().kind = Open::if_else_done;
  open_.push_back({.kind = Open::clause});
  return {};
}

// "(do ...)", "(catch x ...)", "(catch_all ...)" or "(delegate l)" of a legacy try.
Result<void> Parser::open_try_clause(Open::Kind state) {
  TRY(check_no_hint());
  if (state == Open::try_start) {
    if (!cursor_.take_list("do")) return cursor_.unexpected("(do ...)");
    open_.back().kind = Open::try_do_done;
  } else if (cursor_.take_list("catch")) {
    TRY(parse_immediate(Op::catch_));
    emit_scratch(std::nullopt);
    open_.back().kind = Open::try_catch_done;
  } else if (cursor_.take_list("catch_all")) {
    code_.opcode(Op::catch_all);
    open_.back().kind = Open::try_closed;
  } else if (state == Open::try_do_done && cursor_.take_list("delegate")) {
    end_block();
    TRY(parse_immediate(Op::delegate));
    emit_scratch(std::nullopt);
    open_.back().kind = Open::try_delegated;
    return cursor_.close();
  } else {
    return cursor_.unexpected("a clause of try, in order");
  }
  open_.push_back({.kind = Open::clause});
  return {};
}

// At the ")" of the innermost list.
Result<void> Parser::close_folded() {
  TRY(check_no_hint());
  switch (open_.back().kind) {
    case Open::plain:
      emit_pending();
      break;
    case Open::clause:
    case Open::try_delegated:
      break;
    case Open::block:
    case Open::if_then_done:
    case Open::if_else_done:
    case Open::try_do_done:
    case Open::try_catch_done:
    case Open::try_closed:
      code_.opcode(Op::end);
      end_block();
      break;
    case Open::if_condition:
      return cursor_.unexpected("(then ...)");
    case Open::try_start:
      return cursor_.unexpected("(do ...)");
    default:
      return cursor_.unexpected("the end of a block");
  }
  if (open_.back().kind != Open::clause) --folded_depth_;
  cursor_.take();
  open_.pop_back();
  return {};
}

}  // namespace nacre::wasm::text
