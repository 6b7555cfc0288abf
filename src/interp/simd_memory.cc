// SIMD rows with immediates: loads, stores, lanes, constants, shuffles.
#include "interp/memory_access.h"
#include "interp/simd_semantics.h"

namespace nacre::interp {
namespace {

using abi::TrapKind;
using sem::as;
using sem::from;
using sem::kLanes;
using sem::Lanes;

// Loads a T and pushes what Make::make makes of it.
template <class T, class Make, class P>
struct VectorLoad {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(operand);
    if (!find(at, arg, operand, sizeof(T), address)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.push(Make::make(load<T>(address))).next(arg.length_from(at.pc));
  }
};

struct Whole {
  NACRE_INLINE static V128 make(V128 value) { return value; }
};
struct Splat {
  template <class T>
  NACRE_INLINE static V128 make(T value) {
    return sem::splat(value);
  }
};
struct Zero {
  template <class T>
  NACRE_INLINE static V128 make(T value) {
    Lanes<T> r{};
    r[0] = value;
    return from(r);
  }
};
// Half a vector of narrow lanes.
template <class To, class From>
struct Extend {
  NACRE_INLINE static V128 make(uint64_t half) {
    auto x = std::bit_cast<std::array<From, 8 / sizeof(From)>>(half);
    Lanes<To> r;
    for (size_t i = 0; i < kLanes<To>; ++i) r[i] = x[i];
    return from(r);
  }
};

template <class P>
struct VectorStore {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    V128 value;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(value).pop(operand);
    if (!find(at, arg, operand, sizeof(V128), address)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    store(address, value);
    return s.next(arg.length_from(at.pc));
  }
};

// Lane numbers were checked by validation.
template <class T>
NACRE_INLINE T get_lane(V128 vector, size_t lane) {
  return as<Lanes<T>>(vector)[lane % kLanes<T>];
}
template <class T>
NACRE_INLINE V128 with_lane(V128 vector, size_t lane, T value) {
  auto x = as<Lanes<T>>(vector);
  x[lane % kLanes<T>] = value;
  return from(x);
}

template <class T, class P>
struct LoadLane {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    V128 vector;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(vector).pop(operand);
    if (!find(at, arg, operand, sizeof(T), address)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    return s.push(with_lane(vector, *arg.next, load<T>(address))).next(arg.length_from(at.pc) + 1);
  }
};

template <class T, class P>
struct StoreLane {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    MemArg arg = read_memarg(at.pc + 1);
    V128 vector;
    uint64_t operand;
    uint8_t* address;
    auto s = at.pop(vector).pop(operand);
    if (!find(at, arg, operand, sizeof(T), address)) [[unlikely]]
      return at.template trap<TrapKind::memory_out_of_bounds>();
    store(address, get_lane<T>(vector, *arg.next));
    return s.next(arg.length_from(at.pc) + 1);
  }
};

// T: a lane, extended by its signedness to Value. Floating-point lanes move as bits.
template <class T, class Value, class P>
struct ExtractLane {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    V128 vector;
    auto s = at.pop(vector);
    return s.push(static_cast<Value>(get_lane<T>(vector, at.pc[1]))).next(2);
  }
};
template <class T, class P>
struct ReplaceLane {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    uint64_t value;
    V128 vector;
    auto s = at.pop(value).pop(vector);
    return s.push(with_lane(vector, at.pc[1], static_cast<T>(value))).next(2);
  }
};

template <class P>
struct VectorConst {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    return s.push(load<V128>(s.pc + 1)).next(17);
  }
};
template <class P>
struct Shuffle {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    V128 a;
    V128 b;
    auto s = at.pop(b).pop(a);
    V128 r;
    for (size_t i = 0; i < 16; ++i) {
      uint8_t lane = at.pc[1 + i];
      r.bytes[i] = lane < 16 ? a.bytes[lane] : b.bytes[lane % 16];
    }
    return s.push(r).next(17);
  }
};

}  // namespace

#define VECTOR(name, ...)                                                          \
  template <class P>                                                               \
  struct Run<wasm::Op::name, P, NoMode> {                                          \
    static void handler(NACRE_PARAMS) { return __VA_ARGS__::handler(NACRE_ARGS); } \
  };                                                                               \
  NACRE_INSTANTIATE_WIDE(name)

VECTOR(v128_load, VectorLoad<V128, Whole, P>)
VECTOR(v128_load8x8_s, VectorLoad<uint64_t, Extend<int16_t, int8_t>, P>)
VECTOR(v128_load8x8_u, VectorLoad<uint64_t, Extend<uint16_t, uint8_t>, P>)
VECTOR(v128_load16x4_s, VectorLoad<uint64_t, Extend<int32_t, int16_t>, P>)
VECTOR(v128_load16x4_u, VectorLoad<uint64_t, Extend<uint32_t, uint16_t>, P>)
VECTOR(v128_load32x2_s, VectorLoad<uint64_t, Extend<int64_t, int32_t>, P>)
VECTOR(v128_load32x2_u, VectorLoad<uint64_t, Extend<uint64_t, uint32_t>, P>)
VECTOR(v128_load8_splat, VectorLoad<uint8_t, Splat, P>)
VECTOR(v128_load16_splat, VectorLoad<uint16_t, Splat, P>)
VECTOR(v128_load32_splat, VectorLoad<uint32_t, Splat, P>)
VECTOR(v128_load64_splat, VectorLoad<uint64_t, Splat, P>)
VECTOR(v128_load32_zero, VectorLoad<uint32_t, Zero, P>)
VECTOR(v128_load64_zero, VectorLoad<uint64_t, Zero, P>)
VECTOR(v128_store, VectorStore<P>)
VECTOR(v128_load8_lane, LoadLane<uint8_t, P>)
VECTOR(v128_load16_lane, LoadLane<uint16_t, P>)
VECTOR(v128_load32_lane, LoadLane<uint32_t, P>)
VECTOR(v128_load64_lane, LoadLane<uint64_t, P>)
VECTOR(v128_store8_lane, StoreLane<uint8_t, P>)
VECTOR(v128_store16_lane, StoreLane<uint16_t, P>)
VECTOR(v128_store32_lane, StoreLane<uint32_t, P>)
VECTOR(v128_store64_lane, StoreLane<uint64_t, P>)
VECTOR(v128_const, VectorConst<P>)
VECTOR(i8x16_shuffle, Shuffle<P>)
VECTOR(i8x16_extract_lane_s, ExtractLane<int8_t, int32_t, P>)
VECTOR(i8x16_extract_lane_u, ExtractLane<uint8_t, uint32_t, P>)
VECTOR(i16x8_extract_lane_s, ExtractLane<int16_t, int32_t, P>)
VECTOR(i16x8_extract_lane_u, ExtractLane<uint16_t, uint32_t, P>)
VECTOR(i32x4_extract_lane, ExtractLane<uint32_t, uint32_t, P>)
VECTOR(i64x2_extract_lane, ExtractLane<uint64_t, uint64_t, P>)
VECTOR(f32x4_extract_lane, ExtractLane<uint32_t, uint32_t, P>)
VECTOR(f64x2_extract_lane, ExtractLane<uint64_t, uint64_t, P>)
VECTOR(i8x16_replace_lane, ReplaceLane<uint8_t, P>)
VECTOR(i16x8_replace_lane, ReplaceLane<uint16_t, P>)
VECTOR(i32x4_replace_lane, ReplaceLane<uint32_t, P>)
VECTOR(i64x2_replace_lane, ReplaceLane<uint64_t, P>)
VECTOR(f32x4_replace_lane, ReplaceLane<uint32_t, P>)
VECTOR(f64x2_replace_lane, ReplaceLane<uint64_t, P>)
#undef VECTOR

}  // namespace nacre::interp
