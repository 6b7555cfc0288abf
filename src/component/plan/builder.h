// Makes the plan of one component. Private to component/plan.
#pragma once

#include <unordered_map>

#include "component/plan/plan.h"

namespace nacre::component {

// What the parts of one component share while their plans are made.
struct PlanWork {
  const ValidComponent& valid;
  Resolved& resolved;
  std::unordered_map<std::string_view, ModuleIndex> modules{};  // by content
  uint64_t items = 0;

  // Counts what components choose the number of.
  Result<void> spend(uint64_t count);
};

class PlanBuilder {
 public:
  PlanBuilder(PlanWork& work, const Definitions& definitions, PlanBuilder* parent)
      : work_(work),
        types_(*work.valid.types),
        definitions_(definitions),
        spaces_(work.valid.spaces.at(&definitions)),
        parent_(parent) {}

  Result<PartIndex> build();

 private:
  // A core instance, as far as it is known: exports of a module, or of what was put together.
  struct CoreInstanceInfo {
    std::optional<CoreInstanceSlot> slot;
    std::unordered_map<std::string_view, CoreSlot> items;  // with slot: what was extracted so far
  };
  // An instance inside of others, which is extracted when it is asked for.
  struct Place {
    std::optional<Slot> slot;
    Place* parent = nullptr;
    std::string_view name;
  };

  // ---- build.cc
  Result<void> define(const CoreModule& module);
  Result<void> define(const CoreInstance& instance);
  Result<void> define(const CoreType&) { return {}; }
  Result<void> define(const NestedComponent& component);
  Result<void> define(const Instance& instance);
  Result<void> define(const Alias& alias);
  Result<void> define(const Type& type);
  Result<void> define(const Canon& canon);
  Result<void> define(const Import& import);
  Result<void> define(const Export& item);
  Result<void> define(const ExportDeclaration&) { return {}; }  // of types only
  Result<void> define(const CustomSection&) { return {}; }

  Result<void> instantiate_module(const CoreInstance& instance, CoreInstanceInfo& info);
  Result<Slot> instantiate(const Instance& instance);
  Result<Slot> gather(const Instance& instance);
  Result<void> alias_export(const Alias& alias);
  Result<Slot> outer(Sort sort, uint32_t count, uint32_t index);

  Result<CoreSlot> core_export(CoreInstanceInfo& info, std::string_view name,
                               wasm::ExternKind kind);
  Result<Slot> extract(Slot instance, std::string_view name, Sort sort);
  Result<std::optional<Item>> item(const SortIndex& ref);
  Result<std::optional<Item>> resource_item(TypeId type);

  // ---- resources
  Result<ResourceIndex> add_resource(ResourceId id, Resource resource);
  Result<ResourceIndex> resource(ResourceId id) const;
  // Numbers the resources of an instance that have no number yet.
  Result<void> add_resources_of(TypeId instance, Place& place, Resource::Owner owner);
  Result<Slot> slot_of(Place& place);

  // ---- build_canons.cc
  Result<void> lift(const Canon& canon, const CanonOptions& options);
  Result<void> lower(const Canon& canon, const CanonOptions& options);
  Result<void> built_in(const Canon& canon, CanonOptions options);
  Result<CanonOptions> options(const Canon& canon) const;
  Result<FunctionIndex> function(TypeId type);
  Result<LayoutId> layout(TypeId type);

  // ---- slots
  Slot new_slot() { return Slot{part_.slots++}; }
  CoreSlot new_core_slot() { return CoreSlot{part_.core_slots++}; }
  std::vector<Slot>& space(Sort sort);
  std::vector<CoreSlot>& core_space(Sort sort);
  template <class T>
  void push(T step) {
    part_.steps.push_back(std::move(step));
  }

  PlanWork& work_;
  const Types& types_;
  const Definitions& definitions_;
  const IndexSpaces& spaces_;
  PlanBuilder* parent_;
  Part part_;

  // The index spaces, as far as they are filled.
  std::vector<Slot> funcs_, modules_, components_, instances_;
  std::vector<CoreSlot> core_items_[kSortCount];
  std::vector<CoreInstanceInfo> core_instances_;
  size_t types_defined_ = 0;

  std::unordered_map<ResourceId, ResourceIndex> resources_;
  std::unordered_map<uint32_t, FunctionIndex> functions_;  // by structure
  std::unordered_map<Slot, std::unordered_map<std::string_view, Slot>> extracted_;
  std::vector<Slot> captured_from_;          // slots of the parent, beside Part::captured
  std::unordered_map<Slot, Slot> captures_;  // by slot of the parent
};

// Within a checked component every index is in its space; this is so that a mistake of ours is an
// error and no crash.
template <class List>
Result<typename List::value_type> at_index(const List& list, size_t index) {
  if (index < list.size()) return list[index];
  return fail(ErrorCode::internal, "a plan refers to what is not there");
}

}  // namespace nacre::component
