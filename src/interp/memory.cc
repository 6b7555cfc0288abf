// Loads and stores of numbers, memory.size and memory.grow (specification 3.0, 4.6.8).
#include "interp/fused.h"
#include "interp/immediates.h"
#include "interp/memory_access.h"
#include "os/fault.h"

namespace nacre::interp {
namespace {

using abi::TrapKind;

// One access to memory 0; false: out of bounds. T is unsigned.
template <class Mode, class T, class S>
NACRE_INLINE bool load0(const S& s, uint64_t operand, uint64_t offset, T& out) {
  NACRE_MACHINE(s);
  if constexpr (std::is_same_v<Mode, Guarded>) {
    // Both below 2^32: the reservation is large enough (abi/memory_layout.h).
    return os::guarded_load(reg_memory + static_cast<uint32_t>(operand) + offset, out);
  } else {
    const Activation& activation = *reg_activation;
    uint8_t* address;
    if (!find_checked(*activation.memory0, operand & activation.index_mask, offset, sizeof(T),
                      address)) {
      return false;
    }
    out = load<T>(address);
    return true;
  }
}

template <class Mode, class T, class S>
NACRE_INLINE bool store0(const S& s, uint64_t operand, uint64_t offset, T value) {
  NACRE_MACHINE(s);
  if constexpr (std::is_same_v<Mode, Guarded>) {
    return os::guarded_store(reg_memory + static_cast<uint32_t>(operand) + offset, value);
  } else {
    const Activation& activation = *reg_activation;
    uint8_t* address;
    if (!find_checked(*activation.memory0, operand & activation.index_mask, offset, sizeof(T),
                      address)) {
      return false;
    }
    store(address, value);
    return true;
  }
}

// Reads a Stored, extends it to a Value (by the signedness of Stored) and pushes it.
template <class Stored, class Value, class P, class Mode>
struct Load {
  using Bits = std::make_unsigned_t<Stored>;

  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    if (!is_short_memarg(at.pc + 1)) [[unlikely]]
      return at.jump(&long_form);
    uint64_t operand;
    Bits bits;
    auto s = at.pop(operand);
    if (!load0<Mode>(s, operand, at.pc[2], bits)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.push(static_cast<Value>(static_cast<Stored>(bits))).next(3);
  }

  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    if (arg.memory != 0) [[unlikely]]
      return at.jump(&other_memory);
    uint64_t operand;
    Bits bits;
    auto s = at.pop(operand);
    if (!load0<Mode>(s, operand, arg.offset, bits)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.push(static_cast<Value>(static_cast<Stored>(bits)))
        .next(static_cast<size_t>(arg.next - at.pc));
  }

  [[gnu::noinline]] static void other_memory(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(operand);
    if (!find(at, arg, operand, sizeof(Stored), address)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.push(static_cast<Value>(load<Stored>(address)))
        .next(static_cast<size_t>(arg.next - at.pc));
  }
};

template <class Stored, class P, class Mode>
struct Store {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    if (!is_short_memarg(at.pc + 1)) [[unlikely]]
      return at.jump(&long_form);
    uint64_t value;
    uint64_t operand;
    auto s = at.pop(value).pop(operand);
    if (!store0<Mode>(s, operand, at.pc[2], static_cast<Stored>(value))) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.next(3);
  }

  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    if (arg.memory != 0) [[unlikely]]
      return at.jump(&other_memory);
    uint64_t value;
    uint64_t operand;
    auto s = at.pop(value).pop(operand);
    if (!store0<Mode>(s, operand, arg.offset, static_cast<Stored>(value))) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.next(static_cast<size_t>(arg.next - at.pc));
  }

  [[gnu::noinline]] static void other_memory(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    uint64_t value;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(value).pop(operand);
    if (!find(at, arg, operand, sizeof(Stored), address)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    store(address, static_cast<Stored>(value));
    return s.next(static_cast<size_t>(arg.next - at.pc));
  }
};

struct MemorySize {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t index, size_t length) {
    NACRE_MACHINE(s);
    const abi::MemoryRecord& memory = *reg_activation->vmctx->memories[index];
    return s.push(size_of(memory) >> memory.page_size_log2).next(length);
  }
};

struct MemoryGrow {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t index, size_t length) {
    NACRE_MACHINE(at);
    abi::VmCtx* vmctx = reg_activation->vmctx;
    bool is_64 = vmctx->memories[index]->is_64;
    uint64_t operand;
    auto s = at.pop(operand);
    uint64_t delta = is_64 ? operand : static_cast<uint32_t>(operand);
    uint64_t old = vmctx->builtins->memory_grow(vmctx, index, delta);
    if (abi::TrapKind stop = abi::stop_reason(*reg_activation->exec); stop != abi::TrapKind::none)
        [[unlikely]]
      return at.trap(stop);
    return s.push(is_64 ? old : static_cast<uint32_t>(old)).next(length);
  }
};

}  // namespace

// What a row reads or writes in memory, and for a load the type it becomes.
template <wasm::Op op>
struct Access;

// Forms, whose memory argument has two bytes.
template <wasm::Op op, Operands operands, Use use, class P, class Mode>
void Fused<op, operands, use, P, Mode>::handler(NACRE_PARAMS) {
  using Stored = typename Access<op>::Stored;
  auto at = State<P>::enter(NACRE_ARGS);
  size_t before = bytes_of<operands>(at);
  uint64_t operand;
  uint64_t offset = at.pc[before + 2];
  if constexpr (use == Use::none) {
    // A constant is an i32 or i64; an i32's upper half is not stored.
    uint64_t value;
    auto s = fetch<operands>(at, operand, value);
    if (!store0<Mode>(s, operand, offset, static_cast<Stored>(value))) [[unlikely]]
      return behind(at, before).template trap<TrapKind::memory_out_of_bounds>();
    return s.next(before + 3);
  } else {
    std::make_unsigned_t<Stored> bits;
    auto s = fetch_last<operands>(at, operand);
    if (!load0<Mode>(s, operand, offset, bits)) [[unlikely]]
      return behind(at, before).template trap<TrapKind::memory_out_of_bounds>();
    auto value = static_cast<typename Access<op>::Value>(static_cast<Stored>(bits));
    // The first of two locals stays on the stack.
    if constexpr (operands == Operands::locals) {
      return put<use>(s.push(local_at<uint64_t>(at, 0)), value, before + 3);
    } else {
      return put<use>(s, value, before + 3);
    }
  }
}

// Accesses to memory 0 whose offset is noted.
template <wasm::Op op, bool three_bytes, class P, class Mode>
void Long<op, three_bytes, P, Mode>::handler(NACRE_PARAMS) {
  using Stored = typename Access<op>::Stored;
  auto at = State<P>::enter(NACRE_ARGS);
  uint64_t operand;
  if constexpr (std::is_void_v<typename Access<op>::Value>) {
    uint64_t value;
    auto s = at.pop(value).pop(operand);
    if (!store0<Mode>(s, operand, at.noted(), static_cast<Stored>(value))) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.next(at.noted_length());
  } else {
    std::make_unsigned_t<Stored> bits;
    auto s = at.pop(operand);
    if (!load0<Mode>(s, operand, at.noted(), bits)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.push(static_cast<typename Access<op>::Value>(static_cast<Stored>(bits)))
        .next(at.noted_length());
  }
}

#define LOAD(name, Stored_, Value_)                               \
  template <>                                                     \
  struct Access<wasm::Op::name> {                                 \
    using Stored = Stored_;                                       \
    using Value = Value_;                                         \
  };                                                              \
  template <class P, class Mode>                                  \
  struct Run<wasm::Op::name, P, Mode> {                           \
    static void handler(NACRE_PARAMS) {                           \
      return Load<Stored_, Value_, P, Mode>::handler(NACRE_ARGS); \
    }                                                             \
  };                                                              \
  INSTANTIATE(name)
#define STORE(name, Stored_)                                                                   \
  template <>                                                                                  \
  struct Access<wasm::Op::name> {                                                              \
    using Stored = Stored_;                                                                    \
    using Value = void;                                                                        \
  };                                                                                           \
  template <class P, class Mode>                                                               \
  struct Run<wasm::Op::name, P, Mode> {                                                        \
    static void handler(NACRE_PARAMS) { return Store<Stored_, P, Mode>::handler(NACRE_ARGS); } \
  };                                                                                           \
  INSTANTIATE(name)
#define INSTANTIATE(name)                                  \
  template struct Run<wasm::Op::name, Narrow<0>, Checked>; \
  template struct Run<wasm::Op::name, Narrow<1>, Checked>; \
  template struct Run<wasm::Op::name, Narrow<2>, Checked>; \
  template struct Run<wasm::Op::name, Wide, Checked>;      \
  template struct Run<wasm::Op::name, Narrow<0>, Guarded>; \
  template struct Run<wasm::Op::name, Narrow<1>, Guarded>; \
  template struct Run<wasm::Op::name, Narrow<2>, Guarded>; \
  template struct Run<wasm::Op::name, Wide, Guarded>;

// The bytes of floating-point numbers move as integers: a NaN stays as it is.
LOAD(i32_load, uint32_t, uint32_t)
LOAD(i64_load, uint64_t, uint64_t)
LOAD(f32_load, uint32_t, uint32_t)
LOAD(f64_load, uint64_t, uint64_t)
LOAD(i32_load8_s, int8_t, int32_t)
LOAD(i32_load8_u, uint8_t, uint32_t)
LOAD(i32_load16_s, int16_t, int32_t)
LOAD(i32_load16_u, uint16_t, uint32_t)
LOAD(i64_load8_s, int8_t, int64_t)
LOAD(i64_load8_u, uint8_t, uint64_t)
LOAD(i64_load16_s, int16_t, int64_t)
LOAD(i64_load16_u, uint16_t, uint64_t)
LOAD(i64_load32_s, int32_t, int64_t)
LOAD(i64_load32_u, uint32_t, uint64_t)
STORE(i32_store, uint32_t)
STORE(i64_store, uint64_t)
STORE(f32_store, uint32_t)
STORE(f64_store, uint64_t)
STORE(i32_store8, uint8_t)
STORE(i32_store16, uint16_t)
STORE(i64_store8, uint8_t)
STORE(i64_store16, uint16_t)
STORE(i64_store32, uint32_t)
#undef LOAD
#undef STORE
#undef INSTANTIATE

#define BOTH_MODES(op, operands, use)                   \
  NACRE_INSTANTIATE_FORM_IN(op, operands, use, Checked) \
  NACRE_INSTANTIATE_FORM_IN(op, operands, use, Guarded)
#define FORM_LOAD BOTH_MODES
#define FORM_STORE BOTH_MODES
#include "interp/fused.def"
#define LONG_LOAD(op) NACRE_INSTANTIATE_LONG_IN(op, Checked) NACRE_INSTANTIATE_LONG_IN(op, Guarded)
#define LONG_STORE LONG_LOAD
#include "interp/long.def"
#undef BOTH_MODES

NACRE_FORM(memory_size, WithIndex<MemorySize, P>)
NACRE_FORM(memory_grow, WithIndex<MemoryGrow, P>)
NACRE_INSTANTIATE(memory_size)
NACRE_INSTANTIATE(memory_grow)

}  // namespace nacre::interp
