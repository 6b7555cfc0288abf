// Types and type uses (specification 3.0, 6.4).
#include <algorithm>
#include <bit>

#include "base/utf8.h"
#include "wasm/limits.h"
#include "wasm/text/parser_impl.h"

namespace nacre::wasm::text {
namespace {

struct HeapTypeWord {
  std::string_view word;
  std::string_view short_ref;  // for "(ref null word)"
  HeapType::Abstract type;
};
constexpr HeapTypeWord kHeapTypeWords[] = {
    {"func", "funcref", HeapType::kFunc},
    {"extern", "externref", HeapType::kExtern},
    {"any", "anyref", HeapType::kAny},
    {"eq", "eqref", HeapType::kEq},
    {"i31", "i31ref", HeapType::kI31},
    {"struct", "structref", HeapType::kStruct},
    {"array", "arrayref", HeapType::kArray},
    {"exn", "exnref", HeapType::kExn},
    {"none", "nullref", HeapType::kNone},
    {"nofunc", "nullfuncref", HeapType::kNoFunc},
    {"noextern", "nullexternref", HeapType::kNoExtern},
    {"noexn", "nullexnref", HeapType::kNoExn},
};

const HeapTypeWord* find_short_ref(std::string_view word) {
  auto found = std::ranges::find(kHeapTypeWords, word, &HeapTypeWord::short_ref);
  return found == std::end(kHeapTypeWords) ? nullptr : found;
}

std::optional<ValType::Code> find_number_type(std::string_view word) {
  if (word == "i32") return ValType::kI32;
  if (word == "i64") return ValType::kI64;
  if (word == "f32") return ValType::kF32;
  if (word == "f64") return ValType::kF64;
  if (word == "v128") return ValType::kV128;
  return std::nullopt;
}

void append_key(std::string& key, const std::vector<ValType>& types) {
  uint32_t count = static_cast<uint32_t>(types.size());
  key.append(reinterpret_cast<const char*>(&count), sizeof count);
  for (ValType type : types) {
    uint32_t bits = type.bits();
    key.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
}

}  // namespace

// Equal keys mean types that are written equally.
std::string function_type_key(const FuncType& type) {
  std::string key;
  append_key(key, type.params);
  append_key(key, type.results);
  return key;
}

Result<void> Parser::need(Feature feature, const Token& at, std::string_view what) const {
  if (features_.has(feature)) return {};
  return cursor_.malformed(
      at, std::string(what) + " needs the feature " + std::string(feature_info(feature).text));
}

// funcref is as old as tables; every other heap type came with a feature.
Result<void> Parser::need_heap_type(HeapType::Abstract type, const Token& at) const {
  if (type == HeapType::kFunc) return {};
  bool is_exn = type == HeapType::kExn || type == HeapType::kNoExn;
  Feature feature = type == HeapType::kExtern ? Feature::reference_types
                    : is_exn                  ? Feature::exceptions
                                              : Feature::gc;
  return need(feature, at, at.text);
}

Result<HeapType> Parser::parse_heap_type() {
  if (cursor_.at(TokenKind::word)) {
    auto found = std::ranges::find(kHeapTypeWords, cursor_.peek().text, &HeapTypeWord::word);
    if (found != std::end(kHeapTypeWords)) {
      TRY(need_heap_type(found->type, cursor_.peek()));
      cursor_.take();
      return found->type;
    }
  }
  if (!at_index()) return cursor_.unexpected("a heap type");
  TRY(need(Feature::function_references, cursor_.peek(), "a reference to a defined type"));
  return HeapType::concrete(TRY(parse_type_index()));
}

bool Parser::at_ref_type() const {
  if (cursor_.at_list("ref")) return true;
  return cursor_.at(TokenKind::word) && find_short_ref(cursor_.peek().text) != nullptr;
}

Result<ValType> Parser::parse_ref_type() {
  Token start = cursor_.peek();
  if (cursor_.take_list("ref")) {
    TRY(need(Feature::function_references, start, "(ref ...)"));
    bool nullable = cursor_.take_word("null");
    HeapType heap = TRY(parse_heap_type());
    TRY(cursor_.close());
    return ValType::ref(heap, nullable);
  }
  if (cursor_.at(TokenKind::word)) {
    if (const HeapTypeWord* found = find_short_ref(cursor_.peek().text)) {
      TRY(need_heap_type(found->type, cursor_.peek()));
      cursor_.take();
      return ValType::ref(found->type, true);
    }
  }
  return cursor_.unexpected("a reference type");
}

Result<ValType> Parser::parse_val_type() {
  if (cursor_.at(TokenKind::word)) {
    if (std::optional<ValType::Code> code = find_number_type(cursor_.peek().text)) {
      if (*code == ValType::kV128) TRY(need(Feature::simd, cursor_.peek(), "v128"));
      cursor_.take();
      return *code;
    }
  }
  if (!at_ref_type()) return cursor_.unexpected("a value type");
  TRY(need(Feature::reference_types, cursor_.peek(), "a reference as a value"));
  return parse_ref_type();
}

Result<FieldType> Parser::parse_field_type() {
  bool is_mutable = cursor_.take_list("mut");
  FieldType field{.is_mutable = is_mutable};
  if (cursor_.take_word("i8")) {
    field.type = ValType::kI8;
  } else if (cursor_.take_word("i16")) {
    field.type = ValType::kI16;
  } else {
    field.type = TRY(parse_val_type());
  }
  if (is_mutable) TRY(cursor_.close());
  return field;
}

// "(param ...)*". Where ids are not allowed, `ids` is null.
Result<void> Parser::parse_params(FuncType& type, ParamIds* ids) {
  while (cursor_.take_list("param")) {
    Token id = cursor_.peek();
    bool one = false;
    if (ids != nullptr) {
      uint32_t index = static_cast<uint32_t>(type.params.size());
      one = id.kind == TokenKind::id || id.kind == TokenKind::annotation;
      if (id.kind == TokenKind::id && ids->bind) TRY(bind_local(id, index));
      std::optional<std::string_view> name = TRY(parse_binding());
      if (name) ids->names.push_back({index, *name});
    }
    if (one) type.params.push_back(TRY(parse_val_type()));
    while (!one && !cursor_.at(TokenKind::right)) type.params.push_back(TRY(parse_val_type()));
    TRY(cursor_.close());
  }
  if (type.params.size() > kMaxParams) {
    return fail(ErrorCode::limit, "too many parameters; Nacre takes at most 1000",
                cursor_.where(cursor_.peek()));
  }
  return {};
}

Result<void> Parser::parse_results(FuncType& type) {
  while (cursor_.take_list("result")) {
    while (!cursor_.at(TokenKind::right)) {
      if (!type.results.empty()) {
        TRY(need(Feature::multi_value, cursor_.peek(), "more than one result"));
      }
      type.results.push_back(TRY(parse_val_type()));
    }
    TRY(cursor_.close());
  }
  if (type.results.size() > kMaxResults) {
    return fail(ErrorCode::limit, "too many results; Nacre takes at most 1000",
                cursor_.where(cursor_.peek()));
  }
  return {};
}

Result<FuncType> Parser::parse_func_type(ParamIds* ids) {
  FuncType type;
  TRY(parse_params(type, ids));
  TRY(parse_results(type));
  return type;
}

// ---- type definitions

Result<void> Parser::parse_type_field() {
  uint32_t first = static_cast<uint32_t>(module_.types.size());
  TRY(parse_one_type());
  module_.rec_groups.push_back({.first = first, .count = 1, .explicit_rec = false});
  return {};
}

Result<void> Parser::parse_rec_field() {
  TRY(need(Feature::gc, cursor_.peek(), "(rec ...)"));
  cursor_.take();
  cursor_.take();
  RecGroup group{.first = static_cast<uint32_t>(module_.types.size()), .explicit_rec = true};
  while (cursor_.at_list("type")) TRY(parse_one_type());
  group.count = static_cast<uint32_t>(module_.types.size()) - group.first;
  module_.rec_groups.push_back(group);
  return cursor_.close();
}

// "(type id? subtype)"
Result<void> Parser::parse_one_type() {
  cursor_.take();
  cursor_.take();
  uint32_t index = static_cast<uint32_t>(module_.types.size());
  TRY(parse_space_binding(Space::type, index));
  module_.types.push_back(TRY(parse_sub_type(index)));
  return cursor_.close();
}

// What type `index` is defined as.
Result<SubType> Parser::parse_sub_type(uint32_t index) {
  SubType type;
  Token start = cursor_.peek();
  if (cursor_.take_list("sub")) {
    TRY(need(Feature::gc, start, "(sub ...)"));
    type.is_final = cursor_.take_word("final");
    if (at_index()) type.super = TRY(parse_type_index());
    if (at_index()) {
      return fail(ErrorCode::invalid, "sub type with more than one supertype",
                  cursor_.where(cursor_.peek()));
    }
    TRY(parse_composite_type(type, index));
    TRY(cursor_.close());
  } else {
    TRY(parse_composite_type(type, index));
  }
  return type;
}

Result<void> Parser::parse_composite_type(SubType& type, uint32_t index) {
  Token start = cursor_.peek();
  if (cursor_.take_list("func")) {
    type.kind = SubType::Kind::func;
    ParamIds ids;  // allowed, of no consequence
    type.func = TRY(parse_func_type(&ids));
  } else if (cursor_.take_list("array")) {
    TRY(need(Feature::gc, start, "(array ...)"));
    type.kind = SubType::Kind::array;
    type.fields.push_back(TRY(parse_field_type()));
  } else if (cursor_.take_list("struct")) {
    TRY(need(Feature::gc, start, "(struct ...)"));
    type.kind = SubType::Kind::structure;
    TRY(parse_struct_fields(type, index));
  } else {
    return cursor_.unexpected("(func ...), (struct ...) or (array ...)");
  }
  return cursor_.close();
}

Result<void> Parser::parse_struct_fields(SubType& type, uint32_t index) {
  NameMap field_names;
  while (cursor_.take_list("field")) {
    Token id = cursor_.peek();
    uint32_t field = static_cast<uint32_t>(type.fields.size());
    bool one = id.kind == TokenKind::id || id.kind == TokenKind::annotation;
    if (id.kind == TokenKind::id && !field_ids_[index].emplace(TRY(id_name(id)), field).second) {
      return cursor_.malformed(id, "duplicate field " + printable(id.text));
    }
    std::optional<std::string_view> name = TRY(parse_binding());
    if (name) field_names.push_back({field, *name});
    if (one) type.fields.push_back(TRY(parse_field_type()));
    while (!one && !cursor_.at(TokenKind::right)) type.fields.push_back(TRY(parse_field_type()));
    TRY(cursor_.close());
  }
  if (type.fields.size() > kMaxFields) {
    return fail(ErrorCode::limit, "too many fields; Nacre takes at most 10000",
                cursor_.where(cursor_.peek()));
  }
  if (!field_names.empty()) names_.fields.push_back({index, std::move(field_names)});
  return {};
}

// ---- types of tables, memories and globals

Result<AddressType> Parser::parse_address_type() {
  Token token = cursor_.peek();
  if (cursor_.take_word("i64")) {
    TRY(need(Feature::memory64, token, "an i64 memory or table"));
    return AddressType::i64;
  }
  cursor_.take_word("i32");
  return AddressType::i32;
}

Result<Limits> Parser::parse_limits(AddressType address) {
  Limits limits{.address = address};
  limits.min = TRY(parse_nat64());
  if (at_index()) limits.max = TRY(parse_nat64());
  return limits;
}

Result<TableType> Parser::parse_table_type() {
  TableType type;
  type.limits = TRY(parse_limits(TRY(parse_address_type())));
  type.element = TRY(parse_ref_type());
  return type;
}

Result<MemoryType> Parser::parse_memory_type(AddressType address) {
  MemoryType type;
  type.limits = TRY(parse_limits(address));
  if (cursor_.at_word("shared")) {
    TRY(need(Feature::threads, cursor_.peek(), "a shared memory"));
    cursor_.take();
    type.shared = true;
  }
  TRY(parse_page_size(type));
  return type;
}

// "(pagesize n)", if it is there: a power of two. Which ones are supported is for validation.
Result<void> Parser::parse_page_size(MemoryType& type) {
  Token start = cursor_.peek();
  if (!cursor_.take_list("pagesize")) return {};
  TRY(need(Feature::custom_page_sizes, start, "(pagesize ...)"));
  Token token = cursor_.peek();
  uint64_t size = TRY(parse_nat64());
  if (!std::has_single_bit(size)) {
    return cursor_.malformed(token, "invalid custom page size: it must be a power of two");
  }
  type.page_size_log2 = static_cast<uint8_t>(std::countr_zero(size));
  return cursor_.close();
}

Result<GlobalType> Parser::parse_global_type() {
  GlobalType type;
  type.is_mutable = cursor_.take_list("mut");
  type.type = TRY(parse_val_type());
  if (type.is_mutable) TRY(cursor_.close());
  return type;
}

// ---- type uses

TypeIdx Parser::implicit_type(const FuncType& type) {
  uint32_t next = static_cast<uint32_t>(module_.types.size());
  auto [found, is_new] = function_types_.emplace(function_type_key(type), next);
  if (is_new) {
    module_.types.push_back({.kind = SubType::Kind::func, .func = type});
    module_.rec_groups.push_back({.first = next, .count = 1, .explicit_rec = false});
  }
  return TypeIdx{found->second};
}

// "(type x)? (param ...)* (result ...)*", not yet resolved.
Result<Parser::TypeUse> Parser::parse_type_use_words(ParamIds* ids) {
  TypeUse use;
  if (cursor_.take_list("type")) {
    use.is_explicit = true;
    use.index = TRY(parse_type_index());
    TRY(cursor_.close());
  }
  use.inline_type = TRY(parse_func_type(ids));
  return use;
}

Result<Parser::TypeUse> Parser::parse_type_use(ParamIds* ids) {
  Token start = cursor_.peek();
  TypeUse use = TRY(parse_type_use_words(ids));
  TRY(resolve_type_use(use, start));
  return use;
}

Result<void> Parser::resolve_type_use(TypeUse& use, const Token& at) {
  if (!use.is_explicit) {
    use.index = implicit_type(use.inline_type);
    return {};
  }
  if (use.inline_type.params.empty() && use.inline_type.results.empty()) return {};
  if (index_of(use.index) >= module_.types.size()) {
    return cursor_.malformed(at, "unknown type " + std::to_string(index_of(use.index)));
  }
  const SubType& type = module_.types[index_of(use.index)];
  if (type.kind == SubType::Kind::func && type.func == use.inline_type) return {};
  return cursor_.malformed(at, "inline function type differs from the type it names");
}

uint32_t Parser::param_count(TypeIdx type) const {
  if (index_of(type) >= module_.types.size()) return 0;
  return static_cast<uint32_t>(module_.types[index_of(type)].func.params.size());
}

// At most one result and nothing else is written as a value; everything else as a type.
Result<BlockType> Parser::parse_block_type() {
  Token start = cursor_.peek();
  TypeUse use = TRY(parse_type_use_words(nullptr));
  const FuncType& type = use.inline_type;
  if (!use.is_explicit && type.params.empty() && type.results.size() <= 1) {
    if (type.results.empty()) return BlockType{};
    return BlockType{.kind = BlockType::Kind::value, .value = type.results[0]};
  }
  TRY(need(Feature::multi_value, start, "a block with a type of its own"));
  TRY(resolve_type_use(use, start));
  return BlockType{.kind = BlockType::Kind::type, .value = {}, .type = use.index};
}

}  // namespace nacre::wasm::text
