// A linear memory (specification 3.0, 4.2.8; threads).
//
// One reservation of address space that never moves: accessible bytes from the base, the rest of
// the reservation behind them, a guard in front. Memories that can be guarded (abi/memory_layout.h)
// reserve all that an i32 index and offset can reach, so that an access needs no check. Where that
// is impossible (64-bit indices, other page sizes, no address space) the reservation is as large as
// the memory may grow, and every access is checked.
//
// An unshared memory belongs to one store. A shared one (`type().shared`) may be adopted by several
// (Store::adopt) and used by their threads: size, wait and notify are atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "abi/guest_memory.h"
#include "abi/memory_layout.h"
#include "abi/vmctx.h"
#include "base/result.h"
#include "os/fault.h"
#include "os/memory.h"
#include "os/memory_image.h"
#include "os/page_restorer.h"
#include "runtime/parking_lot.h"
#include "wasm/types.h"

namespace nacre::runtime {

// How much memory may be accessible at one time. Shared by a store and the memories made in it,
// since a shared memory can outlive the store. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit_bytes) : space_(limit_bytes) {}
  [[nodiscard]] bool take(uint64_t bytes) { return space_.take(bytes); }
  void give_back(uint64_t bytes) { space_.give_back(bytes); }
  uint64_t limit_bytes() const { return space_.limit_bytes(); }
  uint64_t used_bytes() const { return space_.used_bytes(); }
  bool has_room(uint64_t bytes) const { return space_.has_room(bytes); }
  // False: more is in use already, and nothing was changed.
  [[nodiscard]] bool set_limit(uint64_t limit_bytes) { return space_.set_limit(limit_bytes); }

 private:
  os::AddressSpaceBudget space_;
};

struct MemoryContext {
  os::MappingContext mapping;
  std::shared_ptr<MemoryBudget> budget;  // may be null: no limit
  bool allow_guards = true;
  bool end_at_guard = false;         // EngineOptions::memories_end_at_guard
  bool small_pages = false;          // for memories that are restored (Memory::restore)
  std::shared_ptr<void> owner = {};  // of what `mapping` points to; the memory keeps it
};

class Memory : public std::enable_shared_from_this<Memory> {
 public:
  using Image = std::shared_ptr<const os::MemoryImage>;

  // A 64-bit memory, or one that declares no maximum, can grow to at most so many bytes, or to what
  // its budget allows where that is more.
  static constexpr uint64_t kMaxUnguardedBytes = uint64_t{16} << 30;
  static constexpr uint64_t kGrowFailed = ~uint64_t{0};

  // Errors: out_of_memory, limit (the budget).
  static Result<std::shared_ptr<Memory>> create(const wasm::MemoryType& type,
                                                const MemoryContext& context);
  // The same, with contents: an image of such a memory.
  static Result<std::shared_ptr<Memory>> create(const wasm::MemoryType& type,
                                                const MemoryContext& context, Image image);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // As declared; see current_type() for what imports are matched with.
  const wasm::MemoryType& type() const { return type_; }
  wasm::MemoryType current_type() const;  // limits.min is the present size
  const abi::MemoryLayout& layout() const { return layout_; }

  uint64_t size_bytes() const { return abi::memory_size(record_); }
  uint64_t size_pages() const { return size_bytes() >> type_.page_size_log2; }
  // The former size in pages, or kGrowFailed: beyond the maximum, the reservation or the budget.
  uint64_t grow(uint64_t delta_pages);
  // How many bytes `delta` more pages are, whether or not there is room for them; nothing if they
  // exceed the maximum or the address space.
  std::optional<uint64_t> growth_bytes(uint64_t delta_pages) const;

  // Writes initial contents, before a guest runs: an active data segment, or bytes of the host.
  // False if they do not fit. A memory that was made from an image has them already, so until
  // freeze() nothing is written.
  [[nodiscard]] bool initialize(uint64_t offset, Bytes data);

  // ---- For instance pools. The memory is not shared and not in use meanwhile.
  //
  // Makes an image of what initialize() has written: restore() goes back to it, and other memories
  // can start from it. No guest ran yet. Errors: out_of_memory.
  Result<Image> freeze();
  // Size and contents are again those of freeze(), or of the image the memory was created with. On
  // failure the memory must not be used any more.
  Result<void> restore(const os::PageRestorer& restorer, uint64_t keep_bytes);

  // The memory as it is now; see abi/guest_memory.h.
  abi::GuestMemory view() const {
    return abi::GuestMemory(record_.base, size_bytes(), type_.shared);
  }
  uint8_t* base() const { return record_.base; }
  abi::MemoryRecord* record() { return &record_; }
  ParkingLot& parking_lot() { return parking_lot_; }

 private:
  Memory(const wasm::MemoryType& type, const MemoryContext& context);
  Result<void> map(uint64_t min_bytes);
  Result<void> map_guarded(uint64_t min_bytes);
  Result<void> map_checked(uint64_t min_bytes);
  Result<void> start_from(Image image);

  wasm::MemoryType type_;
  MemoryContext context_;
  abi::MemoryLayout layout_;
  uint64_t max_bytes_ = 0;      // that the type and the reservation allow
  uint64_t charged_bytes_ = 0;  // to the budget
  uint64_t written_bytes_ = 0;  // by initialize(): all bytes after these are zero
  uint64_t initial_bytes_ = 0;  // that restore() goes back to
  Image image_;                 // null: never frozen
  bool is_complete_ = false;    // made from an image, and not yet frozen
  os::Reservation reservation_;
  os::FaultRange fault_range_;  // goes before the reservation
  std::mutex grow_mutex_;
  ParkingLot parking_lot_;
  abi::MemoryRecord record_;
};

}  // namespace nacre::runtime
