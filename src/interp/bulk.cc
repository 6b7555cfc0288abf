// Bulk operations on memories and tables: the runtime does them (abi/builtins.def).
#include "interp/immediates.h"

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
    return finish(
        at, s,
        vmctx->builtins->memory_fill(vmctx, memory, index_operand(is_64, to),
                                     static_cast<uint8_t>(value), index_operand(is_64, bytes)),
        length);
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
    return finish(at, s,
                  vmctx->builtins->memory_copy(
                      vmctx, to_memory, from_memory, index_operand(to_64, to),
                      index_operand(from_64, from), index_operand(to_64 && from_64, bytes)),
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
