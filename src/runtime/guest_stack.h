// Guest stacks: their memory, and what a store knows of each.
//
// A store has one stack of the size that it was granted, and small ones for calls that are made
// while a guest waits on that one. Small stacks come from a pool of the engine; a guest that is
// parked on one occupies only the pages that it wrote.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "abi/exec_context.h"
#include "base/result.h"
#include "os/memory.h"
#include "runtime/extern.h"

namespace nacre::runtime {

class StackPool;
class Store;

// Memory of one stack, with inaccessible pages on both sides. It holds zeroes, or what the same
// store left there.
class StackMemory {
 public:
  StackMemory() = default;
  StackMemory(StackMemory&& other) noexcept;
  StackMemory& operator=(StackMemory&& other) noexcept;
  ~StackMemory() { reset(); }

  // A stack of any size, not of a pool; `bytes`: whole pages. Errors: out_of_memory.
  static Result<StackMemory> map(uint64_t bytes, os::MappingContext mapping);

  uint8_t* begin() const { return begin_; }
  uint8_t* end() const { return end_; }

 private:
  friend class StackPool;
  void reset();

  uint8_t* begin_ = nullptr;
  uint8_t* end_ = nullptr;
  os::Reservation own_;
  // Of a small one:
  StackPool* pool_ = nullptr;
  uint32_t slot_ = 0;
};

// Small stacks, all as large. Address space is taken for many at once, so that they share page
// tables. Thread-safe; outlives the stacks.
class StackPool {
 public:
  StackPool(os::MappingContext mapping, uint32_t max_stacks)
      : mapping_(mapping), max_stacks_(max_stacks) {}
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  static constexpr uint64_t kSlotBytes = 256 << 10;  // the guard below included
  static constexpr uint64_t kGuardBytes = 16 << 10;
  static constexpr uint64_t kStackBytes = kSlotBytes - kGuardBytes;

  // A stack of at most `bytes`, in whole pages, and of no more than kStackBytes. If `user` has used
  // it before, it may find what it left there. Errors: limit (max_stacks are in use),
  // out_of_memory.
  Result<StackMemory> take(uint64_t bytes, StoreId user);

  uint32_t in_use() const;

 private:
  friend class StackMemory;
  static constexpr uint32_t kChunkSlots = 256;
  // This many free stacks keep what was written to them, for the store that wrote it.
  static constexpr uint32_t kMaxWarm = 64;
  struct Slot {
    StoreId user{};
    bool written = false;
    bool committed = false;
  };
  void give_back(uint32_t slot);
  Result<void> add_chunk();
  uint64_t offset_of(uint32_t slot) const {
    return kGuardBytes + uint64_t{slot % kChunkSlots} * kSlotBytes;
  }
  os::Reservation& chunk_of(uint32_t slot) { return chunks_[slot / kChunkSlots]; }

  os::MappingContext mapping_;
  const uint32_t max_stacks_;
  mutable std::mutex mutex_;
  std::vector<os::Reservation> chunks_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;  // the one that came back last is taken first
  uint32_t warm_ = 0;           // free ones that keep what was written
};

// A stack of a store.
struct GuestStack : abi::ExecContext {
  GuestStack(Store& its_store, uint32_t max_depth);
  ~GuestStack();
  GuestStack(const GuestStack&) = delete;
  GuestStack& operator=(const GuestStack&) = delete;
  // Makes this the stack for code to run on.
  void use(StackMemory its_memory);

  Store& store;
  StackMemory memory;

 private:
  bool is_listed_ = false;  // in Engine::guest_stacks()
};

}  // namespace nacre::runtime
