// What instantiating and calling a component takes, as data: everything that names and indices mean
// is resolved, so following a plan never looks at definitions or index spaces.
//
// Instantiating a component is following its plan: fill the slots of its imports, of what it
// captured and then, step by step, all others. A slot is filled by exactly one of these, before
// anything uses it. Nested components are parts with plans of their own, shared by all their
// instances. Resources are numbered per part: what a number stands for is one resource type in one
// instance, another in the next.
//
// Immutable once made; any thread may read. Names are views into the component, which is kept alive.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "component/canonical/boundary.h"
#include "component/canonical/layout.h"
#include "component/component.h"
#include "component/features.h"
#include "component/validate/validate.h"
#include "wasm/type_registry.h"

namespace nacre::component {

enum class Slot : uint32_t {};              // functions, modules, components, instances
enum class CoreSlot : uint32_t {};          // core functions, tables, memories, globals, tags
enum class CoreInstanceSlot : uint32_t {};  // instances of core modules
enum class ModuleIndex : uint32_t {};       // Resolved::modules
enum class PartIndex : uint32_t {};         // Resolved::parts
enum class FunctionIndex : uint32_t {};     // Part::functions

// What is passed between components.
struct Item {
  Sort sort = Sort::func;  // func, core_module, component, instance: in a slot; type: a resource
  Slot slot{};
  ResourceIndex resource{};
};
struct NamedItem {
  std::string_view name;
  Item item;
};

struct CanonOptions {
  StringEncoding encoding = StringEncoding::utf8;
  std::optional<CoreSlot> memory;
  std::optional<CoreSlot> realloc;
  std::optional<CoreSlot> post_return;
  std::optional<CoreSlot> callback;
  bool is_async = false;
};

// ---- steps

struct TakeModule {
  ModuleIndex module{};
  Slot to{};
};

// In the order of the module's imports, where the module is one of Resolved::modules; one that
// was passed in may ask for less and in another order.
struct InstantiateModule {
  struct Argument {
    std::string_view module;
    std::string_view name;
    wasm::ExternKind kind = wasm::ExternKind::func;
    CoreSlot item{};
  };
  Slot module{};
  std::vector<Argument> arguments;
  CoreInstanceSlot to{};
};

struct ExtractCore {
  CoreInstanceSlot from{};
  std::string_view name;
  wasm::ExternKind kind = wasm::ExternKind::func;
  CoreSlot to{};
};

// A nested component, together with what it uses of those around it.
struct TakeComponent {
  PartIndex part{};
  std::vector<Slot> captured;  // for Part::captured
  Slot to{};
};

struct Instantiate {
  Slot component{};
  std::vector<NamedItem> arguments;
  Slot to{};
};

// An instance made of what is there.
struct Gather {
  std::vector<NamedItem> exports;
  Slot to{};
};

struct Extract {
  Slot from{};  // an instance
  std::string_view name;
  Sort sort = Sort::func;
  Slot to{};
};

struct ExtractResource {
  Slot from{};  // an instance
  std::string_view name;
  ResourceIndex to{};
};

// A new resource type, implemented by this instance.
struct DefineResource {
  ResourceIndex to{};
  std::optional<CoreSlot> destructor;
};

struct LiftFunction {
  CoreSlot callee{};
  FunctionIndex function{};
  CanonOptions options;
  Slot to{};
};

struct LowerFunction {
  Slot callee{};
  FunctionIndex function{};
  CanonOptions options;
  CoreSlot to{};
};

// A canonical built-in; which of the members it has, canons.def says.
struct MakeBuiltIn {
  CanonKind kind = CanonKind::resource_new;
  ResourceIndex resource{};       // resource.*
  LayoutId layout = kNoLayout;    // stream.*, future.*: that type; task.return: the result, if any
  CanonOptions options;           // `memory` also of waitable-set.wait and poll
  std::optional<CoreSlot> table;  // of functions that threads start with
  uint32_t context_slot = 0;      // context.*
  bool is_async = false;          // returns before it is done
  CoreSlot to{};
};

using Step = std::variant<TakeModule, InstantiateModule, ExtractCore, TakeComponent, Instantiate,
                          Gather, Extract, ExtractResource, DefineResource, LiftFunction,
                          LowerFunction, MakeBuiltIn>;

// ---- parts

// An import or export. Types that are not resources have no item: nothing is passed for them.
struct Extern {
  AttributedName name;
  Entity entity;
  std::optional<Item> item;
};

struct Resource {
  enum class Owner : uint8_t { importer, self, instance };
  Owner owner = Owner::self;  // self: defined by this component; instance: by one that it made
  std::string_view name;      // what it is imported or exported as; empty if it is neither
};

// One component.
struct Part {
  TypeId type = kNoType;
  std::vector<Extern> imports;
  std::vector<Slot> captured;  // filled from TakeComponent::captured
  std::vector<Step> steps;
  std::vector<Extern> exports;

  uint32_t slots = 0;  // how many there are
  uint32_t core_slots = 0;
  uint32_t core_instances = 0;
  std::vector<Resource> resources;
  std::vector<FunctionLayout> functions;
  Layouts layouts{AddressWidth::b32};
};

// A module inside of the component: not decoded, for many are never instantiated.
struct ModuleSource {
  Bytes bytes;
  uint64_t offset = 0;  // of the bytes in the component; 0 if it was parsed from text
};

struct Resolved {
  std::shared_ptr<const Component> source;
  std::unique_ptr<const Types> types;
  std::vector<ModuleSource> modules;  // each text of a module once
  std::vector<Part> parts;
  PartIndex root{};

  const Part& part(PartIndex index) const { return parts[static_cast<size_t>(index)]; }
  const ModuleSource& module(ModuleIndex index) const {
    return modules[static_cast<size_t>(index)];
  }
};

// Validates the component and makes its plans. Fails as validate_component() does, and where plans
// would be too large.
Result<Resolved> resolve_component(Component component, const Features& features,
                                   wasm::TypeRegistry& registry,
                                   wasm::ValidateOptions module_options = {.threads = 1});

// A line a step, for people who look into what a component does.
std::string print_plan(const Resolved& resolved);

}  // namespace nacre::component
