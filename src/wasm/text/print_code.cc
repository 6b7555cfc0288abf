// Instructions as text: one visitor for bodies and constant expressions.
#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "wasm/limits.h"
#include "wasm/text/numbers.h"
#include "wasm/text/print_context.h"
#include "wasm/text/strings.h"
#include "wasm/walk.h"

namespace nacre::wasm::text {
namespace {

constexpr size_t kMaxIndentLevels = 40;  // deeper code stays at this depth, or lines grow too long

class CodePrinter {
 public:
  // `locals` is null for constant expressions, which stay on one line.
  CodePrinter(PrintContext& context, const IdSpace* locals, const NameMap* labels)
      : context_(context), out_(context.out), locals_(locals), label_names_(labels) {}

  // Branch hints of the body that starts at `body`.
  void set_hints(const std::vector<BranchHint>* hints, const uint8_t* body) {
    hints_ = hints;
    body_ = body;
  }

  void set_starts(std::vector<InstructionStart>* starts, const uint8_t* body) {
    starts_ = starts;
    body_ = body;
  }

  void begin(const uint8_t* pos) {
    if (starts_ != nullptr) starts_->push_back({static_cast<uint32_t>(pos - body_), out_.size()});
    if (hints_ == nullptr || next_hint_ == hints_->size()) return;
    if ((*hints_)[next_hint_].offset != static_cast<uint64_t>(pos - body_)) return;
    const BranchHint& hint = (*hints_)[next_hint_++];
    if (!context_.hints_from_annotations) return;
    line(labels_.size());
    out_ += hint.likely ? "(@metadata.code.branch_hint \"\\01\")"
                        : "(@metadata.code.branch_hint \"\\00\")";
    ++context_.hints_written;
  }

#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  void name(const imm::imm_& i) {                               \
    if (!start(Op::name)) return;                               \
    immediate(Op::name, i);                                     \
    finish(Op::name);                                           \
  }
#include "wasm/ops.def"
#undef OP

 private:
  struct Label {
    std::string_view id;    // empty: none
    uint32_t shadowed = 0;  // 1 + position of the next outer label of this id; 0: none
  };

  // A new line, or in a constant expression a space.
  void line(size_t level) {
    if (locals_ == nullptr) {
      out_ += ' ';
      return;
    }
    out_ += '\n';
    out_.append(4 + 2 * std::min(level, kMaxIndentLevels), ' ');
  }

  // The mnemonic. False for the `end` of the whole expression, which the text does not write.
  bool start(Op op) {
    if (op == Op::end && labels_.empty()) return false;
    const OpInfo& info = op_info(op);
    if (info.ends_block() && !labels_.empty()) pop_label();
    size_t level = labels_.size();
    if (info.splits_block() && level != 0) --level;
    line(level);
    out_ += info.text;
    if (info.needs_data_count()) context_.uses_data_count = true;
    return true;
  }

  void finish(Op op) {
    if (!op_info(op).begins_block()) return;
    push_label(pending_label_ == nullptr ? std::string_view() : pending_label_->name);
    pending_label_ = nullptr;
  }

  // ---- labels

  // The id behind the mnemonic of a block; its label is in force once its immediates are written.
  void define_label() {
    uint32_t block = block_count_++;
    if (label_names_ == nullptr || next_name_ == label_names_->size()) return;
    // Names and blocks come in the same order.
    if ((*label_names_)[next_name_].index != block) return;
    pending_label_ = &(*label_names_)[next_name_++];
    if (!pending_label_->name.empty()) {
      out_ += ' ';
      append_id(out_, pending_label_->name);
    } else if (context_.names_from_ids) {
      out_ += " (@name \"\")";
    } else {
      return;
    }
    ++context_.names_written;
  }

  void push_label(std::string_view id) {
    Label label{.id = id};
    if (!id.empty()) {
      uint32_t& innermost = label_ids_[id];
      label.shadowed = innermost;
      innermost = static_cast<uint32_t>(labels_.size()) + 1;
    }
    labels_.push_back(label);
  }

  void pop_label() {
    const Label& label = labels_.back();
    if (!label.id.empty()) label_ids_[label.id] = label.shadowed;
    labels_.pop_back();
  }

  void label(uint32_t depth) {
    if (context_.is_too_long()) return;
    out_ += ' ';
    if (depth < labels_.size()) {
      uint32_t position = static_cast<uint32_t>(labels_.size()) - depth;  // 1 + index
      std::string_view id = labels_[position - 1].id;
      if (!id.empty() && label_ids_[id] == position && id.size() <= context_.id_bytes_left) {
        size_t before = out_.size();
        append_id(out_, id);
        return context_.spend_id(out_.size() - before);
      }
    }
    out_ += std::to_string(depth);
  }

  // ---- immediates

  void block_type(const BlockType& type) {
    switch (type.kind) {
      case BlockType::Kind::empty:
        return;
      case BlockType::Kind::value:
        out_ += " (result";
        context_.val_type(type.value);
        out_ += ')';
        return;
      case BlockType::Kind::type:
        return context_.type_use(type.type, nullptr);
    }
  }

  void ref_type(HeapType heap, bool nullable) {
    out_ += nullable ? " (ref null" : " (ref";
    context_.heap_type(heap);
    out_ += ')';
  }

  // The meanings of imm.def.
  void print_reserved(uint8_t) {}
  void print_label(uint32_t depth) { label(depth); }
  void print_ref_type(ValType type) { ref_type(type.heap(), type.nullable()); }
  void print_func_index(uint32_t index) { context_.refer(context_.functions, index); }
  void print_type_index(TypeIdx index) { context_.refer(context_.types, index_of(index)); }
  void print_tag_index(uint32_t index) { context_.refer(context_.tags, index); }
  void print_local_index(uint32_t index) {
    if (locals_ == nullptr) return print_number(index);
    context_.refer(*locals_, index);
  }
  void print_global_index(uint32_t index) { context_.refer(context_.globals, index); }
  // Left out where it is 0.
  void print_table_or_0(uint32_t index) {
    if (index != 0) context_.refer(context_.tables, index);
  }
  void print_memory_or_0(uint32_t index) {
    if (index != 0) context_.refer(context_.memories, index);
  }
  void print_elem_index(uint32_t index) { context_.refer(context_.elements, index); }
  void print_data_index(uint32_t index) { context_.refer(context_.data, index); }
  void print_lane(uint8_t lane) { print_number(lane); }
  void print_lanes(const Bytes16& lanes) {
    for (uint8_t lane : lanes) print_number(lane);
  }
  template <class T>
  void print_number(T value) {
    out_ += ' ';
    out_ += std::to_string(value);
  }
  void print_nat32(uint32_t value) { print_number(value); }
  void print_i32(int32_t value) { print_number(value); }
  void print_i64(int64_t value) { print_number(value); }
  void print_f32(uint32_t bits) {
    out_ += ' ';
    append_f32(out_, bits);
  }
  void print_f64(uint64_t bits) {
    out_ += ' ';
    append_f64(out_, bits);
  }
  void print_v128(const Bytes16& bytes) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, " i32x4 0x%08x 0x%08x 0x%08x 0x%08x",
                  load_le<uint32_t>(bytes.data()), load_le<uint32_t>(bytes.data() + 4),
                  load_le<uint32_t>(bytes.data() + 8), load_le<uint32_t>(bytes.data() + 12));
    out_ += buffer;
  }

#define FIELD(coding, meaning, member) print_##meaning(i.member);
#define IMM_each(name, ...) \
  void immediate(Op, [[maybe_unused]] const imm::name& i) { __VA_ARGS__ }
#define IMM_own(name, ...)
#define IMM(name, binary, text, ...) IMM_##text(name __VA_OPT__(, ) __VA_ARGS__)
#include "wasm/imm.def"
#undef IMM_each
#undef IMM_own

  void immediate(Op, const imm::block_type& i) {
    define_label();
    block_type(i.type);
  }
  void immediate(Op, const imm::try_table& i) {
    constexpr std::string_view kKeywords[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    define_label();
    block_type(i.type);
    for (const Catch& clause : i.catches) {
      out_ += " (";
      out_ += kKeywords[clause.kind];
      if (clause.has_tag()) print_tag_index(clause.tag);
      label(clause.label);
      out_ += ')';
    }
  }
  void immediate(Op, const imm::br_table& i) {
    for (uint32_t depth : i.depths) label(depth);
    label(i.default_depth);
  }
  void immediate(Op, const imm::call_indirect& i) {
    print_table_or_0(i.table);
    context_.type_use(i.type, nullptr);
  }
  void immediate(Op, const imm::select_types& i) {
    out_ += " (result";
    for (ValType result : i.types) context_.val_type(result);
    out_ += ')';
  }
  void immediate(Op op, const imm::memarg& i) {
    print_memory_or_0(i.memory);
    if (i.offset != 0) {
      out_ += " offset=";
      out_ += std::to_string(i.offset);
    }
    if (i.align_log2 != op_info(op).width_log2()) {
      out_ += " align=";
      out_ += std::to_string(uint64_t{1} << (i.align_log2 & 63));
    }
  }
  void immediate(Op op, const imm::memarg_lane& i) {
    immediate(op, i.arg);
    print_lane(i.lane);
  }
  void immediate(Op op, const imm::heap_type& i) {
    if (op == Op::ref_null) return context_.heap_type(i.type);
    ref_type(i.type, op == Op::ref_test_null || op == Op::ref_cast_null);
  }
  void immediate(Op, const imm::struct_field& i) {
    print_type_index(i.type);
    print_number(i.field);
  }
  // The segment, which comes first in the binary format, comes last.
  void immediate(Op, const imm::memory_init& i) {
    print_memory_or_0(i.memory);
    print_data_index(i.data);
  }
  void immediate(Op, const imm::table_init& i) {
    print_table_or_0(i.table);
    print_elem_index(i.elem);
  }
  // Both or none.
  void immediate(Op, const imm::memory_copy& i) {
    if (i.to == 0 && i.from == 0) return;
    context_.refer(context_.memories, i.to);
    context_.refer(context_.memories, i.from);
  }
  void immediate(Op, const imm::table_copy& i) {
    if (i.to == 0 && i.from == 0) return;
    context_.refer(context_.tables, i.to);
    context_.refer(context_.tables, i.from);
  }

  PrintContext& context_;
  std::string& out_;
  const IdSpace* locals_;
  const NameMap* label_names_;
  const std::vector<BranchHint>* hints_ = nullptr;
  std::vector<InstructionStart>* starts_ = nullptr;
  const uint8_t* body_ = nullptr;
  size_t next_hint_ = 0;
  uint32_t block_count_ = 0;
  size_t next_name_ = 0;
  const NameAssoc* pending_label_ = nullptr;  // of the block being written
  std::vector<Label> labels_;
  std::unordered_map<std::string_view, uint32_t> label_ids_;  // 1 + position; 0: none
};

// Walks to the end, which must be that of the reader's bytes.
Result<void> print_code(BodyReader& reader, CodePrinter& printer) {
  Trusted checker;
  walk(reader, checker, printer);
  if (!reader.ok()) return std::unexpected(reader.explained_error());
  if (!reader.at_end()) {
    return fail(ErrorCode::malformed, "unexpected content after the end of code", reader.offset());
  }
  return {};
}

// Reads the groups of locals and writes them, those without names together.
Result<void> print_locals(PrintContext& context, BodyReader& reader, uint32_t first,
                          const IdSpace& locals) {
  std::string& out = context.out;
  uint32_t groups = reader.count(kMaxLocals, 2);
  uint64_t index = first;
  bool in_list = false;
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
    uint32_t count = reader.u32();
    ValType type = reader.val_type();
    if (index + count > kMaxLocals) {
      return fail(ErrorCode::limit, "too many locals; Nacre takes at most 50000", reader.offset());
    }
    constexpr uint64_t kShortest = sizeof(" i32") - 1;
    if (context.would_be_too_long(count * kShortest)) {
      return context.too_long(": of " + std::to_string(count) + " locals each is written");
    }
    for (uint32_t k = 0; k < count; ++k, ++index) {
      uint32_t local = static_cast<uint32_t>(index);
      bool named = locals.has_name(local);
      if (named && in_list) out += ')';
      if (named || !in_list) out += index == first ? "\n    (local" : " (local";
      if (named)
        context.names_written += locals.append_definition(out, local, context.names_from_ids);
      context.val_type(type);
      if (named) out += ')';
      in_list = !named;
    }
  }
  if (in_list) out += ')';
  if (!reader.ok()) return std::unexpected(reader.explained_error());
  return {};
}

}  // namespace

Result<void> print_const_expr(PrintContext& context, const ConstExpr& expr) {
  BodyReader reader(expr.code, context.module.offset_of(expr.code.data()), context.features);
  CodePrinter printer(context, nullptr, nullptr);
  return print_code(reader, printer);
}

Result<void> print_body(PrintContext& context, uint32_t function, const IdSpace& locals,
                        std::vector<InstructionStart>* starts) {
  Bytes body = context.module.body_of(function);
  BodyReader reader(body, context.module.offset_of(body.data()), context.features);
  const FuncType* type = context.find_func_type(context.module.functions[function]);
  uint32_t params = type != nullptr ? static_cast<uint32_t>(type->params.size()) : 0;
  TRY(print_locals(context, reader, params, locals));
  CodePrinter printer(context, &locals, find_names(context.names.labels, function));
  auto hints =
      std::ranges::lower_bound(context.hints, function, {}, &FunctionBranchHints::function);
  if (hints != context.hints.end() && hints->function == function) {
    printer.set_hints(&hints->hints, body.data());
  }
  if (starts != nullptr) printer.set_starts(starts, body.data());
  return print_code(reader, printer);
}

}  // namespace nacre::wasm::text
