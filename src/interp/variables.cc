// Constants, locals, globals, operands, references and tables (specification 3.0, 4.6.3 to 4.6.6).
#include "interp/fused.h"
#include "interp/immediates.h"

namespace nacre::interp {
namespace {

using abi::TrapKind;

struct LocalGet {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t index, size_t length) {
    using Raw = typename S::Policy::Raw;
    return s.push(load<Raw>(s.fp + index * S::Policy::kSlot)).next(length);
  }
};

struct LocalSet {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t index, size_t length) {
    typename S::Policy::Raw value;
    auto s = at.pop(value);
    store(s.fp + index * S::Policy::kSlot, value);
    return s.next(length);
  }
};

struct LocalTee {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t index, size_t length) {
    typename S::Policy::Raw value;
    auto s = at.pop(value);
    store(s.fp + index * S::Policy::kSlot, value);
    if constexpr (S::Policy::kCached == 0) return s.push(value).next(length);
    return at.next(length);
  }
};

struct GlobalGet {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t index, size_t length) {
    NACRE_MACHINE(s);
    using Raw = typename S::Policy::Raw;
    return s.push(load<Raw>(reg_activation->vmctx->globals[index])).next(length);
  }
};

struct GlobalSet {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t index, size_t length) {
    NACRE_MACHINE(at);
    typename S::Policy::Raw value;
    auto s = at.pop(value);
    store(reg_activation->vmctx->globals[index], value);
    return s.next(length);
  }
};

struct Constant {
  template <class S, class T>
  NACRE_INLINE static void run(const S& s, T value, size_t length) {
    return s.push(value).next(length);
  }
};

template <class T, class P>
struct FixedConstant {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    return s.push(load<T>(s.pc + 1)).next(1 + sizeof(T));
  }
};

template <class P>
struct Drop {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    typename P::Raw value;
    return State<P>::enter(NACRE_ARGS).pop(value).next(1);
  }
};

template <class S>
NACRE_INLINE void select(const S& at, size_t length) {
  using Raw = typename S::Policy::Raw;
  uint32_t condition;
  Raw a;
  Raw b;
  auto s = at.pop(condition).pop(b).pop(a);
  if (condition == 0) a = b;
  return s.push(a).next(length);
}

template <class P>
struct Select {
  NACRE_INLINE static void handler(NACRE_PARAMS) { return select(State<P>::enter(NACRE_ARGS), 1); }
};

template <class P>
struct SelectTyped {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    const uint8_t* p = s.pc + 1;
    for (uint32_t count = read_leb<uint32_t>(p); count != 0; --count) p = behind_type(p);
    return select(s, static_cast<size_t>(p - s.pc));
  }
};

// ---- references

struct RefNull {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t, size_t length) {
    return s.push(abi::kNullRef).next(length);
  }
};

struct RefFunc {
  template <class S>
  NACRE_INLINE static void run(const S& s, uint32_t index, size_t length) {
    NACRE_MACHINE(s);
    return s.push(reinterpret_cast<uint64_t>(reg_activation->vmctx->functions[index])).next(length);
  }
};

template <class P>
struct RefIsNull {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    uint64_t ref;
    auto s = State<P>::enter(NACRE_ARGS).pop(ref);
    return s.push(uint32_t{ref == abi::kNullRef}).next(1);
  }
};

template <class P>
struct RefAsNonNull {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    uint64_t ref;
    s.pop(ref);
    if (ref == abi::kNullRef) [[unlikely]]
      return s.template trap<TrapKind::null_reference>();
    return s.next(1);
  }
};

// ---- tables

NACRE_INLINE uint64_t table_index(const abi::TableRecord& table, uint64_t operand) {
  return table.is_64 ? operand : static_cast<uint32_t>(operand);
}

struct TableGet {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t index, size_t length) {
    NACRE_MACHINE(at);
    const abi::TableRecord& table = *reg_activation->vmctx->tables[index];
    uint64_t operand;
    auto s = at.pop(operand);
    uint64_t element = table_index(table, operand);
    if (element >= table.size) [[unlikely]]
      return at.template trap<TrapKind::table_out_of_bounds>();
    return s.push(table.elements[element]).next(length);
  }
};

struct TableSet {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t index, size_t length) {
    NACRE_MACHINE(at);
    abi::TableRecord& table = *reg_activation->vmctx->tables[index];
    uint64_t operand;
    uint64_t value;
    auto s = at.pop(value).pop(operand);
    uint64_t element = table_index(table, operand);
    if (element >= table.size) [[unlikely]]
      return at.template trap<TrapKind::table_out_of_bounds>();
    table.written = true;
    table.elements[element] = value;
    return s.next(length);
  }
};

}  // namespace

// Forms without an op: values that only move.
template <wasm::Op op, Operands operands, Use use, class P, class Mode>
void Fused<op, operands, use, P, Mode>::handler(NACRE_PARAMS) {
  // What a local or the stack holds is moved as it is.
  using T = std::conditional_t<op == wasm::Op::i32_const, uint32_t, uint64_t>;
  auto at = State<P>::enter(NACRE_ARGS);
  size_t before = bytes_of<operands>(at);
  if constexpr (use == Use::br_if || use == Use::if_ || use == Use::br_table ||
                use == Use::br_unless) {
    uint32_t condition;
    auto s = fetch_last<operands>(at, condition);
    return put<use>(s, condition, before);
  } else if constexpr (operands == Operands::locals || operands == Operands::local_constant) {
    T last;
    fetch_last<operands>(at, last);
    return put<use>(at.push(local_at<uint64_t>(at, 0)), last, before);
  } else {
    T value;
    auto s = fetch_last<operands>(at, value);
    return put<use>(s, value, before);
  }
}
template <wasm::Op op, bool three_bytes, class P, class Mode>
void Long<op, three_bytes, P, Mode>::handler(NACRE_PARAMS) {
  using Body =
      std::conditional_t<op == wasm::Op::i32_const, Constant,
                         std::conditional_t<op == wasm::Op::global_get, GlobalGet, GlobalSet>>;
  auto s = State<P>::enter(NACRE_ARGS);
  return Body::run(s, s.noted(), long_length<three_bytes>(s));
}
#define LONG_VARIABLE NACRE_INSTANTIATE_LONG
#include "interp/long.def"

#define FORM_MOVE NACRE_INSTANTIATE_FORM
#include "interp/fused.def"

NACRE_FORM(local_get, WithIndex<LocalGet, P>)
NACRE_FORM(local_set, WithIndex<LocalSet, P>)
NACRE_FORM(local_tee, WithIndex<LocalTee, P>)
NACRE_FORM(global_get, WithIndex<GlobalGet, P>)
NACRE_FORM(global_set, WithIndex<GlobalSet, P>)
NACRE_FORM(i32_const, WithSigned<int32_t, Constant, P>)
NACRE_FORM(i64_const, WithSigned<int64_t, Constant, P>)
NACRE_FORM(f32_const, FixedConstant<uint32_t, P>)
NACRE_FORM(f64_const, FixedConstant<uint64_t, P>)
NACRE_FORM(drop, Drop<P>)
NACRE_FORM(select, Select<P>)
NACRE_FORM(select_t, SelectTyped<P>)
NACRE_FORM(ref_null, WithIndex<RefNull, P>)
NACRE_FORM(ref_func, WithIndex<RefFunc, P>)
NACRE_FORM(ref_is_null, RefIsNull<P>)
NACRE_FORM(ref_as_non_null, RefAsNonNull<P>)
NACRE_FORM(table_get, WithIndex<TableGet, P>)
NACRE_FORM(table_set, WithIndex<TableSet, P>)

NACRE_INSTANTIATE(local_get)
NACRE_INSTANTIATE(local_set)
NACRE_INSTANTIATE(local_tee)
NACRE_INSTANTIATE(global_get)
NACRE_INSTANTIATE(global_set)
NACRE_INSTANTIATE(i32_const)
NACRE_INSTANTIATE(i64_const)
NACRE_INSTANTIATE(f32_const)
NACRE_INSTANTIATE(f64_const)
NACRE_INSTANTIATE(drop)
NACRE_INSTANTIATE(select)
NACRE_INSTANTIATE(select_t)
NACRE_INSTANTIATE(ref_null)
NACRE_INSTANTIATE(ref_func)
NACRE_INSTANTIATE(ref_is_null)
NACRE_INSTANTIATE(ref_as_non_null)
NACRE_INSTANTIATE(table_get)
NACRE_INSTANTIATE(table_set)

}  // namespace nacre::interp
