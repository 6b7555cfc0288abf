// Where calls of a function go until it is compiled.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nacre::native::x64 {

inline constexpr size_t kThunkBytes = 32;

// Into `buffer`: code that brings the function's index to the stub which compiles it (Entry::lazy)
// and goes on there. Returns its size, at most kThunkBytes.
size_t emit_lazy_thunk(uint8_t* buffer, uint32_t function);

}  // namespace nacre::native::x64
