// Initial contents of a guest's memory, made once and mapped copy-on-write into many memories
// (Reservation::map_image).
//
// Immutable: a sealed object of shared memory, so it cannot be changed or shortened under its
// mappings. Zeroes at the end are left out; pages of zeroes in between take no memory. Usable from
// any thread. Mappings of it may outlive it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "os/memory.h"

namespace nacre::os {

class MemoryImage {
 public:
  MemoryImage() = default;  // of zeroes: size_bytes() is 0
  MemoryImage(MemoryImage&& other) noexcept;
  MemoryImage& operator=(MemoryImage&& other) noexcept;
  ~MemoryImage() { reset(); }

  // Errors: out_of_memory.
  static Result<MemoryImage> create(Bytes contents, MappingContext context = {});

  // Whole pages; all bytes after them are zero.
  uint64_t size_bytes() const { return size_bytes_; }
  const uint8_t* data() const { return data_; }

 private:
  friend class Reservation;
  void reset();

  int file_ = -1;
  const uint8_t* data_ = nullptr;
  uint64_t size_bytes_ = 0;
  AddressSpaceBudget* budget_ = nullptr;
};

}  // namespace nacre::os
