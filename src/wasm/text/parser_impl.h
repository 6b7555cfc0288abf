// The parser of one module. Private to wasm/text: the work is spread over parse_*.cc.
//
// Ids may be used before they are bound, and implicit types follow the explicit ones, so the source
// is read twice: scan_fields() finds the fields and numbers what they define, then types are
// parsed, then all other fields in the order of the text.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wasm/binary/writer.h"
#include "wasm/features.h"
#include "wasm/imm.h"
#include "wasm/module.h"
#include "wasm/names.h"
#include "wasm/ops.h"
#include "wasm/text/cursor.h"
#include "wasm/text/literals.h"
#include "wasm/text/storage.h"

namespace nacre::wasm::text {

using IdMap = std::unordered_map<std::string_view, uint32_t>;

// The index spaces of a module; locals, labels and fields have narrower scopes.
enum class Space : uint8_t { type, func, table, memory, global, tag, elem, data };
inline constexpr size_t kSpaceCount = 8;

// Clearing a hash map takes time for each bucket: a map that grew beyond this is replaced instead.
inline constexpr size_t kRehashBuckets = 1024;
std::string_view space_text(Space space);
std::string function_type_key(const FuncType& type);

class Parser {
 public:
  Parser(std::string_view source, size_t begin, size_t end, Features features)
      : cursor_(source, begin, end, Annotations::known),
        features_(features),
        storage_(&module_.owned) {}

  // With a name, possibly empty, only the fields of a module stand in the text.
  Result<Module> parse(std::optional<std::string_view> name = std::nullopt);

 private:
  friend class CoreTypeParser;

  struct Field {
    std::string_view keyword;  // of annotations their name
    bool is_annotation = false;
    size_t begin = 0;
  };
  struct SpaceState {
    IdMap ids;
    uint32_t count = 0;  // numbered by the scan
    uint32_t next = 0;   // the next one to be defined
  };
  // Ids of parameters where a function type may have them.
  struct ParamIds {
    NameMap names;      // by parameter
    bool bind = false;  // they are locals of the function that is read
  };

  // ---- parse_module.cc: the module's frame
  Result<void> parse_module_header(bool* wrapped);
  Result<void> scan_fields();
  Result<void> scan_field();
  Result<void> scan_import();
  Result<void> scan_definition(Space space);
  Result<void> scan_binding(Space space);
  Result<void> parse_types();
  Result<void> parse_fields();
  Result<void> parse_field(const Field& field);
  Result<void> check_counts();
  void finish();

  // ---- parse_fields.cc
  Result<void> parse_import();
  Result<void> parse_import_items(std::string_view module_name);
  Result<ExternType> parse_extern_type(bool allow_id);
  Result<void> parse_extern_type_of(ExternType& type, uint32_t index);
  // False if the field was an abbreviated import, which is then done.
  Result<bool> parse_definition_head(Space space, ExternKind kind, uint32_t* index);
  Result<void> parse_func();
  Result<void> bind_local(const Token& id, uint32_t index);
  Result<void> parse_locals(NameMap& names);
  Result<void> parse_table();
  Result<void> parse_inline_elements(uint32_t table, TableType type);
  Result<void> parse_memory();
  Result<void> parse_inline_data(uint32_t memory, MemoryType type);
  Result<void> parse_global();
  Result<void> parse_tag();
  Result<void> parse_export();
  Result<void> parse_start();
  Result<void> parse_elem();
  Result<void> parse_elem_list(ElementSegment& segment, bool allow_bare_indices);
  Result<void> parse_function_indices(ElementSegment& segment);
  Result<void> parse_elem_exprs(ElementSegment& segment);
  Result<void> parse_data();
  Result<ConstExpr> parse_offset();
  Result<ConstExpr> parse_item();
  Result<Bytes> parse_data_strings();
  Result<void> parse_inline_exports(ExternKind kind, uint32_t index);
  // Whether "(import ...)" stood here; its strings are then in `import`.
  Result<bool> parse_inline_import(Import* import);
  Result<void> add_import(Import import);
  ConstExpr zero_offset(AddressType address);

  // ---- parse_types.cc
  Result<ValType> parse_val_type();
  Result<ValType> parse_ref_type();
  Result<HeapType> parse_heap_type();
  Result<FieldType> parse_field_type();
  Result<FuncType> parse_func_type(ParamIds* ids);
  Result<void> parse_params(FuncType& type, ParamIds* ids);
  Result<void> parse_results(FuncType& type);
  Result<void> parse_type_field();
  Result<void> parse_rec_field();
  Result<void> parse_one_type();
  Result<SubType> parse_sub_type(uint32_t index);
  Result<void> parse_composite_type(SubType& type, uint32_t index);
  Result<void> parse_struct_fields(SubType& type, uint32_t index);
  Result<Limits> parse_limits(AddressType address);
  Result<AddressType> parse_address_type();
  Result<TableType> parse_table_type();
  Result<MemoryType> parse_memory_type(AddressType address);
  Result<void> parse_page_size(MemoryType& type);
  Result<GlobalType> parse_global_type();
  bool at_ref_type() const;

  // A type use: "(type x)", parameters and results. Without "(type x)" an equal type is looked up
  // or appended.
  struct TypeUse {
    TypeIdx index{};
    bool is_explicit = false;  // "(type x)" was written
    FuncType inline_type;      // what was written in params and results
  };
  Result<TypeUse> parse_type_use(ParamIds* ids);
  Result<TypeUse> parse_type_use_words(ParamIds* ids);
  Result<void> resolve_type_use(TypeUse& use, const Token& at);
  TypeIdx implicit_type(const FuncType& type);
  Result<BlockType> parse_block_type();
  uint32_t param_count(TypeIdx type) const;

  // Malformed unless the feature is on: "a tag needs the feature exceptions".
  Result<void> need(Feature feature, const Token& at, std::string_view what) const;
  Result<void> need_heap_type(HeapType::Abstract type, const Token& at) const;

  // ---- parse_ids.cc: ids, indices, names, annotations
  Result<std::string_view> id_name(const Token& token);
  bool at_index() const;
  Result<uint32_t> parse_index(Space space);
  Result<uint32_t> parse_index_or(Space space, uint32_t otherwise);
  Result<TypeIdx> parse_type_index();
  Result<uint32_t> parse_nat32();
  Result<uint64_t> parse_nat64();
  Result<uint64_t> parse_number(const Token& token, uint32_t bits, bool is_signed) const {
    return parse_int_bits(cursor_, token, bits, is_signed);
  }
  Result<std::string_view> parse_name_string();
  // An optional id and its optional (@name): what goes into the name section.
  Result<std::optional<std::string_view>> parse_binding();
  Result<void> parse_space_binding(Space space, uint32_t index);
  NameMap* names_of(Space space);
  Result<std::optional<std::string_view>> parse_name_annotation();
  Result<void> parse_module_annotation();
  Result<void> parse_custom_annotation();
  Result<SectionId> parse_custom_place();
  Result<bool> parse_branch_hint();
  std::unexpected<Error> bad_annotation(const Token& at, std::string message) const;

  // ---- parse_instructions.cc
  struct LabelBinding {
    std::string_view id;                   // empty: none
    std::optional<std::string_view> name;  // for the name section
  };
  struct Label {
    std::string_view name;  // empty: none
    uint32_t shadowed = 0;  // 1 + position of the next outer label of this name; 0: none
  };
  // What is open while instructions are read: flat blocks, then lists in parentheses.
  struct Open {
    enum Kind : uint8_t {
      flat_block,  // until `end`
      flat_if,     // may meet `else`
      flat_else,
      flat_try,    // may meet `catch`, `catch_all`, `delegate`
      flat_catch,  // may meet `catch`, `catch_all`
      flat_catch_all,
      plain,           // (op ...): operands until ")"
      block,           // (block ...): instructions until ")"
      if_condition,    // (if ...): operands until (then
      if_then_done,    // (else or ")"
      if_else_done,    // ")"
      try_start,       // (try ...: (do must follow
      try_do_done,     // (catch, (catch_all, (delegate or ")"
      try_catch_done,  // (catch, (catch_all or ")"
      try_closed,      // ")"
      try_delegated,   // ")"; the block has ended already
      clause,          // (then ...), (else ...), (do ...), (catch ...), (catch_all ...)
    };
    Kind kind;
    std::optional<bool> hint;  // plain, if_condition: a branch hint for the instruction
    size_t pending = 0;        // plain, if_condition: where its bytes start in pending_
    LabelBinding label;        // if_condition
  };
  Result<Bytes> parse_expression();         // up to the ")" of the enclosing list, with `end`
  Result<Bytes> parse_folded_expression();  // one folded instruction, with `end`
  Result<void> parse_instructions(bool one_folded);
  bool at_instruction_position() const;
  Result<void> parse_flat();
  Result<void> parse_flat_clause(Op op, const Token& token);
  Result<void> open_folded();
  Result<void> open_then();
  Result<void> open_else();
  Result<void> open_try_clause(Open::Kind state);
  Result<void> close_folded();
  Result<LabelBinding> parse_block_head(Op op);
  Result<void> check_repeated_label();
  Result<Op> parse_op();
  Result<void> begin_block(const LabelBinding& binding);
  void end_block();
  void emit_scratch(std::optional<bool> hint);
  void emit_pending();
  std::optional<bool> take_hint() { return std::exchange(hint_, std::nullopt); }
  Result<void> check_no_hint();

  // ---- parse_immediates.cc
  Result<uint32_t> parse_label();
  Result<uint32_t> parse_local_index();
  Result<void> parse_immediate(Op op);
  // parse(op, immediate) for each row of imm.def. It may choose another op of the same mnemonic.
#define IMM(name, binary, text, ...) Result<void> parse(Op& op, imm::name& i);
#include "wasm/imm.def"
  // The meanings of imm.def.
  Result<uint8_t> parse_reserved() { return 0; }
  Result<uint32_t> parse_func_index() { return parse_index(Space::func); }
  Result<uint32_t> parse_tag_index() { return parse_index(Space::tag); }
  Result<uint32_t> parse_global_index() { return parse_index(Space::global); }
  Result<uint32_t> parse_table_or_0() { return parse_index_or(Space::table, 0); }
  Result<uint32_t> parse_memory_or_0() { return parse_index_or(Space::memory, 0); }
  Result<uint32_t> parse_elem_index() { return parse_index(Space::elem); }
  Result<uint32_t> parse_data_index() { return parse_index(Space::data); }
  Result<uint8_t> parse_lane();
  Result<Bytes16> parse_lanes();
  Result<int32_t> parse_i32();
  Result<int64_t> parse_i64();
  Result<uint32_t> parse_f32();
  Result<uint64_t> parse_f64();
  Result<Bytes16> parse_v128();

  Result<void> parse_memarg(Op op, imm::memarg& arg, bool has_lane);
  Result<void> parse_two_indices(Space space, uint32_t& to, uint32_t& from);
  Result<void> parse_segment_init(Space target_space, uint32_t& target, Space segment_space,
                                  uint32_t& segment);

  Cursor cursor_;
  Features features_;
  Module module_;
  Storage storage_;
  std::vector<Field> fields_;
  std::array<SpaceState, kSpaceCount> spaces_;
  SpaceState& space(Space which) { return spaces_[static_cast<size_t>(which)]; }
  std::deque<std::string> decoded_ids_;
  std::vector<IdMap> field_ids_;  // by type
  std::unordered_map<std::string, uint32_t> function_types_;
  std::string_view first_definition_;  // for "import after function"
  NameSection names_;
  BranchHints branch_hints_;
  bool needs_data_count_ = false;

  // The code being read.
  ByteWriter code_;
  ByteWriter scratch_;            // one instruction
  std::vector<uint32_t> depths_;  // what its immediate views
  std::vector<ValType> types_;
  std::vector<Catch> catches_;
  std::vector<uint8_t> pending_;  // of folded instructions whose operands are being read
  std::vector<Open> open_;
  std::vector<Label> labels_;
  IdMap label_ids_;  // 1 + position in labels_ of the innermost
  IdMap local_ids_;
  uint32_t local_count_ = 0;
  bool in_function_ = false;
  std::optional<bool> hint_;  // read, not yet attached
  Token hint_token_;
  uint32_t block_count_ = 0;
  uint32_t folded_depth_ = 0;
  NameMap label_names_;
  std::vector<BranchHint> hints_;
};

}  // namespace nacre::wasm::text
