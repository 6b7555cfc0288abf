#include "component/binary/reader.h"

#include "component/binary/codes.h"
#include "component/limits.h"
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

namespace nacre::component::binary {

bool Reader::flag(const char* malformed) {
  uint64_t start = offset();
  uint8_t byte = u8();
  if (byte > 1) fail_at(malformed, start);
  return byte == 1;
}

void Reader::expect(uint8_t byte, const char* malformed) {
  uint64_t start = offset();
  if (u8() != byte) fail_at(malformed, start);
}

Sort Reader::core_sort(const char* malformed) {
  uint64_t start = offset();
  std::optional<Sort> sort = find_core_sort(u8());
  if (!sort) fail_at(malformed, start);
  return sort.value_or(Sort::core_func);
}

SortIndex Reader::core_sort_index() {
  Sort sort = core_sort("malformed core sort");
  return {sort, u32()};
}

Sort Reader::sort(const char* malformed) {
  uint64_t start = offset();
  uint8_t code = u8();
  if (ok() && code == kCoreSort) return core_sort(malformed);
  std::optional<Sort> sort = find_sort(code);
  if (!sort) fail_at(malformed, start);
  return sort.value_or(Sort::func);
}

SortIndex Reader::sort_index() {
  Sort which = sort("malformed sort");
  return {which, u32()};
}

// ---- core instances and types

CoreInstance Reader::core_instance() {
  CoreInstance instance;
  if (flag("malformed core instance: it begins with neither 0 nor 1")) {
    uint32_t n = count(kMaxItems, 3);
    instance.exports.reserve(n);
    for (uint32_t i = 0; i < n && ok(); ++i) {
      std::string_view export_name = name();
      instance.exports.push_back({export_name, core_sort_index()});
    }
    return instance;
  }
  instance.module = u32();
  uint32_t n = count(kMaxItems, 3);
  instance.arguments.reserve(n);
  for (uint32_t i = 0; i < n && ok(); ++i) {
    std::string_view argument = name();
    expect(kCoreInstanceSort, "malformed argument of a core module: it must be an instance");
    instance.arguments.push_back({argument, u32()});
  }
  return instance;
}

CoreType Reader::core_type() {
  uint64_t start = offset();
  uint8_t code = peek_u8();
  if (!at_end() && code == kCoreModuleTypeCode) {
    u8();
    return {core_module_type()};
  }
  // A type that is not final has the code of module types; the byte in front tells them apart.
  if (!at_end() && code == kCoreSubTypePrefix) {
    u8();
    code = peek_u8();
    if (code != wasm::binary::kSubCode) fail_at("malformed core type", start);
  }
  return {core_rec_group(code, start)};
}

CoreRecGroup Reader::core_rec_group(uint8_t code, uint64_t start) {
  CoreRecGroup group;
  uint32_t n = 1;
  if (code == wasm::binary::kRecCode) {
    u8();
    group.is_explicit = true;
    n = count(wasm::kMaxTypes, 2);
    if (n == 0) fail_at("a recursive group without types cannot be used here", start);
  }
  for (uint32_t i = 0; i < n && ok(); ++i) group.types.push_back(sub_type());
  return group;
}

CoreModuleType Reader::core_module_type() {
  CoreModuleType type;
  uint32_t n = count(kMaxItems, 2);
  for (uint32_t i = 0; i < n && ok(); ++i) type.declarations.push_back(module_declaration());
  return type;
}

CoreModuleType::Declaration Reader::module_declaration() {
  uint64_t start = offset();
  uint8_t code = u8();
  if (code == kModuleImportDeclaration) {
    wasm::Import import{.module = name(), .name = {}, .type = {}};
    import.name = name();
    start = offset();
    uint8_t kind = u8();
    import.type = extern_type(kind, start);
    return import;
  }
  if (code == kModuleTypeDeclaration) {
    start = offset();
    uint8_t type_code = peek_u8();
    if (!at_end() && type_code == kCoreModuleTypeCode) {
      fail_at("a module type within a module type", start, ErrorCode::invalid);
    }
    if (!at_end() && type_code == kCoreSubTypePrefix) {
      u8();
      type_code = peek_u8();
    }
    return core_rec_group(type_code, start);
  }
  if (code == kModuleAliasDeclaration) {
    expect(kCoreTypeSort, "malformed alias in a module type: it must be of a core type");
    expect(kModuleOuterTarget, "malformed alias in a module type: it must be an outer alias");
    uint32_t outwards = u32();
    return CoreModuleType::OuterType{outwards, u32()};
  }
  if (code == kModuleExportDeclaration) {
    CoreModuleType::Export item;
    item.name = name();
    start = offset();
    uint8_t kind = u8();
    item.type = extern_type(kind, start);
    return item;
  }
  fail_at("malformed declaration in a module type", start);
  return CoreRecGroup{};
}

// ---- instances, aliases, names

Instance Reader::instance() {
  Instance instance;
  if (flag("malformed instance: it begins with neither 0 nor 1")) {
    uint32_t n = count(kMaxItems, 4);
    instance.exports.reserve(n);
    for (uint32_t i = 0; i < n && ok(); ++i) {
      AttributedName export_name = attributed_name();
      instance.exports.push_back({export_name, sort_index()});
    }
    return instance;
  }
  instance.component = u32();
  uint32_t n = count(kMaxItems, 3);
  instance.arguments.reserve(n);
  for (uint32_t i = 0; i < n && ok(); ++i) {
    std::string_view argument = name();
    instance.arguments.push_back({argument, sort_index()});
  }
  return instance;
}

Alias Reader::alias() {
  Alias alias;
  uint64_t start = offset();
  alias.sort = sort("malformed alias: no such sort");
  uint64_t target = offset();
  uint8_t code = u8();
  if (code == static_cast<uint8_t>(Alias::Target::outer)) {
    alias.target = Alias::Target::outer;
    alias.count = u32();
    alias.index = u32();
    bool may_be_outer = alias.sort == Sort::type || alias.sort == Sort::component ||
                        alias.sort == Sort::core_type || alias.sort == Sort::core_module;
    if (ok() && !may_be_outer)
      fail_at("malformed outer alias: no type, module or component", start);
    return alias;
  }
  if (code > static_cast<uint8_t>(Alias::Target::core_export)) {
    fail_at("malformed alias target", target);
  }
  alias.target = static_cast<Alias::Target>(code);
  alias.instance = u32();
  alias.name = name();
  bool of_core = alias.target == Alias::Target::core_export;
  bool is_core_item = alias.sort <= Sort::core_tag;
  bool is_item = !is_core(alias.sort) || alias.sort == Sort::core_module;
  if (ok() && !(of_core ? is_core_item : is_item)) {
    fail_at("malformed alias: no instance of that kind exports this sort", start);
  }
  return alias;
}

AttributedName Reader::attributed_name() {
  AttributedName result;
  uint64_t start = offset();
  uint8_t prefix = u8();
  if (prefix > kNameWithAttributes) fail_at("malformed name: unknown prefix", start);
  result.name = name();
  if (prefix != kNameWithAttributes) return result;
  uint32_t n = count(kMaxItems, 2);
  for (uint32_t i = 0; i < n && ok(); ++i) {
    start = offset();
    uint8_t code = u8();
    bool is_known = code == kImplementsAttribute || code == kExternalIdAttribute;
    if (!is_known) {
      fail_at("malformed name: unknown attribute", start);
      break;
    }
    auto& attribute = code == kImplementsAttribute ? result.implements : result.external_id;
    if (attribute) fail_at("a name has an attribute twice", start, ErrorCode::invalid);
    attribute = name();
  }
  return result;
}

ExternDesc Reader::extern_desc() {
  ExternDesc desc;
  uint64_t start = offset();
  uint8_t code = u8();
  if (code == kCoreSort) {
    expect(kCoreModuleSort, "malformed type of an import or export: core, but no module");
    desc.sort = Sort::core_module;
    desc.index = u32();
    return desc;
  }
  std::optional<Sort> sort = find_sort(code);
  if (!sort) {
    fail_at("malformed type of an import or export", start);
    return desc;
  }
  desc.sort = *sort;
  if (desc.sort == Sort::value) {
    fail_at("imports and exports of values are not supported", start, ErrorCode::unsupported);
  } else if (desc.sort != Sort::type) {
    desc.index = u32();
  } else if (flag("malformed bound of a type: neither 0 nor 1")) {
    desc.is_fresh_resource = true;
  } else {
    desc.index = u32();
  }
  return desc;
}

Import Reader::import() {
  AttributedName import_name = attributed_name();
  return {import_name, extern_desc()};
}

Export Reader::export_() {
  Export item;
  item.name = attributed_name();
  item.item = sort_index();
  if (flag("malformed export: whether it has a type is neither 0 nor 1")) {
    item.desc = extern_desc();
  }
  return item;
}

// ---- types

ValType Reader::val_type() {
  uint64_t start = offset();
  int64_t value = s33();
  if (!ok()) return {};
  if (value >= 0) {
    if (value > ValType::kMaxIndex) {
      fail_at("type index out of bounds", start, ErrorCode::invalid);
      return {};
    }
    return ValType::at(static_cast<uint32_t>(value));
  }
  std::optional<Primitive> primitive;
  if (value >= -64) primitive = find_primitive(static_cast<uint8_t>(value & 0x7F));
  if (!primitive) fail_at("malformed value type", start);
  return primitive.value_or(Primitive::boolean);
}

std::optional<ValType> Reader::optional_val_type() {
  if (!flag("malformed optional type: neither 0 nor 1")) return std::nullopt;
  return val_type();
}

std::vector<Type::Member> Reader::members(bool has_types, bool is_optional) {
  uint32_t n = count(kMaxItems, has_types ? 2 : 1);
  std::vector<Type::Member> list;
  list.reserve(n);
  for (uint32_t i = 0; i < n && ok(); ++i) {
    Type::Member member;
    member.label = name();
    if (is_optional) {
      member.type = optional_val_type();
      expect(0x00, "malformed case of a variant: it must end with a zero byte");
    } else if (has_types) {
      member.type = val_type();
    }
    list.push_back(member);
  }
  return list;
}

std::vector<Type::Member> Reader::tuple_parts() {
  uint32_t n = count(kMaxItems);
  std::vector<Type::Member> list;
  list.reserve(n);
  for (uint32_t i = 0; i < n && ok(); ++i) list.push_back({{}, val_type()});
  return list;
}

std::optional<ValType> Reader::result_list() {
  if (!flag("malformed result: neither 0 nor 1")) return val_type();
  expect(0x00, "malformed result: a function has at most one");
  return std::nullopt;
}

Type Reader::type() {
  Type type;
  uint64_t start = offset();
  uint8_t code = u8();
  if (!ok()) return type;
  if (std::optional<Primitive> primitive = find_primitive(code)) {
    type.primitive = *primitive;
    return type;
  }
  using Kind = Type::Kind;
  switch (code) {
    case kRecordCode:
      type.kind = Kind::record;
      type.members = members(/*has_types=*/true, /*is_optional=*/false);
      break;
    case kVariantCode:
      type.kind = Kind::variant;
      type.members = members(/*has_types=*/true, /*is_optional=*/true);
      break;
    case kListCode:
      type.kind = Kind::list;
      type.first = val_type();
      break;
    case kFixedListCode:
      type.kind = Kind::fixed_list;
      type.first = val_type();
      type.length = u32();
      break;
    case kTupleCode:
      type.kind = Kind::tuple;
      type.members = tuple_parts();
      break;
    case kFlagsCode:
    case kEnumCode:
      type.kind = code == kFlagsCode ? Kind::flags : Kind::enumeration;
      type.members = members(/*has_types=*/false, /*is_optional=*/false);
      break;
    case kOptionCode:
      type.kind = Kind::option;
      type.first = val_type();
      break;
    case kResultCode:
      type.kind = Kind::result;
      type.first = optional_val_type();
      type.second = optional_val_type();
      break;
    case kOwnCode:
    case kBorrowCode:
      type.kind = code == kOwnCode ? Kind::own : Kind::borrow;
      type.index = u32();
      break;
    case kStreamCode:
    case kFutureCode:
      type.kind = code == kStreamCode ? Kind::stream : Kind::future;
      type.first = optional_val_type();
      break;
    case kMapCode:
      type.kind = Kind::map;
      type.first = val_type();
      type.second = val_type();
      break;
    case kFuncCode:
    case kAsyncFuncCode:
      type.kind = Kind::func;
      type.is_async = code == kAsyncFuncCode;
      type.members = members(/*has_types=*/true, /*is_optional=*/false);
      type.first = result_list();
      break;
    case kComponentCode:
    case kInstanceCode:
      type.kind = code == kComponentCode ? Kind::component : Kind::instance;
      type.body = declarations(code == kComponentCode);
      break;
    case kResourceCode:
      type.kind = Kind::resource;
      expect(kRepI32, "malformed resource: it must be represented by an i32");
      if (flag("malformed resource: whether it has a destructor is neither 0 nor 1")) {
        type.destructor = u32();
      }
      break;
    default:
      fail_at("malformed type: unknown code", start);
  }
  return type;
}

Definitions Reader::declarations(bool is_component) {
  Definitions list;
  if (depth_ == kMaxNesting) {
    fail_at("types are nested too deeply", offset(), ErrorCode::limit);
    return list;
  }
  ++depth_;
  uint32_t n = count(kMaxItems, 2);
  for (uint32_t i = 0; i < n && ok(); ++i) list.push_back(declaration(is_component));
  --depth_;
  return list;
}

Definition Reader::declaration(bool is_component) {
  uint64_t start = offset();
  Definition definition{.content = CustomSection{}, .offset = start};
  uint8_t code = u8();
  if (!ok()) return definition;
  switch (code) {
    case kCoreTypeDeclaration:
      definition.content = core_type();
      return definition;
    case kTypeDeclaration:
      definition.content = type();
      return definition;
    case kAliasDeclaration:
      definition.content = alias();
      return definition;
    case kImportDeclaration:
      if (!is_component) break;
      definition.content = import();
      return definition;
    case kExportDeclaration: {
      AttributedName export_name = attributed_name();
      definition.content = ExportDeclaration{export_name, extern_desc()};
      return definition;
    }
    default:
      break;
  }
  fail_at("malformed declaration in a component type or instance type", start);
  return definition;
}

// ---- canonical definitions

std::vector<Option> Reader::options() {
  uint32_t n = count(kMaxItems);
  std::vector<Option> list;
  for (uint32_t i = 0; i < n && ok(); ++i) {
    uint64_t start = offset();
    const OptionInfo* info = find_option(u8());
    if (info == nullptr) {
      fail_at("malformed canonical option", start);
      break;
    }
    list.push_back({info->kind, info->sort ? u32() : 0});
  }
  return list;
}

Canon Reader::canon() {
  Canon canon;
  uint64_t start = offset();
  uint8_t code = u8();
  if (!ok()) return canon;
  if (code == static_cast<uint8_t>(CanonKind::lift)) {
    expect(0x00, "malformed lift: only functions can be lifted");
    canon.function = u32();
    canon.options = options();
    canon.type = u32();
    return canon;
  }
  if (code == static_cast<uint8_t>(CanonKind::lower)) {
    expect(0x00, "malformed lower: only functions can be lowered");
    canon.kind = CanonKind::lower;
    canon.function = u32();
    canon.options = options();
    return canon;
  }
  const CanonInfo* info = find_canon(code);
  if (info == nullptr) {
    fail_at("malformed canonical definition: unknown code", start);
    return canon;
  }
  canon.kind = info->kind;
  canon_immediates(canon, info->shape);
  return canon;
}

void Reader::canon_immediates(Canon& canon, CanonShape shape) {
  switch (shape) {
    case CanonShape::none:
      return;
    case CanonShape::type:
      canon.type = u32();
      return;
    case CanonShape::options:
      canon.options = options();
      return;
    case CanonShape::type_options:
      canon.type = u32();
      canon.options = options();
      return;
    case CanonShape::result_options:
      canon.result = result_list();
      canon.options = options();
      return;
    case CanonShape::type_is_async:
      canon.type = u32();
      [[fallthrough]];
    case CanonShape::is_async:
      canon.flag = flag("malformed built-in: whether it is async is neither 0 nor 1");
      return;
    case CanonShape::slot: {
      uint64_t start = offset();
      canon.slot_type = TypeReader::val_type();
      bool is_integer =
          canon.slot_type == wasm::ValType::kI32 || canon.slot_type == wasm::ValType::kI64;
      if (ok() && !is_integer) {
        fail_at("a context slot holds an i32 or i64", start, ErrorCode::invalid);
      }
      canon.index = u32();
      return;
    }
    case CanonShape::reserved:
      canon.flag = flag("malformed built-in: the reserved byte is neither 0 nor 1");
      return;
    case CanonShape::wait:
      canon.flag = flag("malformed built-in: the reserved byte is neither 0 nor 1");
      canon.index = u32();
      return;
    case CanonShape::start:
      canon.type = u32();
      canon.index = u32();
      return;
  }
}

}  // namespace nacre::component::binary
