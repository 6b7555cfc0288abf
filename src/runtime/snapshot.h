// The state of a store when everything in it was made, so that it can be put back: the step from
// one guest of a pool (runtime/pool.h) to the next.
//
// Restored are memories, tables and globals, of instances and of the host, the records of running
// code, and segments that were dropped; everything else of an instance never changes. Belongs to
// its store and is destroyed before it.
#pragma once

#include <vector>

#include "base/result.h"
#include "os/page_restorer.h"
#include "runtime/fixed_array.h"
#include "runtime/instance.h"

namespace nacre::runtime {

class Snapshot {
 public:
  // Of a store (StoreOptions::restorable) in which no guest ran yet. Freezes memories that have no
  // image yet; other stores can then start from images(). Errors: out_of_memory.
  static Result<Snapshot> take(Store& store);

  // One for each memory, in the order in which they were made.
  const std::vector<Memory::Image>& images() const { return images_; }

  // The instances that have a start function, in the order in which they were made.
  std::vector<Instance*> starting() const;

  // Errors: out_of_memory; usage, if a memory of it is still held elsewhere. After an error the
  // store must not be used any more.
  Result<void> restore(const os::PageRestorer& restorer, uint64_t keep_bytes);

 private:
  struct TableState {
    Table* table;
    FixedArray<abi::Ref> elements;
  };
  struct InstanceState {
    Instance* instance;
    FixedArray<uint64_t> block;
    FixedArray<bool> dropped_elements;
    FixedArray<bool> dropped_data;
  };

  explicit Snapshot(Store& store) : store_(&store) {}
  Result<void> take_table(Table& table);

  Store* store_;
  std::vector<Memory::Image> images_;
  std::vector<TableState> tables_;
  std::vector<InstanceState> instances_;
  std::vector<abi::Value> host_globals_;
};

}  // namespace nacre::runtime
