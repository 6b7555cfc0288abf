// Memory for machine code that is made while the program runs.
//
// One object of shared memory, mapped twice: writable() to make code, executable() to
// run it. No address is ever writable and executable, no protection changes once there may be code,
// and what is not written costs address space only (invariants.md: write-xor-execute). It has no
// file (unless a debugger needs one), so that perf looks its names up in the map (os/perf_map.h).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "os/memory.h"

namespace nacre::os {

class CodeMemory {
 public:
  CodeMemory() = default;  // of nothing
  CodeMemory(CodeMemory&& other) noexcept;
  CodeMemory& operator=(CodeMemory&& other) noexcept;
  ~CodeMemory() { reset(); }

  // Filled with zeroes. `for_debuggers`: breakpoints can be set in it, which the system forbids in
  // shared memory; after one was set in a page, later writes to that page do not reach
  // executable(). Errors: out_of_memory; unsupported if the system allows no code to be made.
  static Result<CodeMemory> create(uint64_t bytes, bool for_debuggers = false,
                                   MappingContext context = {});

  uint8_t* writable() const { return writable_; }
  const uint8_t* executable() const { return executable_; }
  uint64_t size_bytes() const { return size_bytes_; }

  // Provides the pages of [begin, begin + bytes), which will be written soon, in one call instead
  // of by a fault for each.
  void populate(uint64_t begin, uint64_t bytes) const;

  // The other view of an address in writable().
  const uint8_t* executable_of(const uint8_t* address) const {
    return executable_ + (address - writable_);
  }

 private:
  void reset();

  uint8_t* writable_ = nullptr;
  const uint8_t* executable_ = nullptr;
  uint64_t size_bytes_ = 0;
  MappingContext context_;
};

}  // namespace nacre::os
