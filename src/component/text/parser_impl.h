// The parser of one component. Private to component/text: the work is spread over parse_*.cc.
//
// One reading suffices, for ids are bound before they are used.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "component/component.h"
#include "wasm/names.h"
#include "wasm/text/core_types.h"
#include "wasm/text/cursor.h"
#include "wasm/text/storage.h"

namespace nacre::component::text {

using wasm::text::Annotations;
using wasm::text::Cursor;
using wasm::text::Token;
using wasm::text::TokenKind;

class Parser {
 public:
  Parser(std::string_view source, size_t begin, size_t end, wasm::Features core)
      : cursor_(source, begin, end, Annotations::known), core_(core), storage_(&component_.owned) {}

  // Is wrapped: has "(component ...)" around its fields.
  Result<Component> parse(bool is_wrapped);

 private:
  // A component, component type or instance type that is being read.
  struct Scope {
    Scope* parent = nullptr;
    std::string_view id;
    Definitions* out = nullptr;
    bool is_component = true;  // else a type
    std::array<uint32_t, kSortCount> counts{};
    struct Binding {
      uint32_t index = 0;
      bool is_outer = false;  // found around this scope
    };
    std::array<std::unordered_map<std::string_view, Binding>, kSortCount> ids;
    std::array<wasm::NameMap, kSortCount> names;
    std::unique_ptr<wasm::text::CoreTypeParser> core_types;
  };
  // Counts what is open, so that recursion has an end.
  class Nested;

  // ---- parse_component.cc: fields
  Result<void> fields(Scope& scope);
  Result<void> field();
  Result<void> core_field();
  Result<void> component_field();
  Result<void> core_module_field();
  Result<Bytes> core_module_bytes(std::string_view name);
  Result<void> core_instance_field();
  Result<void> core_instance_body(CoreInstance& instance);
  Result<uint32_t> core_argument();
  Result<void> core_item_field(Sort sort);
  Result<void> instance_field();
  Result<void> instance_body(Instance& instance);
  Result<SortIndex> argument();
  Result<void> func_field();
  Result<void> type_field();
  Result<void> import_field();
  Result<void> export_field();
  Result<void> alias_field();
  Result<Alias> alias_target();
  Result<void> finish_alias(Alias& alias, const Token& index);
  void add_names(Scope& scope);
  Result<void> custom_field();

  // Exports and an import inside of a definition.
  struct Head {
    std::string_view id;
    std::optional<std::string_view> annotated;  // (@name "...")
    std::vector<AttributedName> exports;
    std::optional<AttributedName> import;
  };
  Result<Head> head();
  Result<bool> at_inline(std::string_view word);
  Result<void> inline_alias(Sort sort, const Head& head);
  Result<AttributedName> attributed_name();
  // Adds what the definition defines, under its id and its exports.
  Result<uint32_t> define(Definition::Content content, Sort sort, const Head& head);
  Result<void> define_import(const Head& head, Sort sort);
  Result<void> define_exports(const Head& head, Sort sort, uint32_t index);

  // ---- parse_types.cc
  Result<ValType> val_type();
  Result<std::optional<ValType>> optional_val_type();
  Result<Type> type_definition();
  Result<void> val_definition(Type& type);
  Result<void> members(Type& type, std::string_view keyword, bool has_type);
  Result<void> resource(Type& type);
  Result<void> func_signature(Type& type);
  Result<Definitions> declarations(bool is_component);
  Result<void> declaration(bool is_component);
  Result<void> export_declaration();
  Result<uint32_t> type_use(Type::Kind kind);
  Result<ExternDesc> extern_desc(std::string_view* id);
  Result<ExternDesc> extern_desc_of(Sort sort);
  Result<void> core_type_field();
  Result<CoreModuleType> core_module_type(size_t begin);
  Result<void> core_module_declaration(CoreModuleType& type, wasm::text::CoreTypeParser& parser);
  Result<void> core_module_alias(CoreModuleType& type, wasm::text::CoreTypeParser& parser);
  Result<void> add_used_outer_types(CoreModuleType& type, wasm::text::CoreTypeParser& parser);
  wasm::text::CoreTypeParser& core_types(Scope& scope);

  // ---- parse_canons.cc
  Result<void> canon_field();
  Result<Canon> canon();
  Result<void> canon_immediates(Canon& canon, CanonShape shape);
  Result<std::vector<Option>> options();
  Result<std::optional<Option>> option();

  // ---- parse_items.cc: ids, indices, items
  bool at_index() const;
  Result<uint32_t> number();
  Result<uint32_t> index(Sort sort);
  Result<uint32_t> find(Sort sort, const Token& id);
  Result<uint32_t> find(const Scope& scope, Sort sort, const Token& token);
  Result<uint32_t> item(Sort sort);
  Result<uint32_t> item_in_list(Sort sort);
  Result<uint32_t> index_or_list(Sort sort);
  Result<SortIndex> sorted_item();
  Result<Sort> sort();
  // An optional id, "$f", and an annotation behind it, (@name "..."), which only modules keep.
  Result<std::string_view> take_id(std::optional<std::string_view>* annotated = nullptr);
  // What an id stands for, without its "$" and quotes.
  std::string_view id_name(std::string_view id);
  bool at_annotation(std::string_view name) const {
    return cursor_.at(TokenKind::annotation) && cursor_.peek().text == name;
  }
  Result<std::string_view> name_annotation();
  Result<std::string_view> string();

  Scope& scope() { return *scope_; }
  uint32_t add(Definition::Content content, Sort sort);
  Result<void> check_count() const;
  Result<void> bind(Sort sort, std::string_view id, uint32_t index);

  Cursor cursor_;
  wasm::Features core_;
  Component component_;
  wasm::text::Storage storage_;
  Scope* scope_ = nullptr;
  size_t start_ = 0;    // of the definition being read
  uint32_t depth_ = 0;  // open lists that nest
  uint64_t definition_count_ = 0;
};

class Parser::Nested {
 public:
  explicit Nested(uint32_t* depth) : depth_(depth) { ++*depth_; }
  ~Nested() { --*depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  uint32_t* depth_;
};

}  // namespace nacre::component::text
