// Bulk operations and growth. Each checks everything first, then acts, and never runs guest code in
// between (security.md H1). Sums of guest numbers go through in_bounds, which cannot overflow.
#include "runtime/builtins.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
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

uint64_t memory_grow(VmCtx* vmctx, uint32_t memory, uint64_t delta_pages) {
  return instance_of(vmctx).memory(memory).grow(delta_pages);
}

TrapKind memory_fill(VmCtx* vmctx, uint32_t index, uint64_t to, uint8_t value, uint64_t length) {
  Memory& memory = instance_of(vmctx).memory(index);
  if (!in_bounds(to, length, memory.size_bytes())) return TrapKind::memory_out_of_bounds;
  std::memset(memory.base() + to, value, length);
  return TrapKind::none;
}

TrapKind memory_copy(VmCtx* vmctx, uint32_t to_index, uint32_t from_index, uint64_t to,
                     uint64_t from, uint64_t length) {
  Memory& target = instance_of(vmctx).memory(to_index);
  Memory& source = instance_of(vmctx).memory(from_index);
  if (!in_bounds(to, length, target.size_bytes()) ||
      !in_bounds(from, length, source.size_bytes())) {
    return TrapKind::memory_out_of_bounds;
  }
  std::memmove(target.base() + to, source.base() + from, length);
  return TrapKind::none;
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
  if (length != 0) std::memcpy(memory.base() + to, data.data() + from, length);
  return TrapKind::none;
}

void data_drop(VmCtx* vmctx, uint32_t segment) { instance_of(vmctx).drop_data(segment); }

uint64_t table_grow(VmCtx* vmctx, uint32_t table, uint64_t delta, Ref initial) {
  return instance_of(vmctx).table(table).grow(delta, initial);
}

TrapKind table_fill(VmCtx* vmctx, uint32_t index, uint64_t to, Ref value, uint64_t length) {
  Table& table = instance_of(vmctx).table(index);
  if (!in_bounds(to, length, table.size())) return TrapKind::table_out_of_bounds;
  std::fill_n(table.record()->elements + to, length, value);
  return TrapKind::none;
}

TrapKind table_copy(VmCtx* vmctx, uint32_t to_index, uint32_t from_index, uint64_t to,
                    uint64_t from, uint64_t length) {
  Table& target = instance_of(vmctx).table(to_index);
  Table& source = instance_of(vmctx).table(from_index);
  if (!in_bounds(to, length, target.size()) || !in_bounds(from, length, source.size()))
    return TrapKind::table_out_of_bounds;
  if (length != 0) {
    std::memmove(target.record()->elements + to, source.record()->elements + from,
                 length * sizeof(Ref));
  }
  return TrapKind::none;
}

TrapKind table_init(VmCtx* vmctx, uint32_t index, uint32_t segment, uint64_t to, uint64_t from,
                    uint64_t length) {
  Instance& instance = instance_of(vmctx);
  Table& table = instance.table(index);
  if (!in_bounds(to, length, table.size()) ||
      !in_bounds(from, length, instance.element_count(segment))) {
    return TrapKind::table_out_of_bounds;
  }
  Ref* elements = table.record()->elements;
  for (uint64_t i = 0; i < length; ++i) elements[to + i] = instance.element(segment, from + i);
  return TrapKind::none;
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

TrapKind memory_atomic_wait32(VmCtx* vmctx, uint32_t index, uint64_t address, uint32_t expected,
                              int64_t timeout_ns, uint32_t* result) {
  Memory& memory = instance_of(vmctx).memory(index);
  if (TrapKind trap = check_wait(memory, address, 4); trap != TrapKind::none) return trap;
  *result = static_cast<uint32_t>(
      memory.parking_lot().wait32(address, memory.base() + address, expected, timeout_ns));
  return TrapKind::none;
}

TrapKind memory_atomic_wait64(VmCtx* vmctx, uint32_t index, uint64_t address, uint64_t expected,
                              int64_t timeout_ns, uint32_t* result) {
  Memory& memory = instance_of(vmctx).memory(index);
  if (TrapKind trap = check_wait(memory, address, 8); trap != TrapKind::none) return trap;
  *result = static_cast<uint32_t>(
      memory.parking_lot().wait64(address, memory.base() + address, expected, timeout_ns));
  return TrapKind::none;
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
