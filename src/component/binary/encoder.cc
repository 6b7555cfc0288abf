#include "component/binary/encoder.h"

#include "component/binary/codes.h"
#include "wasm/binary/sections.h"
#include "wasm/binary/type_writer.h"

namespace nacre::component {
namespace {

using namespace binary;
using Kind = Type::Kind;

struct SectionOf {
  SectionId operator()(const CoreModule&) const { return SectionId::core_module; }
  SectionId operator()(const CoreInstance&) const { return SectionId::core_instance; }
  SectionId operator()(const CoreType&) const { return SectionId::core_type; }
  SectionId operator()(const NestedComponent&) const { return SectionId::component; }
  SectionId operator()(const Instance&) const { return SectionId::instance; }
  SectionId operator()(const Alias&) const { return SectionId::alias; }
  SectionId operator()(const Type&) const { return SectionId::type; }
  SectionId operator()(const Canon&) const { return SectionId::canon; }
  SectionId operator()(const Import&) const { return SectionId::import; }
  SectionId operator()(const Export&) const { return SectionId::export_; }
  SectionId operator()(const ExportDeclaration&) const { return SectionId::export_; }
  SectionId operator()(const CustomSection&) const { return SectionId::custom; }
};

class Encoder {
 public:
  std::vector<uint8_t> take() && { return std::move(out_).take(); }

  void component(const Definitions& definitions) {
    out_.raw(wasm::binary::kMagic);
    out_.raw(wasm::binary::kComponentVersion);
    for (size_t i = 0; i < definitions.size();) i = section(definitions, i);
  }

 private:
  size_t section(const Definitions& definitions, size_t first);

  void write(const CoreModule& module) { out_.raw(module.bytes); }
  void write(const CoreInstance& instance);
  void write(const CoreType& type);
  void write(const NestedComponent& nested) { component(nested.definitions); }
  void write(const Instance& instance);
  void write(const Alias& alias);
  void write(const Type& type);
  void write(const Canon& canon);
  void write(const Import& import);
  void write(const Export& item);
  void write(const ExportDeclaration& item);
  void write(const CustomSection& custom);

  void write(Sort sort);
  void write(const SortIndex& item);
  void core_sort_index(const SortIndex& item);
  void write(const AttributedName& name);
  void write(const ExternDesc& desc);
  void write(const CoreRecGroup& group);
  void write(const CoreModuleType& type);
  void declaration(const wasm::Import& import);
  void declaration(const CoreRecGroup& group);
  void declaration(CoreModuleType::OuterType alias);
  void declaration(const CoreModuleType::Export& item);
  void write(ValType type);
  void write(const std::optional<ValType>& type);
  void result_list(const std::optional<ValType>& type);
  void members(const Type& type);
  void declarations(const Definitions& body);
  void options(const std::vector<Option>& options);

  wasm::TypeWriter out_;
};

// The section of the definition at `first` and of those like it behind it; where it ends.
size_t Encoder::section(const Definitions& definitions, size_t first) {
  SectionId id = std::visit(SectionOf{}, definitions[first].content);
  bool is_single =
      id == SectionId::core_module || id == SectionId::component || id == SectionId::custom;
  size_t end = first + 1;
  while (!is_single && end < definitions.size() &&
         std::visit(SectionOf{}, definitions[end].content) == id) {
    ++end;
  }
  out_.u8(static_cast<uint8_t>(id));
  size_t start = out_.size();
  if (!is_single) out_.u64(end - first);
  for (size_t i = first; i < end; ++i) {
    std::visit([&](const auto& content) { write(content); }, definitions[i].content);
  }
  out_.wrap_from(start);
  return end;
}

void Encoder::write(const CustomSection& custom) {
  out_.name(custom.name);
  out_.raw(custom.payload);
}

void Encoder::write(Sort sort) {
  if (is_core(sort)) out_.u8(kCoreSort);
  out_.u8(static_cast<uint8_t>(sort_code(sort)));
}

void Encoder::write(const SortIndex& item) {
  write(item.sort);
  out_.u32(item.index);
}

void Encoder::core_sort_index(const SortIndex& item) {
  out_.u8(static_cast<uint8_t>(sort_code(item.sort)));
  out_.u32(item.index);
}

void Encoder::write(const AttributedName& name) {
  out_.u8(name.has_attributes() ? kNameWithAttributes : kPlainName);
  out_.name(name.name);
  if (!name.has_attributes()) return;
  out_.u32(uint32_t{name.implements.has_value()} + uint32_t{name.external_id.has_value()});
  if (name.implements) {
    out_.u8(kImplementsAttribute);
    out_.name(*name.implements);
  }
  if (name.external_id) {
    out_.u8(kExternalIdAttribute);
    out_.name(*name.external_id);
  }
}

void Encoder::write(const ExternDesc& desc) {
  write(desc.sort);
  if (desc.sort == Sort::type) {
    out_.u8(desc.is_fresh_resource ? 1 : 0);
    if (desc.is_fresh_resource) return;
  }
  out_.u32(desc.index);
}

// ---- core

void Encoder::write(const CoreInstance& instance) {
  out_.u8(instance.module ? 0 : 1);
  if (!instance.module) {
    out_.u64(instance.exports.size());
    for (const CoreInstance::Export& item : instance.exports) {
      out_.name(item.name);
      core_sort_index(item.item);
    }
    return;
  }
  out_.u32(*instance.module);
  out_.u64(instance.arguments.size());
  for (const CoreInstance::Argument& argument : instance.arguments) {
    out_.name(argument.name);
    out_.u8(kCoreInstanceSort);
    out_.u32(argument.instance);
  }
}

void Encoder::write(const CoreType& type) {
  std::visit([&](const auto& content) { write(content); }, type.type);
}

void Encoder::write(const CoreRecGroup& group) {
  if (group.is_explicit || group.types.size() != 1) {
    out_.u8(wasm::binary::kRecCode);
    out_.u64(group.types.size());
  } else if (!group.types.front().is_final) {
    out_.u8(kCoreSubTypePrefix);
  }
  for (const wasm::SubType& type : group.types) out_.sub_type(type);
}

void Encoder::write(const CoreModuleType& type) {
  out_.u8(kCoreModuleTypeCode);
  out_.u64(type.declarations.size());
  for (const CoreModuleType::Declaration& item : type.declarations) {
    std::visit([&](const auto& content) { declaration(content); }, item);
  }
}

void Encoder::declaration(const wasm::Import& import) {
  out_.u8(kModuleImportDeclaration);
  out_.name(import.module);
  out_.name(import.name);
  out_.extern_type(import.type);
}

void Encoder::declaration(const CoreRecGroup& group) {
  out_.u8(kModuleTypeDeclaration);
  write(group);
}

void Encoder::declaration(CoreModuleType::OuterType alias) {
  out_.u8(kModuleAliasDeclaration);
  out_.u8(kCoreTypeSort);
  out_.u8(kModuleOuterTarget);
  out_.u32(alias.count);
  out_.u32(alias.index);
}

void Encoder::declaration(const CoreModuleType::Export& item) {
  out_.u8(kModuleExportDeclaration);
  out_.name(item.name);
  out_.extern_type(item.type);
}

// ---- instances, aliases, imports, exports

void Encoder::write(const Instance& instance) {
  out_.u8(instance.component ? 0 : 1);
  if (!instance.component) {
    out_.u64(instance.exports.size());
    for (const Instance::Export& item : instance.exports) {
      write(item.name);
      write(item.item);
    }
    return;
  }
  out_.u32(*instance.component);
  out_.u64(instance.arguments.size());
  for (const Instance::Argument& argument : instance.arguments) {
    out_.name(argument.name);
    write(argument.item);
  }
}

void Encoder::write(const Alias& alias) {
  write(alias.sort);
  out_.u8(static_cast<uint8_t>(alias.target));
  if (alias.target == Alias::Target::outer) {
    out_.u32(alias.count);
    out_.u32(alias.index);
    return;
  }
  out_.u32(alias.instance);
  out_.name(alias.name);
}

void Encoder::write(const Import& import) {
  write(import.name);
  write(import.desc);
}

void Encoder::write(const Export& item) {
  write(item.name);
  write(item.item);
  out_.u8(item.desc ? 1 : 0);
  if (item.desc) write(*item.desc);
}

void Encoder::write(const ExportDeclaration& item) {
  write(item.name);
  write(item.desc);
}

// ---- types

void Encoder::write(ValType type) {
  if (type.is_primitive()) {
    out_.u8(static_cast<uint8_t>(type.primitive()));
  } else {
    out_.s33(type.index());
  }
}

void Encoder::write(const std::optional<ValType>& type) {
  out_.u8(type ? 1 : 0);
  if (type) write(*type);
}

void Encoder::result_list(const std::optional<ValType>& type) {
  out_.u8(type ? 0 : 1);
  if (type) {
    write(*type);
  } else {
    out_.u8(0);
  }
}

void Encoder::members(const Type& type) {
  out_.u64(type.members.size());
  for (const Type::Member& member : type.members) {
    if (type.kind != Kind::tuple) out_.name(member.label);
    if (type.kind == Kind::variant) {
      write(member.type);
      out_.u8(0);
    } else if (member.type) {
      write(*member.type);
    }
  }
}

void Encoder::write(const Type& type) {
  switch (type.kind) {
    case Kind::primitive:
      return out_.u8(static_cast<uint8_t>(type.primitive));
    case Kind::record:
      out_.u8(kRecordCode);
      return members(type);
    case Kind::variant:
      out_.u8(kVariantCode);
      return members(type);
    case Kind::tuple:
      out_.u8(kTupleCode);
      return members(type);
    case Kind::flags:
      out_.u8(kFlagsCode);
      return members(type);
    case Kind::enumeration:
      out_.u8(kEnumCode);
      return members(type);
    case Kind::list:
      out_.u8(kListCode);
      return write(*type.first);
    case Kind::fixed_list:
      out_.u8(kFixedListCode);
      write(*type.first);
      return out_.u32(type.length);
    case Kind::option:
      out_.u8(kOptionCode);
      return write(*type.first);
    case Kind::result:
      out_.u8(kResultCode);
      write(type.first);
      return write(type.second);
    case Kind::own:
      out_.u8(kOwnCode);
      return out_.u32(type.index);
    case Kind::borrow:
      out_.u8(kBorrowCode);
      return out_.u32(type.index);
    case Kind::stream:
      out_.u8(kStreamCode);
      return write(type.first);
    case Kind::future:
      out_.u8(kFutureCode);
      return write(type.first);
    case Kind::map:
      out_.u8(kMapCode);
      write(*type.first);
      return write(*type.second);
    case Kind::func:
      out_.u8(type.is_async ? kAsyncFuncCode : kFuncCode);
      members(type);
      return result_list(type.first);
    case Kind::component:
      out_.u8(kComponentCode);
      return declarations(type.body);
    case Kind::instance:
      out_.u8(kInstanceCode);
      return declarations(type.body);
    case Kind::resource:
      out_.u8(kResourceCode);
      out_.u8(kRepI32);
      out_.u8(type.destructor ? 1 : 0);
      if (type.destructor) out_.u32(*type.destructor);
      return;
  }
}

void Encoder::declarations(const Definitions& body) {
  out_.u64(body.size());
  for (const Definition& item : body) {
    switch (std::visit(SectionOf{}, item.content)) {
      case SectionId::core_type:
        out_.u8(kCoreTypeDeclaration);
        break;
      case SectionId::type:
        out_.u8(kTypeDeclaration);
        break;
      case SectionId::alias:
        out_.u8(kAliasDeclaration);
        break;
      case SectionId::import:
        out_.u8(kImportDeclaration);
        break;
      default:
        out_.u8(kExportDeclaration);
        break;
    }
    std::visit([&](const auto& content) { write(content); }, item.content);
  }
}

// ---- canonical definitions

void Encoder::options(const std::vector<Option>& options) {
  out_.u64(options.size());
  for (const Option& option : options) {
    out_.u8(static_cast<uint8_t>(option.kind));
    if (option_info(option.kind).sort) out_.u32(option.index);
  }
}

void Encoder::write(const Canon& canon) {
  out_.u8(static_cast<uint8_t>(canon.kind));
  if (canon.kind == CanonKind::lift || canon.kind == CanonKind::lower) {
    out_.u8(0);
    out_.u32(canon.function);
    options(canon.options);
    if (canon.kind == CanonKind::lift) out_.u32(canon.type);
    return;
  }
  switch (canon_info(canon.kind).shape) {
    case CanonShape::none:
      return;
    case CanonShape::type:
      return out_.u32(canon.type);
    case CanonShape::type_options:
      out_.u32(canon.type);
      [[fallthrough]];
    case CanonShape::options:
      return options(canon.options);
    case CanonShape::result_options:
      result_list(canon.result);
      return options(canon.options);
    case CanonShape::type_is_async:
      out_.u32(canon.type);
      [[fallthrough]];
    case CanonShape::is_async:
    case CanonShape::reserved:
      return out_.u8(canon.flag ? 1 : 0);
    case CanonShape::slot:
      out_.val_type(canon.slot_type);
      return out_.u32(canon.index);
    case CanonShape::wait:
      out_.u8(canon.flag ? 1 : 0);
      return out_.u32(canon.index);
    case CanonShape::start:
      out_.u32(canon.type);
      return out_.u32(canon.index);
  }
}

}  // namespace

std::vector<uint8_t> encode(const Component& component) {
  Encoder encoder;
  encoder.component(component.definitions);
  return std::move(encoder).take();
}

}  // namespace nacre::component
