// Where calls of a function go that do not go to its code.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nacre::native::x64 {

inline constexpr size_t kThunkBytes = 64;

// Into `buffer`: code that brings the function's index to the stub which compiles it (Entry::lazy)
// and goes on there. Returns its size, at most kThunkBytes.
size_t emit_lazy_thunk(uint8_t* buffer, uint32_t function);
// The same for a function that machine code does not run: code that loads its function object, of
// the running instance, and goes on at `stub`.
size_t emit_object_thunk(uint8_t* buffer, uint32_t function, const void* stub);
// Code that goes on where the slot leads which is so far from the first byte of it.
size_t emit_slot_thunk(uint8_t* buffer, int32_t slot_distance);

}  // namespace nacre::native::x64
