#include "component/component.h"

#include <algorithm>

namespace nacre::component {
namespace {

struct PrimitiveInfo {
  Primitive primitive;
  std::string_view text;
};
constexpr PrimitiveInfo kPrimitives[] = {
#define PRIMITIVE(name, code, text, bytes, flat) {Primitive::name, text},
#include "component/primitives.def"
};

// The last column of options.def.
struct IndexOf {
  static constexpr std::optional<Sort> none = std::nullopt;
  static constexpr std::optional<Sort> core_memory = Sort::core_memory;
  static constexpr std::optional<Sort> core_func = Sort::core_func;
};
constexpr OptionInfo kOptions[] = {
#define OPTION(name, code, text, sort) {OptionKind::name, text, IndexOf::sort},
#include "component/options.def"
};

// The gates of canons.def.
struct Gate {
  static constexpr std::optional<Feature> none = std::nullopt;
  static constexpr std::optional<Feature> async = Feature::async;
  static constexpr std::optional<Feature> error_context = Feature::error_context;
  static constexpr std::optional<Feature> threading = Feature::threading;
};
constexpr CanonInfo kCanons[] = {
#define CANON(name, code, text, shape, gate, type) \
  {CanonKind::name, text, CanonShape::shape, Gate::gate, type},
#include "component/canons.def"
};

struct SortOf {
  std::optional<Sort> operator()(const CoreModule&) const { return Sort::core_module; }
  std::optional<Sort> operator()(const CoreInstance&) const { return Sort::core_instance; }
  std::optional<Sort> operator()(const CoreType&) const { return Sort::core_type; }
  std::optional<Sort> operator()(const NestedComponent&) const { return Sort::component; }
  std::optional<Sort> operator()(const Instance&) const { return Sort::instance; }
  std::optional<Sort> operator()(const Alias& alias) const { return alias.sort; }
  std::optional<Sort> operator()(const Type&) const { return Sort::type; }
  std::optional<Sort> operator()(const Canon& canon) const {
    return canon.kind == CanonKind::lift ? Sort::func : Sort::core_func;
  }
  std::optional<Sort> operator()(const Import& import) const { return import.desc.sort; }
  std::optional<Sort> operator()(const Export& item) const { return item.item.sort; }
  std::optional<Sort> operator()(const ExportDeclaration& item) const { return item.desc.sort; }
  std::optional<Sort> operator()(const CustomSection&) const { return std::nullopt; }
};

}  // namespace

std::string_view sort_text(Sort sort) {
  constexpr std::string_view kTexts[] = {
#define SORT(name, code, text) text,
#include "component/sorts.def"
  };
  return kTexts[static_cast<size_t>(sort)];
}

wasm::ExternKind extern_kind(Sort core_sort) {
  switch (core_sort) {
    case Sort::core_table:
      return wasm::ExternKind::table;
    case Sort::core_memory:
      return wasm::ExternKind::memory;
    case Sort::core_global:
      return wasm::ExternKind::global;
    case Sort::core_tag:
      return wasm::ExternKind::tag;
    default:
      return wasm::ExternKind::func;
  }
}

std::string_view primitive_text(Primitive primitive) {
  return std::ranges::find(kPrimitives, primitive, &PrimitiveInfo::primitive)->text;
}

std::optional<Primitive> find_primitive(uint8_t code) {
  auto found =
      std::ranges::find(kPrimitives, static_cast<Primitive>(code), &PrimitiveInfo::primitive);
  if (found == std::end(kPrimitives)) return std::nullopt;
  return found->primitive;
}

std::optional<Primitive> find_primitive(std::string_view text) {
  auto found = std::ranges::find(kPrimitives, text, &PrimitiveInfo::text);
  if (found == std::end(kPrimitives)) return std::nullopt;
  return found->primitive;
}

std::string_view type_kind_text(Type::Kind kind) {
  constexpr std::string_view kTexts[] = {
      "primitive", "record",    "variant",  "list",    "list of fixed length",
      "tuple",     "flags",     "enum",     "option",  "result",
      "own",       "borrow",    "stream",   "future",  "map",
      "func",      "component", "instance", "resource"};
  return kTexts[static_cast<size_t>(kind)];
}

const OptionInfo* find_option(uint8_t code) {
  auto found = std::ranges::find(kOptions, static_cast<OptionKind>(code), &OptionInfo::kind);
  return found == std::end(kOptions) ? nullptr : found;
}

const OptionInfo* find_option(std::string_view text) {
  auto found = std::ranges::find(kOptions, text, &OptionInfo::text);
  return found == std::end(kOptions) ? nullptr : found;
}

const OptionInfo& option_info(OptionKind kind) { return *find_option(static_cast<uint8_t>(kind)); }

const CanonInfo* find_canon(uint8_t code) {
  auto found = std::ranges::find(kCanons, static_cast<CanonKind>(code), &CanonInfo::kind);
  return found == std::end(kCanons) ? nullptr : found;
}

const CanonInfo* find_canon(std::string_view text) {
  auto found = std::ranges::find(kCanons, text, &CanonInfo::text);
  return found == std::end(kCanons) ? nullptr : found;
}

const CanonInfo& canon_info(CanonKind kind) { return *find_canon(static_cast<uint8_t>(kind)); }

std::optional<Sort> defined_sort(const Definition& definition) {
  return std::visit(SortOf{}, definition.content);
}

}  // namespace nacre::component
