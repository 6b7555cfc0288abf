// Atomic accesses (threads proposal): sequentially consistent, naturally aligned. Memories need not
// be shared.
#include "interp/memory_access.h"

namespace nacre::interp {
namespace {

using abi::TrapKind;

// The address of an atomic access, or the trap that it is.
template <class S>
NACRE_INLINE TrapKind find_atomic(const S& s, const MemArg& arg, uint64_t operand, uint64_t bytes,
                                  uint8_t*& address) {
  NACRE_MACHINE(s);
  const abi::MemoryRecord& memory = *reg_activation->vmctx->memories[arg.memory];
  uint64_t index = index_in(memory, operand);
  // Pages are aligned, so the address in the memory is as aligned as the pointer.
  if ((index + arg.offset) % bytes != 0) return TrapKind::unaligned_atomic;
  if (!find_checked(memory, index, arg.offset, bytes, address)) {
    return TrapKind::memory_out_of_bounds;
  }
  return TrapKind::none;
}

template <class T>
NACRE_INLINE T* cell(uint8_t* address) {
  return reinterpret_cast<T*>(address);
}

template <class Stored, class Value, class P>
struct AtomicLoad {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(operand);
    TrapKind trap = find_atomic(at, arg, operand, sizeof(Stored), address);
    if (trap != TrapKind::none) [[unlikely]]
      return at.trap(trap);
    return s.push(static_cast<Value>(__atomic_load_n(cell<Stored>(address), __ATOMIC_SEQ_CST)))
        .next(arg.length_from(at.pc));
  }
};

template <class Stored, class Value, class P>
struct AtomicStore {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    Value value;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(value).pop(operand);
    TrapKind trap = find_atomic(at, arg, operand, sizeof(Stored), address);
    if (trap != TrapKind::none) [[unlikely]]
      return at.trap(trap);
    __atomic_store_n(cell<Stored>(address), static_cast<Stored>(value), __ATOMIC_SEQ_CST);
    return s.next(arg.length_from(at.pc));
  }
};

// What a read-modify-write does; each returns the old value.
struct Add {
  template <class T>
  NACRE_INLINE static T run(T* to, T value) {
    return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);
  }
};
struct Sub {
  template <class T>
  NACRE_INLINE static T run(T* to, T value) {
    return __atomic_fetch_sub(to, value, __ATOMIC_SEQ_CST);
  }
};
struct And {
  template <class T>
  NACRE_INLINE static T run(T* to, T value) {
    return __atomic_fetch_and(to, value, __ATOMIC_SEQ_CST);
  }
};
struct Or {
  template <class T>
  NACRE_INLINE static T run(T* to, T value) {
    return __atomic_fetch_or(to, value, __ATOMIC_SEQ_CST);
  }
};
struct Xor {
  template <class T>
  NACRE_INLINE static T run(T* to, T value) {
    return __atomic_fetch_xor(to, value, __ATOMIC_SEQ_CST);
  }
};
struct Exchange {
  template <class T>
  NACRE_INLINE static T run(T* to, T value) {
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);
  }
};

template <class Stored, class Value, class Change, class P>
struct AtomicRmw {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    Value value;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(value).pop(operand);
    TrapKind trap = find_atomic(at, arg, operand, sizeof(Stored), address);
    if (trap != TrapKind::none) [[unlikely]]
      return at.trap(trap);
    Stored old = Change::run(cell<Stored>(address), static_cast<Stored>(value));
    return s.push(static_cast<Value>(old)).next(arg.length_from(at.pc));
  }
};

// What is compared with 32 bits in memory: g++ before 12.4 and 13.3 uses it on riscv64 as it lies
// in its register, while the instruction that loads extends the sign (GCC bug 114130).
template <class T>
NACRE_INLINE T for_comparing(T value) {
#if defined(__riscv)
  if constexpr (sizeof(T) == 4) {
    uint64_t extended;
    asm("sext.w %0, %1" : "=r"(extended) : "r"(uint64_t{value}));
    return static_cast<T>(extended);
  }
#endif
  return value;
}

template <class Stored, class Value, class P>
struct AtomicCompareExchange {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    Value expected;
    Value replacement;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(replacement).pop(expected).pop(operand);
    TrapKind trap = find_atomic(at, arg, operand, sizeof(Stored), address);
    if (trap != TrapKind::none) [[unlikely]]
      return at.trap(trap);
    // A narrow access compares with the low bits of `expected` (the suite's atomic.wast, line 325).
    Stored old = for_comparing(static_cast<Stored>(expected));
    __atomic_compare_exchange_n(cell<Stored>(address), &old, static_cast<Stored>(replacement),
                                false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return s.push(static_cast<Value>(old)).next(arg.length_from(at.pc));
  }
};

// The runtime checks the effective address; a sum that wraps is beyond every memory.
template <class S>
NACRE_INLINE uint64_t effective_address(const S& s, const MemArg& arg, uint64_t operand) {
  NACRE_MACHINE(s);
  const abi::MemoryRecord& memory = *reg_activation->vmctx->memories[arg.memory];
  uint64_t address;
  if (__builtin_add_overflow(index_in(memory, operand), arg.offset, &address)) {
    return ~uint64_t{15};
  }
  return address;
}

struct Answer {
  TrapKind trap;
  uint32_t value;
};
// Apart from the handlers: a handler with a local in memory could not end in a jump.
[[gnu::noinline]] Answer notify(abi::VmCtx* vmctx, uint32_t memory, uint64_t address,
                                uint32_t count) {
  uint32_t woken = 0;
  TrapKind trap = vmctx->builtins->memory_atomic_notify(vmctx, memory, address, count, &woken);
  return {trap, woken};
}
[[gnu::noinline]] Answer wait(abi::VmCtx* vmctx, uint32_t memory, uint64_t address,
                              uint32_t expected, int64_t timeout) {
  uint32_t result = 0;
  TrapKind trap =
      vmctx->builtins->memory_atomic_wait32(vmctx, memory, address, expected, timeout, &result);
  return {trap, result};
}
[[gnu::noinline]] Answer wait(abi::VmCtx* vmctx, uint32_t memory, uint64_t address,
                              uint64_t expected, int64_t timeout) {
  uint32_t result = 0;
  TrapKind trap =
      vmctx->builtins->memory_atomic_wait64(vmctx, memory, address, expected, timeout, &result);
  return {trap, result};
}

template <class P>
struct Notify {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    uint32_t count;
    uint64_t operand;
    auto s = at.pop(count).pop(operand);
    Answer answer =
        notify(reg_activation->vmctx, arg.memory, effective_address(at, arg, operand), count);
    if (answer.trap != TrapKind::none) [[unlikely]]
      return at.trap(answer.trap);
    return s.push(answer.value).next(arg.length_from(at.pc));
  }
};

template <class Value, class P>
struct Wait {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    int64_t timeout;
    Value expected;
    uint64_t operand;
    auto s = at.pop(timeout).pop(expected).pop(operand);
    Answer answer = wait(reg_activation->vmctx, arg.memory, effective_address(at, arg, operand),
                         expected, timeout);
    if (answer.trap != TrapKind::none) [[unlikely]]
      return at.trap(answer.trap);
    return s.push(answer.value).next(arg.length_from(at.pc));
  }
};

template <class P>
struct Fence {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return State<P>::enter(NACRE_ARGS).next(2);
  }
};

}  // namespace

#define ATOMIC(name, ...)                                                          \
  template <class P>                                                               \
  struct Run<wasm::Op::name, P, NoMode> {                                          \
    static void handler(NACRE_PARAMS) { return __VA_ARGS__::handler(NACRE_ARGS); } \
  };                                                                               \
  NACRE_INSTANTIATE_PREFIXED(name)

ATOMIC(memory_atomic_notify, Notify<P>)
ATOMIC(memory_atomic_wait32, Wait<uint32_t, P>)
ATOMIC(memory_atomic_wait64, Wait<uint64_t, P>)
ATOMIC(atomic_fence, Fence<P>)

// The seven widths of each kind of access.
#define WIDTHS(p32, p64, p8, p16, p64_8, p64_16, p64_32, Form) \
  ATOMIC(p32, Form(uint32_t, uint32_t))                        \
  ATOMIC(p64, Form(uint64_t, uint64_t))                        \
  ATOMIC(p8, Form(uint8_t, uint32_t))                          \
  ATOMIC(p16, Form(uint16_t, uint32_t))                        \
  ATOMIC(p64_8, Form(uint8_t, uint64_t))                       \
  ATOMIC(p64_16, Form(uint16_t, uint64_t))                     \
  ATOMIC(p64_32, Form(uint32_t, uint64_t))
#define RMW_WIDTHS(change, Form)                                                         \
  WIDTHS(i32_atomic_rmw_##change, i64_atomic_rmw_##change, i32_atomic_rmw8_##change##_u, \
         i32_atomic_rmw16_##change##_u, i64_atomic_rmw8_##change##_u,                    \
         i64_atomic_rmw16_##change##_u, i64_atomic_rmw32_##change##_u, Form)

#define LOAD(Stored, Value) AtomicLoad<Stored, Value, P>
#define STORE(Stored, Value) AtomicStore<Stored, Value, P>
#define ADD(Stored, Value) AtomicRmw<Stored, Value, Add, P>
#define SUB(Stored, Value) AtomicRmw<Stored, Value, Sub, P>
#define AND(Stored, Value) AtomicRmw<Stored, Value, And, P>
#define OR(Stored, Value) AtomicRmw<Stored, Value, Or, P>
#define XOR(Stored, Value) AtomicRmw<Stored, Value, Xor, P>
#define EXCHANGE(Stored, Value) AtomicRmw<Stored, Value, Exchange, P>
#define COMPARE(Stored, Value) AtomicCompareExchange<Stored, Value, P>

WIDTHS(i32_atomic_load, i64_atomic_load, i32_atomic_load8_u, i32_atomic_load16_u,
       i64_atomic_load8_u, i64_atomic_load16_u, i64_atomic_load32_u, LOAD)
WIDTHS(i32_atomic_store, i64_atomic_store, i32_atomic_store8, i32_atomic_store16, i64_atomic_store8,
       i64_atomic_store16, i64_atomic_store32, STORE)
RMW_WIDTHS(add, ADD)
RMW_WIDTHS(sub, SUB)
RMW_WIDTHS(and, AND)
RMW_WIDTHS(or, OR)
RMW_WIDTHS(xor, XOR)
RMW_WIDTHS(xchg, EXCHANGE)
RMW_WIDTHS(cmpxchg, COMPARE)

}  // namespace nacre::interp
