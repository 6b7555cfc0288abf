#include "component/canonical/layout.h"

#include <array>

namespace nacre::component {

using Kind = Type::Kind;

LayoutId Layouts::push(Layout layout) {
  for (const Layout::Part& part : layout.parts) {
    if (part.layout != kNoLayout) layout.has_handles |= at(part.layout).has_handles;
  }
  bool is_list = layout.kind == Kind::list || layout.kind == Kind::fixed_list;
  if (is_list || layout.kind == Kind::map) layout.has_handles = at(layout.element).has_handles;
  weight_ += 1 + layout.parts.size();
  layouts_.push_back(std::move(layout));
  return LayoutId{static_cast<uint32_t>(layouts_.size() - 1)};
}

Result<LayoutId> Layouts::add(const Types& types, TypeId type, const Number& number) {
  const TypeDef& def = types.at(type);
  if (auto found = by_structure_.find(def.structure); found != by_structure_.end()) {
    return found->second;
  }
  // Types nest no deeper than validation allows, so this recursion ends.
  Layout layout = TRY(make(types, def, number));
  const Footprint& footprint = def.footprint(width_);
  layout.kind = def.kind;
  layout.primitive = def.primitive;
  layout.size_bytes = footprint.size_bytes;
  layout.align_bytes = footprint.align_bytes;
  layout.flat = footprint.flat;
  layout.type = type;
  LayoutId id = push(std::move(layout));
  by_structure_.emplace(def.structure, id);
  return id;
}

Result<Layout> Layouts::make(const Types& types, const TypeDef& def, const Number& number) {
  Layout layout;
  switch (def.kind) {
    case Kind::record:
    case Kind::tuple:
      return make_tuple(types, def.members, number);
    case Kind::variant:
    case Kind::enumeration:
      TRY(add_cases(layout, types, def.members, number));
      break;
    case Kind::option:
      TRY(add_cases(layout, types,
                    std::array{TypeMember{"none", kNoType}, TypeMember{"some", def.first}},
                    number));
      break;
    case Kind::result:
      TRY(add_cases(layout, types,
                    std::array{TypeMember{"ok", def.first}, TypeMember{"error", def.second}},
                    number));
      break;
    case Kind::flags:
      for (const TypeMember& member : def.members) layout.parts.push_back({.label = member.label});
      break;
    case Kind::list:
    case Kind::fixed_list:
      layout.element = TRY(add(types, def.first, number));
      layout.length = def.length;
      break;
    case Kind::map: {
      std::array entry{TypeMember{"key", def.first}, TypeMember{"value", def.second}};
      layout.element = push(TRY(make_tuple(types, entry, number)));
      break;
    }
    case Kind::stream:
    case Kind::future:
      if (def.first != kNoType) layout.element = TRY(add(types, def.first, number));
      layout.has_handles = true;
      break;
    case Kind::own:
    case Kind::borrow:
      layout.resource = TRY(number(types.at(def.first).resource));
      layout.has_handles = true;
      break;
    case Kind::primitive:
      layout.has_handles = def.primitive == Primitive::error_context;
      break;
    case Kind::func:
    case Kind::component:
    case Kind::instance:
    case Kind::resource:
      return fail(ErrorCode::internal, "a layout was asked for of a type that has no values");
  }
  return layout;
}

Result<Layout> Layouts::make_tuple(const Types& types, std::span<const TypeMember> members,
                                   const Number& number) {
  Layout layout{.kind = Kind::tuple};
  RecordFootprint footprint;
  for (const TypeMember& member : members) {
    uint64_t offset = footprint.add(types.at(member.type).footprint(width_));
    layout.parts.push_back(
        {.label = member.label, .layout = TRY(add(types, member.type, number)), .offset = offset});
  }
  Footprint whole = footprint.finish();
  layout.size_bytes = whole.size_bytes;
  layout.align_bytes = whole.align_bytes;
  layout.flat = whole.flat;
  return layout;
}

Result<void> Layouts::add_cases(Layout& layout, const Types& types,
                                std::span<const TypeMember> cases, const Number& number) {
  VariantFootprint footprint(cases.size());
  for (const TypeMember& member : cases) {
    Layout::Part part{.label = member.label};
    if (member.type != kNoType) {
      part.layout = TRY(add(types, member.type, number));
      footprint.add(types.at(member.type).footprint(width_));
    }
    layout.parts.push_back(part);
  }
  layout.discriminant_bytes = footprint.discriminant_bytes();
  for (Layout::Part& part : layout.parts) {
    part.offset = footprint.payload_offset();
  }
  return {};
}

Result<FunctionLayout> Layouts::add_function(const Types& types, TypeId type,
                                             const Number& number) {
  const TypeDef& def = types.at(type);
  FunctionLayout function{.type = type, .is_async = def.is_async};
  function.params = push(TRY(make_tuple(types, def.members, number)));
  if (def.first != kNoType) function.result = TRY(add(types, def.first, number));
  return function;
}

}  // namespace nacre::component
