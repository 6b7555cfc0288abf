// How large WIT may be; what each figure bounds is an allocation, a loop or a recursion.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nacre::component::wit {

inline constexpr size_t kMaxFileBytes = size_t{16} << 20;
inline constexpr size_t kMaxTotalBytes = size_t{64} << 20;  // of all files of a folder and its deps
inline constexpr size_t kMaxFiles = 10'000;
inline constexpr size_t kMaxTypeNesting = 100;  // types in types, as they are written
// Imports, exports and types of all worlds, and steps to find them: `include` and the dependencies of
// interfaces repeat what is written once.
inline constexpr size_t kMaxWork = 2'000'000;

}  // namespace nacre::component::wit
