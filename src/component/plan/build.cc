// Definitions of components, modules and instances to steps.
#include "component/limits.h"
#include "component/plan/builder.h"

namespace nacre::component {

using wasm::ExternKind;

Result<void> PlanWork::spend(uint64_t count) {
  items += count;
  if (items <= kMaxPlanItems) return {};
  return fail(ErrorCode::limit, "instantiating the component takes too many steps");
}

Result<PartIndex> PlanBuilder::build() {
  for (const Definition& definition : definitions_) {
    TRY(work_.spend(1));
    TRY(std::visit([&](const auto& content) { return define(content); }, definition.content));
  }
  part_.type = spaces_.type;
  work_.resolved.parts.push_back(std::move(part_));
  return PartIndex{static_cast<uint32_t>(work_.resolved.parts.size() - 1)};
}

std::vector<Slot>& PlanBuilder::space(Sort sort) {
  switch (sort) {
    case Sort::core_module:
      return modules_;
    case Sort::component:
      return components_;
    case Sort::instance:
      return instances_;
    default:
      return funcs_;
  }
}

std::vector<CoreSlot>& PlanBuilder::core_space(Sort sort) {
  return core_items_[static_cast<size_t>(sort)];
}

// ---- core

Result<void> PlanBuilder::define(const CoreModule& module) {
  std::vector<ModuleSource>& all = work_.resolved.modules;
  auto [found, is_new] = work_.modules.try_emplace(as_text(module.bytes),
                                                   ModuleIndex{static_cast<uint32_t>(all.size())});
  if (is_new) all.push_back({module.bytes, module.offset});
  Slot to = new_slot();
  push(TakeModule{found->second, to});
  modules_.push_back(to);
  return {};
}

Result<void> PlanBuilder::define(const CoreInstance& instance) {
  CoreInstanceInfo info;
  if (instance.module) TRY(instantiate_module(instance, info));
  for (const CoreInstance::Export& item : instance.exports) {
    info.items.emplace(item.name, TRY(at_index(core_space(item.item.sort), item.item.index)));
  }
  core_instances_.push_back(std::move(info));
  return {};
}

Result<void> PlanBuilder::instantiate_module(const CoreInstance& instance, CoreInstanceInfo& info) {
  InstantiateModule step{.module = TRY(at_index(modules_, *instance.module))};
  std::unordered_map<std::string_view, CoreInstanceInfo*> given;
  for (const CoreInstance::Argument& argument : instance.arguments) {
    if (argument.instance >= core_instances_.size()) continue;
    given.emplace(argument.name, &core_instances_[argument.instance]);
  }
  ModuleTypeId type = TRY(at_index(spaces_.core_modules, *instance.module));
  const std::vector<CoreImport>& imports = types_.module(type).imports;
  TRY(work_.spend(imports.size()));
  for (const CoreImport& import : imports) {
    auto found = given.find(import.module);
    if (found == given.end())
      return fail(ErrorCode::internal, "an argument of a module is missing");
    CoreSlot item = TRY(core_export(*found->second, import.name, import.item.kind));
    step.arguments.push_back({import.module, import.name, import.item.kind, item});
  }
  step.to = CoreInstanceSlot{part_.core_instances++};
  info.slot = step.to;
  push(std::move(step));
  return {};
}

// Each export is extracted when something asks for it first.
Result<CoreSlot> PlanBuilder::core_export(CoreInstanceInfo& info, std::string_view name,
                                          ExternKind kind) {
  if (auto found = info.items.find(name); found != info.items.end()) return found->second;
  if (!info.slot) return fail(ErrorCode::internal, "an export of a core instance is missing");
  CoreSlot to = new_core_slot();
  push(ExtractCore{*info.slot, name, kind, to});
  info.items.emplace(name, to);
  return to;
}

// ---- components and instances

Result<void> PlanBuilder::define(const NestedComponent& component) {
  PlanBuilder inner(work_, component.definitions, this);
  TakeComponent step{.part = TRY(inner.build())};
  step.captured = std::move(inner.captured_from_);
  step.to = new_slot();
  components_.push_back(step.to);
  push(std::move(step));
  return {};
}

Result<void> PlanBuilder::define(const Instance& instance) {
  TypeId type = TRY(at_index(spaces_.instances, instances_.size()));
  Slot to = instance.component ? TRY(instantiate(instance)) : TRY(gather(instance));
  instances_.push_back(to);
  Place place{.slot = to};
  return add_resources_of(type, place, Resource::Owner::instance);
}

Result<Slot> PlanBuilder::instantiate(const Instance& instance) {
  Instantiate step{.component = TRY(at_index(components_, *instance.component))};
  for (const Instance::Argument& argument : instance.arguments) {
    std::optional<Item> item = TRY(this->item(argument.item));
    if (item) step.arguments.push_back({argument.name, *item});
  }
  Slot to = step.to = new_slot();
  push(std::move(step));
  return to;
}

Result<Slot> PlanBuilder::gather(const Instance& instance) {
  Gather step;
  std::unordered_map<std::string_view, Slot> known;
  for (const Instance::Export& exported : instance.exports) {
    std::optional<Item> item = TRY(this->item(exported.item));
    if (!item) continue;
    step.exports.push_back({exported.name.name, *item});
    if (item->sort != Sort::type) known.emplace(exported.name.name, item->slot);
  }
  Slot to = step.to = new_slot();
  push(std::move(step));
  extracted_.emplace(to, std::move(known));
  return to;
}

Result<Slot> PlanBuilder::extract(Slot instance, std::string_view name, Sort sort) {
  auto& known = extracted_[instance];
  if (auto found = known.find(name); found != known.end()) return found->second;
  Slot to = new_slot();
  push(Extract{instance, name, sort, to});
  known.emplace(name, to);
  return to;
}

Result<std::optional<Item>> PlanBuilder::item(const SortIndex& ref) {
  if (ref.sort == Sort::type) return resource_item(TRY(at_index(spaces_.types, ref.index)));
  return Item{.sort = ref.sort, .slot = TRY(at_index(space(ref.sort), ref.index))};
}

Result<std::optional<Item>> PlanBuilder::resource_item(TypeId type) {
  const TypeDef& def = types_.at(type);
  if (def.kind != Type::Kind::resource) return std::nullopt;
  return Item{.sort = Sort::type, .resource = TRY(resource(def.resource))};
}

// ---- aliases

Result<void> PlanBuilder::define(const Alias& alias) {
  switch (alias.target) {
    case Alias::Target::export_:
      return alias_export(alias);
    case Alias::Target::core_export: {
      if (alias.instance >= core_instances_.size()) break;
      CoreSlot slot =
          TRY(core_export(core_instances_[alias.instance], alias.name, extern_kind(alias.sort)));
      core_space(alias.sort).push_back(slot);
      return {};
    }
    case Alias::Target::outer:
      if (alias.sort == Sort::type) ++types_defined_;
      if (alias.sort == Sort::type || alias.sort == Sort::core_type) return {};
      space(alias.sort).push_back(TRY(outer(alias.sort, alias.count, alias.index)));
      return {};
  }
  return fail(ErrorCode::internal, "an alias refers to what is not there");
}

Result<void> PlanBuilder::alias_export(const Alias& alias) {
  if (alias.sort == Sort::type) {  // its resource has a number already
    ++types_defined_;
    return {};
  }
  Slot instance = TRY(at_index(instances_, alias.instance));
  space(alias.sort).push_back(TRY(extract(instance, alias.name, alias.sort)));
  return {};
}

// A module or component of one further outside comes in through all that are between.
Result<Slot> PlanBuilder::outer(Sort sort, uint32_t count, uint32_t index) {
  if (count == 0) return at_index(space(sort), index);
  if (parent_ == nullptr) return fail(ErrorCode::internal, "an alias leads out of the component");
  Slot outside = TRY(parent_->outer(sort, count - 1, index));
  auto [found, is_new] = captures_.try_emplace(outside);
  if (is_new) {
    found->second = new_slot();
    part_.captured.push_back(found->second);
    captured_from_.push_back(outside);
  }
  return found->second;
}

// ---- types, imports, exports

Result<void> PlanBuilder::define(const Type& type) {
  TypeId id = TRY(at_index(spaces_.types, types_defined_++));
  if (type.kind != Type::Kind::resource) return {};
  DefineResource step{.to = TRY(add_resource(types_.at(id).resource, {}))};
  if (type.destructor) {
    step.destructor = TRY(at_index(core_space(Sort::core_func), *type.destructor));
  }
  push(step);
  return {};
}

Result<void> PlanBuilder::define(const Import& import) {
  Extern result{.name = import.name, .entity = {.sort = import.desc.sort}};
  Sort sort = import.desc.sort;
  if (sort == Sort::type) {
    result.entity.type = TRY(at_index(spaces_.types, types_defined_++));
    const TypeDef& def = types_.at(result.entity.type);
    if (def.kind == Type::Kind::resource && !resources_.contains(def.resource)) {
      Resource resource{Resource::Owner::importer, import.name.name};
      result.item = Item{.sort = sort, .resource = TRY(add_resource(def.resource, resource))};
    }
    part_.imports.push_back(result);
    return {};
  }
  size_t index = space(sort).size();
  Slot slot = new_slot();
  space(sort).push_back(slot);
  result.item = Item{.sort = sort, .slot = slot};
  if (sort == Sort::core_module) {
    result.entity.module = TRY(at_index(spaces_.core_modules, index));
  } else {
    result.entity.type = TRY(at_index(spaces_.of(sort), index));
  }
  part_.imports.push_back(result);
  if (sort != Sort::instance) return {};
  Place place{.slot = slot};
  return add_resources_of(result.entity.type, place, Resource::Owner::importer);
}

// What is exported is there once more, by the type that it is exported as.
Result<void> PlanBuilder::define(const Export& exported) {
  Sort sort = exported.item.sort;
  Extern result{.name = exported.name, .entity = {.sort = sort}};
  result.item = TRY(item(exported.item));
  if (sort == Sort::type) {
    result.entity.type = TRY(at_index(spaces_.types, types_defined_++));
    if (result.item) {
      resources_.try_emplace(types_.at(result.entity.type).resource, result.item->resource);
      Resource& resource = part_.resources[static_cast<size_t>(result.item->resource)];
      if (resource.name.empty()) resource.name = exported.name.name;
    }
    part_.exports.push_back(result);
    return {};
  }
  size_t index = space(sort).size();
  space(sort).push_back(result.item->slot);
  if (sort == Sort::core_module) {
    result.entity.module = TRY(at_index(spaces_.core_modules, index));
  } else {
    result.entity.type = TRY(at_index(spaces_.of(sort), index));
  }
  part_.exports.push_back(result);
  if (sort != Sort::instance) return {};
  Place place{.slot = result.item->slot};
  return add_resources_of(result.entity.type, place, Resource::Owner::instance);
}

// ---- resources

Result<ResourceIndex> PlanBuilder::add_resource(ResourceId id, Resource resource) {
  TRY(work_.spend(1));
  ResourceIndex index{static_cast<uint32_t>(part_.resources.size())};
  part_.resources.push_back(resource);
  resources_.emplace(id, index);
  return index;
}

Result<ResourceIndex> PlanBuilder::resource(ResourceId id) const {
  auto found = resources_.find(id);
  if (found != resources_.end()) return found->second;
  return fail(ErrorCode::internal, "a type mentions a resource that is not there");
}

Result<Slot> PlanBuilder::slot_of(Place& place) {
  if (!place.slot) {
    Slot around = TRY(slot_of(*place.parent));
    place.slot = TRY(extract(around, place.name, Sort::instance));
  }
  return *place.slot;
}

Result<void> PlanBuilder::add_resources_of(TypeId instance, Place& place, Resource::Owner owner) {
  const TypeDef& def = types_.at(instance);
  if (!def.has_resources) return {};
  TRY(work_.spend(def.exports.size()));
  for (const NamedEntity& item : def.exports) {
    if (item.entity.sort == Sort::instance) {
      Place inner{.parent = &place, .name = item.name};
      TRY(add_resources_of(item.entity.type, inner, owner));
    }
    if (item.entity.sort != Sort::type) continue;
    const TypeDef& type = types_.at(item.entity.type);
    if (type.kind != Type::Kind::resource || resources_.contains(type.resource)) continue;
    Slot from = TRY(slot_of(place));
    push(ExtractResource{from, item.name, TRY(add_resource(type.resource, {owner, item.name}))});
  }
  return {};
}

Result<Resolved> resolve_component(Component component, const Features& features,
                                   wasm::TypeRegistry& registry,
                                   wasm::ValidateOptions module_options) {
  Resolved resolved;
  auto source = std::make_shared<const Component>(std::move(component));
  ValidComponent valid = TRY(validate_component(*source, features, registry, module_options));
  PlanWork work{valid, resolved};
  resolved.root = TRY(PlanBuilder(work, source->definitions, nullptr).build());
  resolved.source = std::move(source);
  resolved.types = std::move(valid.types);
  return resolved;
}

}  // namespace nacre::component
