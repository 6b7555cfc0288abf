// The operand stack as a handler sees it: how many of its topmost values are in registers is part
// of the handler's type, so pushing and popping compile to register moves.
//
// Narrow<n> (8-byte slots): the n topmost values are in tos and nos, the rest in memory below sp.
// Wide (16-byte slots): all in memory. State<P> is the registers at one point of a handler; pop and
// push return the state after them. Any state may stand at any instruction: the step is looked up
// in the part of the table that belongs to the state.
//
// A slot holds an i32 or f32 in its low half; the high half is zero.
#pragma once

#include <bit>
#include <cstring>
#include <type_traits>

#include "interp/leb.h"
#include "interp/machine.h"
#include "interp/semantics.h"
#include "wasm/ops.h"

// Without jumps between handlers nothing depends on inlining, and instrumented handlers with all of
// it inside take a compiler minutes and gigabytes.
#if NACRE_INTERP_THREADED
#define NACRE_INLINE [[gnu::always_inline]] inline
#define NACRE_INLINE_LAMBDA __attribute__((always_inline))
#else
#define NACRE_INLINE inline
#define NACRE_INLINE_LAMBDA
#endif

namespace nacre::interp {

template <int n>
struct Narrow {
  static constexpr int kCached = n;
  static constexpr bool kWide = false;
  static constexpr size_t kSlot = 8;
  static constexpr size_t kStates = 3;
  using Less = Narrow<(n > 0 ? n - 1 : 0)>;
  using More = Narrow<(n < 2 ? n + 1 : 2)>;
  using Flat = Narrow<0>;
  using Raw = uint64_t;  // any slot
};

struct Wide {
  static constexpr int kCached = 0;
  static constexpr bool kWide = true;
  static constexpr size_t kSlot = 16;
  static constexpr size_t kStates = 1;
  using Less = Wide;
  using More = Wide;
  using Flat = Wide;
  using Raw = V128;
};

template <class T>
NACRE_INLINE uint64_t to_slot(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(value);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(value);
  } else {
    return static_cast<std::make_unsigned_t<T>>(value);
  }
}

template <class T>
NACRE_INLINE T from_slot(uint64_t slot) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(slot));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(slot);
  } else {
    return static_cast<T>(slot);
  }
}

template <class T>
NACRE_INLINE T load(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
NACRE_INLINE void store(void* to, T value) {
  __builtin_memcpy(to, &value, sizeof value);
}

// Ends the activation: see run.cc. The kind of trap_dynamic is in tos.
template <abi::TrapKind kind>
[[gnu::cold, gnu::noinline]] void trap_exit(NACRE_PARAMS);
[[gnu::cold, gnu::noinline]] void trap_dynamic(NACRE_PARAMS);

// Branches that drop values, and all branches while an interrupt is pending (control.cc).
template <class P>
void long_branch(NACRE_PARAMS);

// Types are one byte, but for the two that a heap type follows; an index has no fixed length.
NACRE_INLINE bool is_short_type(uint8_t byte) {
  return (byte & 0x80) == 0 && !wasm::ValType::is_ref_prefix(byte);
}

template <class P>
struct State {
  using Policy = P;
  const uint8_t* pc;
  uint8_t* sp;
  uint64_t tos;
  uint64_t nos;
  uint8_t* fp;
  const Branch* cursor;
#if NACRE_INTERP_THREADED
  NACRE_INLINE static State enter(NACRE_PARAMS) { return {pc, sp, tos, nos, fp, cursor}; }
  NACRE_INLINE void jump(Handler handler) const {
    // Registers without a value are not moved.
    uint64_t top = tos;
    uint64_t next = nos;
    if constexpr (P::kWide) asm("" : "=r"(top));
    if constexpr (P::kWide) asm("" : "=r"(next));
    return handler(pc, sp, top, next, fp, cursor);
  }
  // Hands `value` over in tos.
  NACRE_INLINE void jump_with(Handler handler, uint64_t value) const {
    return handler(pc, sp, value, nos, fp, cursor);
  }
#else
  Machine& machine;
  static State enter(Machine& m) { return {m.pc, m.sp, m.tos, m.nos, m.fp, m.cursor, m}; }
  void jump(Handler handler) const {
    machine.pc = pc;
    machine.sp = sp;
    machine.tos = tos;
    machine.nos = nos;
    machine.fp = fp;
    machine.cursor = cursor;
    machine.next = handler;
  }
  void jump_with(Handler handler, uint64_t value) const {
    jump(handler);
    machine.tos = value;
  }
#endif

  template <class Q>
  NACRE_INLINE State<Q> as() const {
#if NACRE_INTERP_THREADED
    return {pc, sp, tos, nos, fp, cursor};
#else
    return {pc, sp, tos, nos, fp, cursor, machine};
#endif
  }

  // The next instruction, `length` bytes further.
  NACRE_INLINE void next(size_t length) const {
    State s = *this;
    s.pc += length;
    return s.dispatch();
  }
  NACRE_INLINE void dispatch() const {
    return jump(reg_table[static_cast<size_t>(P::kCached) * kStepCount + step()]);
  }
  // What is to be done at pc.
  NACRE_INLINE Step step() const { return *steps(); }
  NACRE_INLINE const Step* steps() const {
    return reinterpret_cast<const Step*>(reg_steps + 2 * reinterpret_cast<uintptr_t>(pc));
  }
  // The decoded long immediate in the steps, and the length of its instruction if that is over 3.
  NACRE_INLINE uint32_t noted() const { return load<uint32_t>(steps() + 1); }
  NACRE_INLINE size_t noted_length() const { return steps()[3]; }

  // Branches as the entry at the cursor says. One comparison finds both reasons for the slow path,
  // since no entry's `moves` is Notice::kInterruptPending.
  NACRE_INLINE void take_branch() const {
    const Branch* entry = cursor;
    if (entry->moves != reg_activation->notice.interrupt_pending.load(std::memory_order_relaxed))
        [[unlikely]]
      return flush().jump(&long_branch<typename P::Flat>);
    State s = *this;
    s.pc += entry->delta_pc;
    s.cursor =
        reinterpret_cast<const Branch*>(reinterpret_cast<const char*>(entry) + entry->delta_cursor);
    return s.dispatch();
  }

  template <abi::TrapKind kind>
  NACRE_INLINE void trap() const {
    return jump(&trap_exit<kind>);
  }
  NACRE_INLINE void trap(abi::TrapKind kind) const {
    return jump_with(&trap_dynamic, static_cast<uint64_t>(kind));
  }

  template <class T>
  NACRE_INLINE State<typename P::Less> pop(T& value) const {
    State<typename P::Less> s = as<typename P::Less>();
    if constexpr (P::kCached == 0) {
      s.sp -= P::kSlot;
      if constexpr (std::is_same_v<T, V128>) {
        value = load<V128>(s.sp);
      } else {
        value = from_slot<T>(load<uint64_t>(s.sp));
      }
    } else {
      value = from_slot<T>(tos);
      if constexpr (P::kCached == 2) s.tos = nos;
    }
    return s;
  }

  template <class T>
  NACRE_INLINE State<typename P::More> push(T value) const {
    State<typename P::More> s = as<typename P::More>();
    if constexpr (std::is_same_v<T, V128>) {
      static_assert(P::kWide);
      store(sp, value);
      s.sp += P::kSlot;
    } else if constexpr (P::kWide) {
      store(sp, to_slot(value));
      s.sp += P::kSlot;
    } else {
      if constexpr (P::kCached == 2) {
        store(sp, nos);
        s.sp += P::kSlot;
      }
      if constexpr (P::kCached >= 1) s.nos = tos;
      s.tos = to_slot(value);
    }
    return s;
  }

  // All values to memory.
  NACRE_INLINE State<typename P::Flat> flush() const {
    State<typename P::Flat> s = as<typename P::Flat>();
    if constexpr (P::kCached == 2) {
      store(sp, nos);
      store(sp + P::kSlot, tos);
    } else if constexpr (P::kCached == 1) {
      store(sp, tos);
    }
    s.sp += P::kSlot * static_cast<size_t>(P::kCached);
    return s;
  }
};

// ---- handlers by row

// How loads and stores of memory 0 are checked.
struct Checked {};  // by comparison
struct Guarded {};  // by the pages around it: 32-bit memories that abi/memory_layout.h lets be
struct NoMode {};   // every other instruction

// The handler of a row of ops.def in one state. Each family of instructions has a .cc that defines
// and instantiates its own; a row without one does not link.
template <wasm::Op op, class P, class Mode = NoMode>
struct Run {
  static void handler(NACRE_PARAMS);
};

// Instantiates the handler of a one-byte opcode in every state.
#define NACRE_INSTANTIATE(name)                            \
  template struct Run<::nacre::wasm::Op::name, Narrow<0>>; \
  template struct Run<::nacre::wasm::Op::name, Narrow<1>>; \
  template struct Run<::nacre::wasm::Op::name, Narrow<2>>; \
  template struct Run<::nacre::wasm::Op::name, Wide>;
// Prefixed opcodes run on a flat stack. Their pc is at the last byte of the opcode.
#define NACRE_INSTANTIATE_PREFIXED(name)                   \
  template struct Run<::nacre::wasm::Op::name, Narrow<0>>; \
  template struct Run<::nacre::wasm::Op::name, Wide>;
#define NACRE_INSTANTIATE_WIDE(name) template struct Run<::nacre::wasm::Op::name, Wide>;

}  // namespace nacre::interp
