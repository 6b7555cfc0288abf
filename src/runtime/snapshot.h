// What an instance was when it was made, so that it can be made that again: the way from one guest
// of a pool (runtime/pool.h) to the next.
//
// Memories, tables, globals, the record of running code and what is dropped of segments go back;
// everything else of an instance never changes. Belongs to its instance and goes before it.
#pragma once

#include <vector>

#include "base/result.h"
#include "os/page_restorer.h"
#include "runtime/fixed_array.h"
#include "runtime/instance.h"

namespace nacre::runtime {

class Snapshot {
 public:
  // Of an instance in which no guest ran yet, made by instantiate_restorable(). Freezes memories
  // that have no image yet; images() are then for others. Errors: out_of_memory.
  static Result<Snapshot> take(Instance& instance);

  // One for each memory that the module defines.
  const std::vector<Memory::Image>& images() const { return images_; }

  // Errors: out_of_memory; usage, if a memory of it is still held elsewhere. The instance is then
  // of no use.
  Result<void> restore(const os::PageRestorer& restorer, uint64_t keep_bytes);

 private:
  explicit Snapshot(Instance& instance) : instance_(&instance) {}

  Instance* instance_;
  std::vector<Memory::Image> images_;
  std::vector<FixedArray<abi::Ref>> tables_;
  FixedArray<uint64_t> block_;
  FixedArray<bool> dropped_elements_;
  FixedArray<bool> dropped_data_;
};

}  // namespace nacre::runtime
