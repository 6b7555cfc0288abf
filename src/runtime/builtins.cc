// Bulk operations and growth. Each checks everything first, then acts, and never runs guest code in
// between (invariants.md: bulk-operations). Sums of guest numbers go through in_bounds, which
// cannot overflow.
#include "runtime/builtins.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "abi/code.h"
#include "base/checked.h"
#include "os/interrupt.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"

namespace nacre::runtime {
namespace {

using abi::Ref;
using abi::TrapKind;
using abi::VmCtx;

static_assert(Memory::kGrowFailed == abi::kGrowFailed && Table::kGrowFailed == abi::kGrowFailed);

Instance& instance_of(VmCtx* vmctx) { return Instance::of(*vmctx); }

// ---- stopping in the middle
//
// A limit that is reached while something grows has no place in the result: a stop is requested,
// and the caller looks for it (abi/code.h). Bulk operations look between pieces, and answer with
// the kind.

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;
constexpr uint64_t kPieceElements = kPieceBytes / sizeof(Ref);

// Calls work(done, count) for one piece after the other, up to `length`.
template <class Work>
[[gnu::always_inline]] inline TrapKind in_pieces(VmCtx* vmctx, uint64_t length, uint64_t piece,
                                                 uint64_t fuel, Work work) {
  if (vmctx->exec->counts_fuel && !abi::take_fuel(*vmctx->exec, fuel)) [[unlikely]]
    return TrapKind::fuel_limit;
  // Not for 0: an empty memory may have no address, and memcpy and its kin take no null pointer.
  if (length - 1 < piece) [[likely]] {
    work(uint64_t{0}, length);
    return TrapKind::none;
  }
  for (uint64_t done = 0; done < length;) {
    uint64_t count = std::min(length - done, piece);
    work(done, count);
    done += count;
    if (TrapKind stop = abi::stop_reason(*vmctx->exec); stop != TrapKind::none) return stop;
  }
  return TrapKind::none;
}

// The same for ranges that may overlap: in the order in which no piece is read after it was
// written.
template <class Move>
[[gnu::always_inline]] inline TrapKind move_in_pieces(VmCtx* vmctx, bool backwards, uint64_t length,
                                                      uint64_t piece, uint64_t fuel, Move move) {
  return in_pieces(vmctx, length, piece, fuel, [&](uint64_t done, uint64_t count) {
    move(backwards ? length - done - count : done, count);
  });
}

// ---- memories

uint64_t memory_grow(VmCtx* vmctx, uint32_t index, uint64_t delta_pages) {
  Instance& instance = instance_of(vmctx);
  Memory& memory = instance.memory(index);
  uint64_t old_pages = memory.grow(delta_pages);
  if (old_pages == Memory::kGrowFailed) {
    std::optional<uint64_t> bytes = memory.growth_bytes(delta_pages);
    if (bytes && instance.store().is_beyond_memory_limit(*bytes))
      abi::request_stop(*vmctx->exec, TrapKind::memory_limit);
  }
  return old_pages;
}

TrapKind memory_fill(VmCtx* vmctx, uint32_t index, uint64_t to, uint8_t value, uint64_t length) {
  Memory& memory = instance_of(vmctx).memory(index);
  if (!in_bounds(to, length, memory.size_bytes())) return TrapKind::memory_out_of_bounds;
  return in_pieces(
      vmctx, length, kPieceBytes, length / abi::kBytesPerFuel,
      [&](uint64_t at, uint64_t count) { std::memset(memory.base() + to + at, value, count); });
}

TrapKind memory_copy(VmCtx* vmctx, uint32_t to_index, uint32_t from_index, uint64_t to,
                     uint64_t from, uint64_t length) {
  Memory& target = instance_of(vmctx).memory(to_index);
  Memory& source = instance_of(vmctx).memory(from_index);
  if (!in_bounds(to, length, target.size_bytes()) ||
      !in_bounds(from, length, source.size_bytes())) {
    return TrapKind::memory_out_of_bounds;
  }
  bool backwards = &target == &source && to > from;
  return move_in_pieces(vmctx, backwards, length, kPieceBytes, length / abi::kBytesPerFuel,
                        [&](uint64_t at, uint64_t count) {
                          std::memmove(target.base() + to + at, source.base() + from + at, count);
                        });
}

TrapKind memory_init(VmCtx* vmctx, uint32_t index, uint32_t segment, uint64_t to, uint64_t from,
                     uint64_t length) {
  Instance& instance = instance_of(vmctx);
  Memory& memory = instance.memory(index);
  Bytes data = instance.data(segment);
  if (!in_bounds(to, length, memory.size_bytes()) ||
      !in_bounds(from, length, uint64_t{data.size()})) {
    return TrapKind::memory_out_of_bounds;
  }
  return in_pieces(vmctx, length, kPieceBytes, length / abi::kBytesPerFuel,
                   [&](uint64_t at, uint64_t count) {
                     std::memcpy(memory.base() + to + at, data.data() + from + at, count);
                   });
}

void data_drop(VmCtx* vmctx, uint32_t segment) { instance_of(vmctx).drop_data(segment); }

uint64_t table_grow(VmCtx* vmctx, uint32_t index, uint64_t delta, Ref initial) {
  Instance& instance = instance_of(vmctx);
  Table& table = instance.table(index);
  uint64_t old_size = table.grow(delta, initial);
  if (old_size != Table::kGrowFailed) {
    if (!abi::take_fuel(*vmctx->exec, delta)) abi::request_stop(*vmctx->exec, TrapKind::fuel_limit);
  } else if (table.may_grow(delta) && instance.store().is_beyond_table_limit(delta)) {
    abi::request_stop(*vmctx->exec, TrapKind::tables_limit);
  }
  return old_size;
}

TrapKind table_fill(VmCtx* vmctx, uint32_t index, uint64_t to, Ref value, uint64_t length) {
  Table& table = instance_of(vmctx).table(index);
  if (!in_bounds(to, length, table.size())) return TrapKind::table_out_of_bounds;
  Ref* elements = table.elements_to_write();
  return in_pieces(vmctx, length, kPieceElements, length, [&](uint64_t at, uint64_t count) {
    std::fill_n(elements + to + at, count, value);
  });
}

TrapKind table_copy(VmCtx* vmctx, uint32_t to_index, uint32_t from_index, uint64_t to,
                    uint64_t from, uint64_t length) {
  Table& target = instance_of(vmctx).table(to_index);
  Table& source = instance_of(vmctx).table(from_index);
  if (!in_bounds(to, length, target.size()) || !in_bounds(from, length, source.size()))
    return TrapKind::table_out_of_bounds;
  bool backwards = &target == &source && to > from;
  Ref* elements = target.elements_to_write();
  return move_in_pieces(vmctx, backwards, length, kPieceElements, length,
                        [&](uint64_t at, uint64_t count) {
                          std::memmove(elements + to + at, source.record()->elements + from + at,
                                       count * sizeof(Ref));
                        });
}

TrapKind table_init(VmCtx* vmctx, uint32_t index, uint32_t segment, uint64_t to, uint64_t from,
                    uint64_t length) {
  Instance& instance = instance_of(vmctx);
  Table& table = instance.table(index);
  if (!in_bounds(to, length, table.size()) ||
      !in_bounds(from, length, instance.element_count(segment))) {
    return TrapKind::table_out_of_bounds;
  }
  Ref* elements = table.elements_to_write();
  return in_pieces(vmctx, length, kPieceElements, length, [&](uint64_t at, uint64_t count) {
    for (uint64_t i = at; i < at + count; ++i)
      elements[to + i] = instance.element(segment, from + i);
  });
}

void elem_drop(VmCtx* vmctx, uint32_t segment) { instance_of(vmctx).drop_element(segment); }

TrapKind check_atomic(const Memory& memory, uint64_t address, uint64_t width) {
  if (address % width != 0) return TrapKind::unaligned_atomic;
  if (!in_bounds(address, width, memory.size_bytes())) return TrapKind::memory_out_of_bounds;
  return TrapKind::none;
}

TrapKind check_wait(const Memory& memory, uint64_t address, uint64_t width) {
  if (address % width != 0) return TrapKind::unaligned_atomic;
  if (!memory.type().shared) return TrapKind::expected_shared_memory;
  return check_atomic(memory, address, width);
}

// Waits in slices if the guest may have to be stopped: no signal ends such a wait.
template <class T>
TrapKind atomic_wait(VmCtx* vmctx, uint32_t index, uint64_t address, T expected, int64_t timeout_ns,
                     uint32_t* result) {
  Memory& memory = instance_of(vmctx).memory(index);
  if (TrapKind trap = check_wait(memory, address, sizeof(T)); trap != TrapKind::none) return trap;
  bool watched = os::innermost() != nullptr;
  auto stop = [] { return os::stop_requested(); };
  ParkingLot::Woken woken =
      memory.parking_lot().wait(address, memory.base() + address, expected, timeout_ns,
                                watched ? ParkingLot::GiveUp(stop) : nullptr);
  *result = static_cast<uint32_t>(woken);
  if (woken != ParkingLot::Woken::gave_up) return TrapKind::none;
  TrapKind reason = abi::stop_reason(*vmctx->exec);
  return reason != TrapKind::none ? reason : TrapKind::interrupted;
}

TrapKind memory_atomic_wait32(VmCtx* vmctx, uint32_t index, uint64_t address, uint32_t expected,
                              int64_t timeout_ns, uint32_t* result) {
  return atomic_wait(vmctx, index, address, expected, timeout_ns, result);
}

TrapKind memory_atomic_wait64(VmCtx* vmctx, uint32_t index, uint64_t address, uint64_t expected,
                              int64_t timeout_ns, uint32_t* result) {
  return atomic_wait(vmctx, index, address, expected, timeout_ns, result);
}

TrapKind memory_atomic_notify(VmCtx* vmctx, uint32_t index, uint64_t address, uint32_t count,
                              uint32_t* woken) {
  Memory& memory = instance_of(vmctx).memory(index);
  if (TrapKind trap = check_atomic(memory, address, 4); trap != TrapKind::none) return trap;
  *woken = memory.parking_lot().notify(address, count);
  return TrapKind::none;
}

bool type_matches(VmCtx* vmctx, wasm::CanonTypeId actual, wasm::CanonTypeId expected) {
  return instance_of(vmctx).store().engine().types().is_subtype(actual, expected);
}

constexpr abi::Builtins kBuiltins = {
#define BUILTIN(name, ...) .name = name,
#include "abi/builtins.def"
#undef BUILTIN
};

}  // namespace

const abi::Builtins& builtins() { return kBuiltins; }

}  // namespace nacre::runtime
