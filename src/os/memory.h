// Reserves address space, makes parts of it usable, gives it back. Guest memories and stacks are
// made of it.
//
// A Reservation is inaccessible when made and costs address space only. commit() makes whole pages
// readable, writable and zero; it never moves anything. Sizes are in bytes; offsets and lengths are
// rounded outwards to page_bytes(). Errors: ErrorCode::out_of_memory. A Reservation is used by one
// thread at a time, except that committed bytes may be accessed by several.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace nacre::os {

uint64_t page_bytes();

// `size` up to the next multiple of page_bytes(), or nothing that fits: then UINT64_MAX.
uint64_t round_up_to_page(uint64_t size);

// Lets one chosen allocation fail, so that tests can walk through every failure path
// (invariants.md: two-phases): allocation number `index` (from 0) of those that ask it. Null
// pointers mean "never".
class FailPoint {
 public:
  explicit FailPoint(uint64_t index) : index_(index) {}
  // Counts one allocation; whether it has to fail.
  bool hit() { return count_.fetch_add(1, std::memory_order_relaxed) == index_; }
  // Whether the chosen allocation was asked for.
  bool reached() const { return count_.load(std::memory_order_relaxed) > index_; }

 private:
  const uint64_t index_;
  std::atomic<uint64_t> count_{0};
};

// How much address space may be reserved in all (invariants.md: limits-by-default). Thread-safe.
class AddressSpaceBudget {
 public:
  explicit AddressSpaceBudget(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}
  [[nodiscard]] bool take(uint64_t bytes);
  void give_back(uint64_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  bool has_room(uint64_t bytes) const {
    uint64_t limit = limit_bytes_.load(std::memory_order_relaxed);
    return used_bytes() <= limit && bytes <= limit - used_bytes();
  }
  // False: more is in use already, and nothing was changed.
  [[nodiscard]] bool set_limit(uint64_t limit_bytes);
  uint64_t limit_bytes() const { return limit_bytes_.load(std::memory_order_relaxed); }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> limit_bytes_;
  std::atomic<uint64_t> used_bytes_{0};
};

class MemoryImage;
class ReservationStock;

// What a reservation is counted against and taken from; all may be null, and must outlive it.
struct MappingContext {
  AddressSpaceBudget* budget = nullptr;
  FailPoint* fail_point = nullptr;
  ReservationStock* stock = nullptr;  // where reservations come from, and go back to
};

class Reservation {
 public:
  Reservation() = default;  // of nothing
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation() { reset(); }

  static Result<Reservation> reserve(uint64_t bytes, MappingContext context = {});

  // Bytes [offset, offset + length) become readable and writable; those that were not before are
  // zero. On failure nothing that was accessible has changed.
  Result<void> commit(uint64_t offset, uint64_t length);
  // Bytes [offset, offset + image.size_bytes()) become readable, writable and those of `image`,
  // copied page by page when it is written; whatever was there is gone. `offset` is at a page.
  Result<void> map_image(uint64_t offset, const MemoryImage& image);
  // Bytes [offset, offset + length), whole pages, become inaccessible again; they are lost. On
  // failure they must not be used for another guest. For memory of small pages.
  Result<void> decommit(uint64_t offset, uint64_t length);
  // Bytes [offset, offset + length), whole committed pages without an image, become zero, and take
  // no memory until they are written.
  void clear(uint64_t offset, uint64_t length);
  // Small pages only, for memory that is restored page by page. Best effort.
  void use_small_pages();

  uint8_t* data() const { return data_; }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  void reset();

  uint8_t* data_ = nullptr;
  uint64_t size_bytes_ = 0;
  MappingContext context_;
};

// Reservations that were given up, kept for the next one of the same size. Their address space
// stays reserved; nothing is left of their contents. It keeps only a few: new ones replace the
// oldest. One thread at a time.
class ReservationStock {
 public:
  ReservationStock() = default;
  ReservationStock(const ReservationStock&) = delete;
  ReservationStock& operator=(const ReservationStock&) = delete;
  ~ReservationStock();

  uint64_t size_bytes() const;

 private:
  friend class Reservation;
  static constexpr size_t kMaxKept = 4;
  struct Entry {
    uint8_t* data;
    uint64_t size_bytes;
    AddressSpaceBudget* budget;
  };
  // Null if it has none of that size and budget.
  uint8_t* take(uint64_t size_bytes, const AddressSpaceBudget* budget);
  // False: it was not kept.
  bool give(const Entry& entry);

  std::vector<Entry> entries_;
};

}  // namespace nacre::os
