// Validation of components (component model, "Explainer" and "Binary"), with the modules inside
// of them.
//
// Errors name the item ("import `a`: ...") and carry the offset of the definition in what the
// component was made from, binary or text. Modules are validated as `module_options` say. May be
// called from any thread.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "component/component.h"
#include "component/features.h"
#include "component/validate/types.h"
#include "wasm/type_registry.h"
#include "wasm/validate/validate.h"

namespace nacre::component {

// The types of all that one component defines, by index.
struct IndexSpaces {
  TypeId type = kNoType;  // its own
  std::vector<ModuleTypeId> core_modules;
  std::vector<TypeId> funcs;
  std::vector<TypeId> types;
  std::vector<TypeId> components;
  std::vector<TypeId> instances;

  // func, type, component or instance
  const std::vector<TypeId>& of(Sort sort) const;
};

// What a valid component imports and exports. Names in it are views into the component.
struct ValidComponent {
  std::unique_ptr<Types> types;
  TypeId type = kNoType;  // of kind component
  // Of the component and those in it.
  std::unordered_map<const Definitions*, IndexSpaces> spaces;
};

Result<ValidComponent> validate_component(const Component& component, const Features& features,
                                          wasm::TypeRegistry& registry,
                                          wasm::ValidateOptions module_options = {.threads = 1});

}  // namespace nacre::component
