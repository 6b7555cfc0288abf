// Access to linear memories: immediates, bounds, and the two ways to hold them.
#pragma once

#include "interp/state.h"

namespace nacre::interp {

struct MemArg {
  uint64_t offset;
  uint32_t memory;
  const uint8_t* next;  // behind the immediate

  // Of an instruction that begins at `pc`.
  NACRE_INLINE size_t length_from(const uint8_t* pc) const {
    return static_cast<size_t>(next - pc);
  }
};

// The alignment may say that a memory index follows. Either number may be long.
NACRE_INLINE MemArg read_memarg(const uint8_t* p) {
  uint32_t flags = read_leb<uint32_t>(p);
  uint32_t memory = (flags & wasm::kMemargHasMemory) != 0 ? read_leb<uint32_t>(p) : 0;
  uint64_t offset = read_leb<uint64_t>(p);
  return {offset, memory, p};
}

// A memory argument in two bytes, for memory 0.
NACRE_INLINE bool is_short_memarg(const uint8_t* p) { return (load<uint16_t>(p) & 0x80C0) == 0; }

NACRE_INLINE uint64_t size_of(const abi::MemoryRecord& memory) {
  return __atomic_load_n(&memory.size_bytes, __ATOMIC_RELAXED);
}

// The address of `bytes` bytes at index + offset; false where they do not all lie in the memory. No
// sum wraps, with 64-bit indices either.
NACRE_INLINE bool find_checked(const abi::MemoryRecord& memory, uint64_t index, uint64_t offset,
                               uint64_t bytes, uint8_t*& address) {
  uint64_t begin;
  uint64_t end;
  if (__builtin_add_overflow(index, offset, &begin) || __builtin_add_overflow(begin, bytes, &end) ||
      end > size_of(memory)) [[unlikely]] {
    return false;
  }
  address = memory.base + begin;
  return true;
}

NACRE_INLINE uint64_t index_in(const abi::MemoryRecord& memory, uint64_t operand) {
  return memory.is_64 ? operand : static_cast<uint32_t>(operand);
}

// For instructions that always check: SIMD, atomics, other memories.
template <class S>
NACRE_INLINE bool find(const S& s, const MemArg& arg, uint64_t operand, uint64_t bytes,
                       uint8_t*& address) {
  NACRE_MACHINE(s);
  const abi::MemoryRecord& memory = *reg_activation->vmctx->memories[arg.memory];
  return find_checked(memory, index_in(memory, operand), arg.offset, bytes, address);
}

}  // namespace nacre::interp
