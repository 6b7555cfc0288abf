// Bulk operations on memories and tables: the runtime does them (abi/builtins.def).
#include "interp/immediates.h"
#include "interp/memory_access.h"

namespace nacre::interp {
namespace {

using abi::TrapKind;
using abi::VmCtx;

NACRE_INLINE uint64_t index_operand(bool is_64, uint64_t operand) {
  return is_64 ? operand : static_cast<uint32_t>(operand);
}

template <class At, class S>
NACRE_INLINE void finish(const At& at, const S& s, TrapKind kind, size_t length) {
  if (kind != TrapKind::none) [[unlikely]]
    return at.trap(kind);
  return s.next(length);
}

// What is as short as this is done here, but for what is counted: calling the runtime takes longer.
constexpr uint64_t kShortBytes = 32;

// Where so many bytes are, if they are short and in bounds; else it is the runtime's turn.
template <class S>
NACRE_INLINE uint8_t* find_short(const S& s, uint32_t index, uint64_t address, uint64_t bytes) {
  NACRE_MACHINE(s);
  if (bytes > kShortBytes || reg_activation->exec->counts_fuel) return nullptr;
  uint8_t* found = nullptr;
  find_checked(*reg_activation->vmctx->memories[index], address, 0, bytes, found);
  return found;
}

// In two pieces that may overlap: from the beginning and up to the end. Both are read before one is
// written.
template <class T>
NACRE_INLINE void copy_ends(uint8_t* to, const uint8_t* from, uint64_t bytes) {
  T first = load<T>(from);
  T last = load<T>(from + bytes - sizeof(T));
  store(to, first);
  store(to + bytes - sizeof(T), last);
}
template <class T>
NACRE_INLINE void fill_ends(uint8_t* to, T value, uint64_t bytes) {
  store(to, value);
  store(to + bytes - sizeof(T), value);
}

using SixteenBytes = unsigned __int128;

NACRE_INLINE void copy_short(uint8_t* to, const uint8_t* from, uint64_t bytes) {
  if (bytes >= 16) return copy_ends<SixteenBytes>(to, from, bytes);
  if (bytes >= 8) return copy_ends<uint64_t>(to, from, bytes);
  if (bytes >= 4) return copy_ends<uint32_t>(to, from, bytes);
  if (bytes == 0) return;
  uint8_t middle = from[bytes / 2];
  copy_ends<uint8_t>(to, from, bytes);
  to[bytes / 2] = middle;
}

NACRE_INLINE void fill_short(uint8_t* to, uint8_t value, uint64_t bytes) {
  uint64_t eight = 0x0101'0101'0101'0101 * value;
  if (bytes >= 16) return fill_ends(to, SixteenBytes{eight} << 64 | eight, bytes);
  if (bytes >= 8) return fill_ends(to, eight, bytes);
  if (bytes >= 4) return fill_ends(to, static_cast<uint32_t>(eight), bytes);
  if (bytes == 0) return;
  fill_ends(to, value, bytes);
  to[bytes / 2] = value;
}

struct MemoryFill {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t memory, size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    bool is_64 = vmctx->memories[memory]->is_64;
    uint64_t to;
    uint64_t value;
    uint64_t bytes;
    auto s = at.pop(bytes).pop(value).pop(to);
    to = index_operand(is_64, to);
    bytes = index_operand(is_64, bytes);
    auto byte = static_cast<uint8_t>(value);
    if (uint8_t* target = find_short(at, memory, to, bytes)) {
      fill_short(target, byte, bytes);
      return s.next(length);
    }
    return finish(at, s, vmctx->builtins->memory_fill(vmctx, memory, to, byte, bytes), length);
  }
};

struct MemoryCopy {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t to_memory, uint32_t from_memory,
                               size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    bool to_64 = vmctx->memories[to_memory]->is_64;
    bool from_64 = vmctx->memories[from_memory]->is_64;
    uint64_t to;
    uint64_t from;
    uint64_t bytes;
    auto s = at.pop(bytes).pop(from).pop(to);
    to = index_operand(to_64, to);
    from = index_operand(from_64, from);
    bytes = index_operand(to_64 && from_64, bytes);
    const uint8_t* source = find_short(at, from_memory, from, bytes);
    uint8_t* target = find_short(at, to_memory, to, bytes);
    if (source != nullptr && target != nullptr) {
      copy_short(target, source, bytes);
      return s.next(length);
    }
    return finish(at, s,
                  vmctx->builtins->memory_copy(vmctx, to_memory, from_memory, to, from, bytes),
                  length);
  }
};

struct MemoryInit {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t segment, uint32_t memory, size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    uint64_t to;
    uint32_t from;
    uint32_t bytes;
    auto s = at.pop(bytes).pop(from).pop(to);
    to = index_operand(vmctx->memories[memory]->is_64, to);
    return finish(at, s, vmctx->builtins->memory_init(vmctx, memory, segment, to, from, bytes),
                  length);
  }
};

struct DataDrop {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t segment, size_t length) {
    NACRE_MACHINE(s);
    VmCtx* vmctx = reg_activation->vmctx;
    vmctx->builtins->data_drop(vmctx, segment);
    return s.next(length);
  }
};

struct TableInit {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t segment, uint32_t table, size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    uint64_t to;
    uint32_t from;
    uint32_t count;
    auto s = at.pop(count).pop(from).pop(to);
    to = index_operand(vmctx->tables[table]->is_64, to);
    return finish(at, s, vmctx->builtins->table_init(vmctx, table, segment, to, from, count),
                  length);
  }
};

struct ElemDrop {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t segment, size_t length) {
    NACRE_MACHINE(s);
    VmCtx* vmctx = reg_activation->vmctx;
    vmctx->builtins->elem_drop(vmctx, segment);
    return s.next(length);
  }
};

struct TableCopy {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t to_table, uint32_t from_table, size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    bool to_64 = vmctx->tables[to_table]->is_64;
    bool from_64 = vmctx->tables[from_table]->is_64;
    uint64_t to;
    uint64_t from;
    uint64_t count;
    auto s = at.pop(count).pop(from).pop(to);
    return finish(at, s,
                  vmctx->builtins->table_copy(vmctx, to_table, from_table, index_operand(to_64, to),
                                              index_operand(from_64, from),
                                              index_operand(to_64 && from_64, count)),
                  length);
  }
};

struct TableGrow {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t table, size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    bool is_64 = vmctx->tables[table]->is_64;
    uint64_t initial;
    uint64_t delta;
    auto s = at.pop(delta).pop(initial);
    uint64_t old = vmctx->builtins->table_grow(vmctx, table, index_operand(is_64, delta), initial);
    if (TrapKind stop = abi::stop_reason(*reg_activation->exec); stop != TrapKind::none)
        [[unlikely]]
      return at.trap(stop);
    return s.push(index_operand(is_64, old)).next(length);
  }
};

struct TableSize {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t table, size_t length) {
    NACRE_MACHINE(s);
    return s.push(reg_activation->vmctx->tables[table]->size).next(length);
  }
};

struct TableFill {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t table, size_t length) {
    NACRE_MACHINE(at);
    VmCtx* vmctx = reg_activation->vmctx;
    bool is_64 = vmctx->tables[table]->is_64;
    uint64_t to;
    uint64_t value;
    uint64_t count;
    auto s = at.pop(count).pop(value).pop(to);
    return finish(at, s,
                  vmctx->builtins->table_fill(vmctx, table, index_operand(is_64, to), value,
                                              index_operand(is_64, count)),
                  length);
  }
};

}  // namespace

NACRE_FORM(memory_init, WithTwoIndices<MemoryInit, P>)
NACRE_FORM(data_drop, WithIndex<DataDrop, P>)
NACRE_FORM(memory_copy, WithTwoIndices<MemoryCopy, P>)
NACRE_FORM(memory_fill, WithIndex<MemoryFill, P>)
NACRE_FORM(table_init, WithTwoIndices<TableInit, P>)
NACRE_FORM(elem_drop, WithIndex<ElemDrop, P>)
NACRE_FORM(table_copy, WithTwoIndices<TableCopy, P>)
NACRE_FORM(table_grow, WithIndex<TableGrow, P>)
NACRE_FORM(table_size, WithIndex<TableSize, P>)
NACRE_FORM(table_fill, WithIndex<TableFill, P>)

NACRE_INSTANTIATE_PREFIXED(memory_init)
NACRE_INSTANTIATE_PREFIXED(data_drop)
NACRE_INSTANTIATE_PREFIXED(memory_copy)
NACRE_INSTANTIATE_PREFIXED(memory_fill)
NACRE_INSTANTIATE_PREFIXED(table_init)
NACRE_INSTANTIATE_PREFIXED(elem_drop)
NACRE_INSTANTIATE_PREFIXED(table_copy)
NACRE_INSTANTIATE_PREFIXED(table_grow)
NACRE_INSTANTIATE_PREFIXED(table_size)
NACRE_INSTANTIATE_PREFIXED(table_fill)

}  // namespace nacre::interp
