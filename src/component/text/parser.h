// The text format of components (component model, "Explainer") to a Component.
//
// Abbreviations are written out while they are read: types that are spelled out where they are used,
// items of instances ("(func $i "f")"), items of the components around ("alias outer"), exports and
// imports inside of definitions. Each becomes a definition in front of the one that uses it. Modules
// are encoded; the result owns everything it views, so the source may go. Ids become a custom section
// with names, unless (@custom "component-name" ...) is written out.
//
// Errors hold line and column. Text that is against the grammar, or that uses an id that is not
// bound before, is `malformed`. May be called from any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "component/component.h"
#include "wasm/features.h"

namespace nacre::component {

// Whether the text is one of a component: "(component" is its first list.
bool looks_like_component_text(std::string_view source);

// "(component ...)", and nothing else. `core` is what modules in it may use.
Result<Component> parse_component(std::string_view source, wasm::Features core);

// What stands between "(component" and its ")", an id and fields: the bytes [begin, end) of a longer
// source, such as a script. Places in errors count from the start of the source.
Result<Component> parse_component_fields(std::string_view source, size_t begin, size_t end,
                                         wasm::Features core);

}  // namespace nacre::component
