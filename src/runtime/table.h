// A table (specification 3.0, 4.2.7): references, null until they are set.
//
// Memory is taken as the table is used: a large, sparse table costs address space only. Belongs to
// one store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "abi/vmctx.h"
#include "base/result.h"
#include "os/memory.h"
#include "runtime/fixed_array.h"
#include "wasm/limits.h"
#include "wasm/types.h"

namespace nacre::runtime {

class Table {
 public:
  static constexpr uint64_t kGrowFailed = ~uint64_t{0};

  // `type`: its element type is canonical (concrete heap types are engine-wide ids). `budget`
  // counts elements of the store and outlives the table; may be null. Errors: limit, out_of_memory.
  static Result<std::unique_ptr<Table>> create(const wasm::TableType& type, abi::Ref initial,
                                               os::AddressSpaceBudget* budget,
                                               os::FailPoint* fail_point);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table();

  const wasm::TableType& type() const { return type_; }
  wasm::TableType current_type() const;  // limits.min is the present size
  uint64_t size() const { return record_.size; }
  // The former size, or kGrowFailed: beyond the maximum or the budget.
  uint64_t grow(uint64_t delta, abi::Ref initial);
  // Whether it may have this many more elements, not counting the budget.
  bool may_grow(uint64_t delta) const;

  // ---- For instance pools: freeze() keeps size and elements, restore() goes back to them, which
  // costs nothing if nothing was written. Errors: out_of_memory; after a failed restore() the table
  // must not be used any more.
  Result<FixedArray<abi::Ref>> save();
  Result<void> restore(const FixedArray<abi::Ref>& saved);

  // Bounds-checked. The caller has checked the type of what it sets.
  std::optional<abi::Ref> get(uint64_t index) const;
  [[nodiscard]] bool set(uint64_t index, abi::Ref value);

  // For bulk operations, which check bounds and types.
  abi::Ref* elements_to_write() {
    record_.written = true;
    return record_.elements;
  }

  abi::TableRecord* record() { return &record_; }

 private:
  Table(const wasm::TableType& type, os::AddressSpaceBudget* budget, os::FailPoint* fail_point);
  bool extend(uint64_t new_size);

  wasm::TableType type_;
  os::AddressSpaceBudget* budget_;
  os::FailPoint* fail_point_;
  uint64_t max_size_ = 0;
  uint64_t capacity_ = 0;
  abi::TableRecord record_;
};

}  // namespace nacre::runtime
