// How large a component may be; what each figure bounds is an allocation, a loop or a recursion.
// Modules inside of it are bounded by wasm/limits.h.
#pragma once

#include <cstdint>

namespace nacre::component {

inline constexpr uint64_t kMaxComponentBytes = 1u << 30;
// Outside of modules and custom sections: each byte may become a few dozen in memory.
inline constexpr uint64_t kMaxDefinitionBytes = 64u << 20;
inline constexpr uint32_t kMaxNesting = 100;            // components in components, types in types
inline constexpr uint32_t kMaxDefinitions = 1'000'000;  // with those of nested components
inline constexpr uint32_t kMaxItems = 1'000'000;        // labels, arguments, exports of one item
inline constexpr uint32_t kMaxParams = 1'000;           // of one function
// Types that validation makes altogether, with those of instances, and the labels, imports and
// exports in them.
inline constexpr uint32_t kMaxTypeNodes = 500'000;
inline constexpr uint64_t kMaxTypeItems = 4'000'000;

// Steps, arguments and parts of layouts in the plans of one component with those in it: a few bytes
// can ask for many.
inline constexpr uint64_t kMaxPlanItems = 8'000'000;

inline constexpr uint32_t kMaxFlags = 32;
inline constexpr uint64_t kMaxValueBytes = (uint64_t{1} << 28) - 1;  // of one value in memory
inline constexpr uint32_t kMaxFlatParams = 16;
inline constexpr uint32_t kMaxFlatAsyncParams = 4;
inline constexpr uint32_t kMaxFlatResults = 1;

// Steps of comparing and copying types that validation takes for a component of so many bytes.
constexpr uint64_t max_validation_work(uint64_t bytes) { return (uint64_t{1} << 26) + 64 * bytes; }

}  // namespace nacre::component
