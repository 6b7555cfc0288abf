// Types: of values, functions, instances, components and modules.
#include <algorithm>
#include <unordered_set>

#include "base/utf8.h"
#include "component/limits.h"
#include "component/text/parser_impl.h"

namespace nacre::component::text {

using Kind = Type::Kind;
using wasm::text::CoreTypeParser;

// ---- values

Result<ValType> Parser::val_type() {
  if (cursor_.at(TokenKind::word)) {
    if (std::optional<Primitive> primitive = find_primitive(cursor_.peek().text)) {
      cursor_.take();
      return *primitive;
    }
  }
  if (at_index()) {
    Token token = cursor_.peek();
    uint32_t found = TRY(index(Sort::type));
    if (found <= ValType::kMaxIndex) return ValType::at(found);
    return fail(ErrorCode::invalid, "type index out of bounds", cursor_.where(token));
  }
  if (!cursor_.at(TokenKind::left)) return cursor_.unexpected("a value type");
  // Spelled out: it becomes a definition in front of the one that uses it.
  Token start = cursor_.peek();
  Type type = TRY(type_definition());
  if (!is_value(type.kind)) return cursor_.malformed(start, "expected a value type");
  return ValType::at(add(std::move(type), Sort::type));
}

Result<std::optional<ValType>> Parser::optional_val_type() {
  bool is_there = cursor_.at(TokenKind::word) || cursor_.at(TokenKind::id) ||
                  (cursor_.at(TokenKind::left) && !cursor_.at_list("error"));
  if (!is_there) return std::nullopt;
  return TRY(val_type());
}

// What a type is defined as: "u8" or a list.
Result<Type> Parser::type_definition() {
  if (depth_ >= kMaxNesting) {
    return fail(ErrorCode::limit, "types are nested too deeply", cursor_.where(cursor_.peek()));
  }
  Nested nested(&depth_);
  Type type;
  if (cursor_.at(TokenKind::word)) {
    std::optional<Primitive> primitive = find_primitive(cursor_.peek().text);
    if (!primitive) return cursor_.unexpected("a type");
    cursor_.take();
    type.primitive = *primitive;
    return type;
  }
  TRY(cursor_.expect(TokenKind::left, "a type"));
  Token keyword = TRY(cursor_.expect(TokenKind::word, "the keyword of a type"));
  if (keyword.text == "func") {
    type.kind = Kind::func;
    TRY(func_signature(type));
  } else if (keyword.text == "component" || keyword.text == "instance") {
    bool is_component = keyword.text == "component";
    type.kind = is_component ? Kind::component : Kind::instance;
    type.body = TRY(declarations(is_component));
  } else if (keyword.text == "resource") {
    type.kind = Kind::resource;
    TRY(resource(type));
  } else {
    constexpr std::pair<std::string_view, Kind> kKinds[] = {
        {"record", Kind::record}, {"variant", Kind::variant}, {"list", Kind::list},
        {"tuple", Kind::tuple},   {"flags", Kind::flags},     {"enum", Kind::enumeration},
        {"option", Kind::option}, {"result", Kind::result},   {"own", Kind::own},
        {"borrow", Kind::borrow}, {"stream", Kind::stream},   {"future", Kind::future},
        {"map", Kind::map},
    };
    auto found = std::ranges::find(kKinds, keyword.text, &std::pair<std::string_view, Kind>::first);
    if (found == std::end(kKinds)) {
      return cursor_.malformed(
          keyword, "unexpected token \"" + printable(keyword.text) + "\": no such type");
    }
    type.kind = found->second;
    TRY(val_definition(type));
  }
  TRY(cursor_.close());
  return type;
}

Result<void> Parser::val_definition(Type& type) {
  switch (type.kind) {
    case Kind::record:
      return members(type, "field", /*has_type=*/true);
    case Kind::variant:
      return members(type, "case", /*has_type=*/false);
    case Kind::tuple:
      while (!cursor_.at(TokenKind::right)) type.members.push_back({{}, TRY(val_type())});
      return {};
    case Kind::flags:
    case Kind::enumeration:
      while (cursor_.at(TokenKind::string)) type.members.push_back({TRY(string()), std::nullopt});
      return {};
    case Kind::list:
      type.first = TRY(val_type());
      if (!cursor_.at(TokenKind::word)) return {};
      type.kind = Kind::fixed_list;
      type.length = TRY(number());
      return {};
    case Kind::option:
      type.first = TRY(val_type());
      return {};
    case Kind::map:
      type.first = TRY(val_type());
      type.second = TRY(val_type());
      return {};
    case Kind::result:
      type.first = TRY(optional_val_type());
      if (!cursor_.take_list("error")) return {};
      type.second = TRY(val_type());
      return cursor_.close();
    case Kind::own:
    case Kind::borrow:
      type.index = TRY(index_or_list(Sort::type));
      return {};
    default:
      type.first = TRY(optional_val_type());
      return {};
  }
}

// "(field "a" u32)*", or cases, which need no type.
Result<void> Parser::members(Type& type, std::string_view keyword, bool has_type) {
  while (cursor_.take_list(keyword)) {
    Type::Member member{TRY(string()), std::nullopt};
    if (has_type) {
      member.type = TRY(val_type());
    } else {
      member.type = TRY(optional_val_type());
    }
    type.members.push_back(member);
    TRY(cursor_.close());
  }
  return {};
}

// The rest of "(resource (rep i32) (dtor f)?".
Result<void> Parser::resource(Type& type) {
  if (!cursor_.take_list("rep")) return cursor_.unexpected("(rep i32)");
  TRY(cursor_.expect_word("i32"));
  TRY(cursor_.close());
  if (!cursor_.take_list("dtor")) return {};
  type.destructor = TRY(index_or_list(Sort::core_func));
  return cursor_.close();
}

// "async? (param "a" t)* (result t)?"
Result<void> Parser::func_signature(Type& type) {
  type.is_async = cursor_.take_word("async");
  while (cursor_.take_list("param")) {
    std::string_view label = TRY(string());
    type.members.push_back({label, TRY(val_type())});
    TRY(cursor_.close());
  }
  if (!cursor_.take_list("result")) return {};
  type.first = TRY(val_type());
  return cursor_.close();
}

// ---- components and instances

Result<Definitions> Parser::declarations(bool is_component) {
  Definitions list;
  Scope inner{.parent = scope_, .id = {}, .out = &list, .is_component = false};
  inner.id = TRY(take_id());
  Scope* outer = scope_;
  size_t outer_start = start_;
  scope_ = &inner;
  Result<void> read;
  while (read && cursor_.at(TokenKind::left)) {
    read = declaration(is_component);
    if (read) read = check_count();
  }
  scope_ = outer;
  start_ = outer_start;
  TRY(std::move(read));
  return list;
}

Result<void> Parser::declaration(bool is_component) {
  start_ = cursor_.offset();
  if (cursor_.at_list("type")) return type_field();
  if (cursor_.at_list("alias")) return alias_field();
  if (cursor_.at_list("export")) return export_declaration();
  if (cursor_.at_list("import") && is_component) return import_field();
  if (cursor_.take_list("core")) return core_type_field();
  return cursor_.unexpected(is_component
                                ? "(type ...), (core type ...), (alias ...), (import ...) or "
                                  "(export ...)"
                                : "(type ...), (core type ...), (alias ...) or (export ...)");
}

// "(export id? "name" (func ...))"
Result<void> Parser::export_declaration() {
  cursor_.take();
  cursor_.take();
  std::string_view id = TRY(take_id());
  ExportDeclaration item;
  item.name = TRY(attributed_name());
  std::string_view inner_id;
  item.desc = TRY(extern_desc(&inner_id));
  TRY(cursor_.close());
  Sort sort = item.desc.sort;
  uint32_t index = add(item, sort);
  TRY(bind(sort, id, index));
  return bind(sort, inner_id, index);
}

// ---- types of imports and exports

// "(type t)", or what stands behind the keyword of such a type.
Result<uint32_t> Parser::type_use(Kind kind) {
  if (kind == Kind::func) {
    size_t begin = cursor_.offset();
    cursor_.take_word("async");
    if (!cursor_.at_list("type")) cursor_.seek(begin);
  }
  if (cursor_.at_list("type")) {
    // In an instance type, "(type ..." may be its first declaration.
    size_t begin = cursor_.offset();
    cursor_.take();
    cursor_.take();
    TokenKind next = cursor_.peek_second().kind;
    if (at_index() && (next == TokenKind::right || next == TokenKind::string)) {
      uint32_t found = TRY(item(Sort::type));
      TRY(cursor_.close());
      return found;
    }
    cursor_.seek(begin);
  }
  Nested nested(&depth_);
  if (depth_ >= kMaxNesting) {
    return fail(ErrorCode::limit, "types are nested too deeply", cursor_.where(cursor_.peek()));
  }
  Type type{.kind = kind};
  if (kind == Kind::func) {
    TRY(func_signature(type));
  } else {
    type.body = TRY(declarations(kind == Kind::component));
  }
  return add(std::move(type), Sort::type);
}

// "(func id? ...)" and the like.
Result<ExternDesc> Parser::extern_desc(std::string_view* id) {
  TRY(cursor_.expect(TokenKind::left, "the type of an import or export"));
  Sort which = TRY(sort());
  *id = TRY(take_id());
  ExternDesc desc = TRY(extern_desc_of(which));
  TRY(cursor_.close());
  return desc;
}

Result<ExternDesc> Parser::extern_desc_of(Sort sort) {
  ExternDesc desc{.sort = sort};
  switch (sort) {
    case Sort::func:
      desc.index = TRY(type_use(Kind::func));
      return desc;
    case Sort::component:
      desc.index = TRY(type_use(Kind::component));
      return desc;
    case Sort::instance:
      desc.index = TRY(type_use(Kind::instance));
      return desc;
    case Sort::type:
      if (cursor_.take_list("eq")) {
        desc.index = TRY(item(Sort::type));
      } else if (cursor_.take_list("sub")) {
        TRY(cursor_.expect_word("resource"));
        desc.is_fresh_resource = true;
      } else {
        return cursor_.unexpected("(eq ...) or (sub resource)");
      }
      TRY(cursor_.close());
      return desc;
    case Sort::core_module: {
      if (cursor_.at_list("type")) {
        size_t begin = cursor_.offset();
        cursor_.take();
        cursor_.take();
        if (at_index() && cursor_.peek_second().kind == TokenKind::right) {
          desc.index = TRY(index(Sort::core_type));
          TRY(cursor_.close());
          return desc;
        }
        cursor_.seek(begin);
      }
      CoreModuleType type = TRY(core_module_type(cursor_.offset()));
      desc.index = add(CoreType{std::move(type)}, Sort::core_type);
      return desc;
    }
    case Sort::value:
      return fail(ErrorCode::unsupported, "imports and exports of values are not supported",
                  cursor_.where(cursor_.peek()));
    default:
      return cursor_.unexpected("a func, type, instance, component or core module");
  }
}

// ---- core types

CoreTypeParser& Parser::core_types(Scope& scope) {
  if (!scope.core_types) {
    scope.core_types = std::make_unique<CoreTypeParser>(cursor_.source(), core_);
  }
  return *scope.core_types;
}

// The rest of "(core type id? ...)" or "(core rec ...)".
Result<void> Parser::core_type_field() {
  CoreTypeParser& parser = core_types(scope());
  uint32_t next = scope().counts[static_cast<size_t>(Sort::core_type)];
  if (cursor_.take_word("rec")) {
    CoreRecGroup group{.types = {}, .is_explicit = true};
    std::vector<std::string_view> ids;
    size_t begin = cursor_.offset();
    while (cursor_.take_list("type")) {
      ids.push_back(TRY(take_id()));
      TRY(cursor_.skip_list());
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!ids[i].empty()) parser.bind(ids[i].substr(1), next + static_cast<uint32_t>(i));
    }
    cursor_.seek(begin);
    while (cursor_.take_list("type")) {
      TRY(take_id());
      parser.seek(cursor_.offset());
      group.types.push_back(TRY(parser.sub_type(next + static_cast<uint32_t>(group.types.size()))));
      cursor_.seek(parser.offset());
      TRY(cursor_.close());
    }
    uint32_t count = static_cast<uint32_t>(group.types.size());
    if (count == 0) return cursor_.unexpected("(type ...)");
    TRY(cursor_.close());
    add(CoreType{std::move(group)}, Sort::core_type);
    scope().counts[static_cast<size_t>(Sort::core_type)] = next + count;
    for (uint32_t i = 0; i < count; ++i) TRY(bind(Sort::core_type, ids[i], next + i));
    return {};
  }
  if (!cursor_.take_word("type")) return cursor_.unexpected("type or rec");
  std::string_view id = TRY(take_id());
  CoreType type;
  if (cursor_.take_list("module")) {
    type.type = TRY(core_module_type(cursor_.offset()));
    TRY(cursor_.close());
  } else {
    parser.seek(cursor_.offset());
    type.type = CoreRecGroup{{TRY(parser.sub_type(next))}, false};
    cursor_.seek(parser.offset());
  }
  TRY(cursor_.close());
  return bind(Sort::core_type, id, add(std::move(type), Sort::core_type));
}

// Declarations up to the ")" of the module type.
Result<CoreModuleType> Parser::core_module_type(size_t begin) {
  CoreModuleType type;
  CoreTypeParser parser(cursor_.source(), core_);
  TRY(add_used_outer_types(type, parser));
  cursor_.seek(begin);
  while (cursor_.at(TokenKind::left)) TRY(core_module_declaration(type, parser));
  return type;
}

// Types of the components around may be named as "(type $t)" without an alias.
Result<void> Parser::add_used_outer_types(CoreModuleType& type, CoreTypeParser& parser) {
  std::vector<std::string_view> used;
  std::unordered_set<std::string_view> bound;
  for (size_t depth = 0; depth != 0 || !cursor_.at(TokenKind::right);) {
    if (cursor_.at(TokenKind::end) || cursor_.at(TokenKind::bad)) {
      return cursor_.unexpected("a closing parenthesis");
    }
    if (cursor_.take_list("type")) {
      ++depth;
      std::string_view id = TRY(take_id());
      bool is_use = cursor_.at(TokenKind::right) && depth > 1;
      if (!id.empty() && is_use) used.push_back(id);
      if (!id.empty() && !is_use) bound.insert(id);
      continue;
    }
    if (cursor_.at(TokenKind::left)) ++depth;
    if (cursor_.at(TokenKind::right)) --depth;
    cursor_.take();
  }
  for (std::string_view id : used) {
    if (!bound.insert(id).second) continue;
    uint32_t count = 1;
    for (Scope* outer = scope_; outer != nullptr; outer = outer->parent, ++count) {
      const auto& ids = outer->ids[static_cast<size_t>(Sort::core_type)];
      auto found = ids.find(id);
      if (found == ids.end()) continue;
      type.declarations.push_back(CoreModuleType::OuterType{count, found->second.index});
      parser.bind(id.substr(1), parser.add_outer_type());
      break;
    }
  }
  return {};
}

Result<void> Parser::core_module_declaration(CoreModuleType& type, CoreTypeParser& parser) {
  if (cursor_.at_list("type")) {
    parser.seek(cursor_.offset());
    type.declarations.push_back(CoreRecGroup{{TRY(parser.type_field())}, false});
    cursor_.seek(parser.offset());
    return {};
  }
  if (cursor_.at_list("rec")) {
    parser.seek(cursor_.offset());
    CoreRecGroup group{TRY(parser.rec_field()), true};
    if (group.types.empty()) return cursor_.malformed(cursor_.peek(), "expected (type ...)");
    type.declarations.push_back(std::move(group));
    cursor_.seek(parser.offset());
    return {};
  }
  if (cursor_.at_list("alias")) return core_module_alias(type, parser);
  bool is_import = cursor_.at_list("import");
  if (!is_import && !cursor_.at_list("export")) {
    return cursor_.unexpected("(import ...), (type ...), (alias ...) or (export ...)");
  }
  cursor_.take();
  cursor_.take();
  std::string_view first = TRY(string());
  std::string_view second;
  if (is_import) second = TRY(string());
  parser.seek(cursor_.offset());
  std::vector<wasm::SubType> implicit;
  wasm::ExternType item = TRY(parser.extern_type(implicit));
  cursor_.seek(parser.offset());
  TRY(cursor_.close());
  for (wasm::SubType& spelled_out : implicit) {
    type.declarations.push_back(CoreRecGroup{{std::move(spelled_out)}, false});
  }
  if (is_import) {
    type.declarations.push_back(wasm::Import{first, second, item});
  } else {
    type.declarations.push_back(CoreModuleType::Export{first, item});
  }
  return {};
}

// "(alias outer $C $t (type id?))"
Result<void> Parser::core_module_alias(CoreModuleType& type, CoreTypeParser& parser) {
  cursor_.take();
  cursor_.take();
  TRY(cursor_.expect_word("outer"));
  CoreModuleType::OuterType alias;
  const Scope* outer = scope_;
  if (cursor_.at(TokenKind::id)) {
    Token id = cursor_.take();
    alias.count = 1;
    while (outer != nullptr && outer->id != id.text) {
      outer = outer->parent;
      ++alias.count;
    }
    if (outer == nullptr) return cursor_.malformed(id, "unknown component " + printable(id.text));
  } else {
    alias.count = TRY(number());
    for (uint32_t i = 1; i < alias.count && outer != nullptr; ++i) outer = outer->parent;
  }
  Token token = cursor_.take();
  if (token.kind == TokenKind::id && (outer == nullptr || alias.count == 0)) {
    return cursor_.malformed(token, "unknown core type " + printable(token.text));
  }
  alias.index = TRY(find(outer == nullptr ? scope() : *outer, Sort::core_type, token));
  if (!cursor_.take_list("type")) return cursor_.unexpected("(type id?)");
  std::string_view id = TRY(take_id());
  TRY(cursor_.close());
  TRY(cursor_.close());
  uint32_t index = parser.add_outer_type();
  if (!id.empty()) parser.bind(id.substr(1), index);
  type.declarations.push_back(alias);
  return {};
}

}  // namespace nacre::component::text
