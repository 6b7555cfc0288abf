// The parts of superinstruction handlers (forms, fused.def): fetching operands from where they
// would be pushed, and putting the result where it is used.
//
// For a handler of a single instruction the operands are on the stack and the result goes there:
// the same functions with the defaults.
#pragma once

#include "interp/state.h"
#include "interp/steps.h"

namespace nacre::interp {

// The handler of a form in one state; Mode as in Run.
template <wasm::Op op, Operands operands, Use use, class P, class Mode>
struct Fused {
  static void handler(NACRE_PARAMS);
};

// The handler of an instruction with a long immediate that is noted.
template <wasm::Op op, bool three_bytes, class P, class Mode>
struct Long {
  static void handler(NACRE_PARAMS);
};
// Its length.
template <bool three_bytes, class S>
NACRE_INLINE size_t long_length(const S& s) {
  if constexpr (three_bytes) return 3;
  return s.noted_length();
}

// The state with pc at a later instruction of the form, for traps.
template <class S>
NACRE_INLINE S behind(const S& at, size_t length) {
  S s = at;
  s.pc += length;
  return s;
}

// The bytes of the instructions that push them.
template <Operands operands, class S>
NACRE_INLINE size_t bytes_of(const S& s) {
  switch (operands) {
    case Operands::stack:
      return 0;
    case Operands::local:
    case Operands::constant:
      return 2;
    case Operands::constant2:
      return 3;
    case Operands::locals:
    case Operands::local_constant:
      return 4;
    case Operands::local_constant2:
      return 5;
    case Operands::noted:
      return s.noted_length();
    case Operands::local_noted:
      return 2 + behind(s, 2).noted_length();
  }
  return 0;
}

template <class T, class S>
NACRE_INLINE T local_at(const S& s, size_t instruction) {
  return from_slot<T>(load<uint64_t>(s.fp + size_t{s.pc[instruction + 1]} * S::Policy::kSlot));
}

// The number in one or two bytes, sign-extended.
template <class T>
NACRE_INLINE T constant1(const uint8_t* p) {
  return static_cast<T>(sign_extend_7(*p));
}
template <class T>
NACRE_INLINE T constant2(const uint8_t* p) {
  uint32_t bits = uint32_t{p[0] & 0x7Fu} << 18 | uint32_t{p[1]} << 25;
  return static_cast<T>(static_cast<int64_t>(static_cast<int32_t>(bits) >> 18));
}

// The last operand; the state is that of the stack afterwards.
template <Operands operands, class S, class T>
NACRE_INLINE auto fetch_last(const S& s, T& value) {
  if constexpr (operands == Operands::stack) {
    return s.pop(value);
  } else {
    if constexpr (operands == Operands::local) {
      value = local_at<T>(s, 0);
    } else if constexpr (operands == Operands::locals) {
      value = local_at<T>(s, 2);
    } else if constexpr (operands == Operands::constant) {
      value = constant1<T>(s.pc + 1);
    } else if constexpr (operands == Operands::local_constant) {
      value = constant1<T>(s.pc + 3);
    } else if constexpr (operands == Operands::constant2) {
      value = constant2<T>(s.pc + 1);
    } else if constexpr (operands == Operands::local_constant2) {
      value = constant2<T>(s.pc + 3);
    } else if constexpr (operands == Operands::noted) {
      value = static_cast<T>(s.noted());
    } else {
      static_assert(operands == Operands::local_noted);
      value = static_cast<T>(behind(s, 2).noted());
    }
    return s;
  }
}

template <Operands operands, class S, class A, class B>
NACRE_INLINE auto fetch(const S& s, A& a, B& b) {
  auto rest = fetch_last<operands>(s, b);
  if constexpr (operands == Operands::locals || operands == Operands::local_constant ||
                operands == Operands::local_constant2 || operands == Operands::local_noted) {
    a = local_at<A>(s, 0);
    return rest;
  } else {
    return rest.pop(a);
  }
}

// At a br_if or `if` of two bytes: branches, or continues after it.
template <class S>
NACRE_INLINE void branch_if(const S& at, bool condition) {
  if (condition) return at.take_branch();
  S s = at;
  s.cursor += 1;
  return s.next(s.steps()[1]);
}

// Puts a result where it is used and goes on. `length` bytes lie before the instruction that uses
// it.
template <Use use, class S, class T>
NACRE_INLINE void put(const S& at, T value, size_t length) {
  S s = behind(at, length);
  if constexpr (use == Use::set || use == Use::tee || use == Use::set_br || use == Use::tee_br_if) {
    store(s.fp + size_t{s.pc[1]} * S::Policy::kSlot, to_slot(value));
  }
  if constexpr (use == Use::push) {
    return s.push(value).dispatch();
  } else if constexpr (use == Use::set) {
    return s.next(2);
  } else if constexpr (use == Use::tee) {
    return s.push(value).next(2);
  } else if constexpr (use == Use::br_if) {
    return branch_if(s, value != 0);
  } else if constexpr (use == Use::if_) {
    return branch_if(s, value == 0);
  } else if constexpr (use == Use::br_table) {
    s.cursor += value < s.pc[1] ? value : s.pc[1];
    return s.take_branch();
  } else if constexpr (use == Use::set_br) {
    return behind(s, 2).take_branch();
  } else if constexpr (use == Use::tee_br_if) {
    return branch_if(behind(s, 2), value != 0);
  } else if constexpr (use == Use::br_unless) {
    return branch_if(behind(s, 1), value == 0);
  } else if constexpr (use == Use::mask) {
    return s.push(value & constant1<T>(s.pc + 1)).next(3);
  } else {
    static_assert(use == Use::mask2);
    return s.push(value & constant2<T>(s.pc + 1)).next(4);
  }
}

// FORM rows as explicit instantiations.
#define NACRE_INSTANTIATE_FORM_IN(op, operands, use, mode)                            \
  template struct Fused<wasm::Op::op, Operands::operands, Use::use, Narrow<0>, mode>; \
  template struct Fused<wasm::Op::op, Operands::operands, Use::use, Narrow<1>, mode>; \
  template struct Fused<wasm::Op::op, Operands::operands, Use::use, Narrow<2>, mode>;
#define NACRE_INSTANTIATE_FORM(op, operands, use) \
  NACRE_INSTANTIATE_FORM_IN(op, operands, use, NoMode)

#define NACRE_INSTANTIATE_LONG_IN(op, mode)                   \
  template struct Long<wasm::Op::op, false, Narrow<0>, mode>; \
  template struct Long<wasm::Op::op, false, Narrow<1>, mode>; \
  template struct Long<wasm::Op::op, false, Narrow<2>, mode>; \
  template struct Long<wasm::Op::op, true, Narrow<0>, mode>;  \
  template struct Long<wasm::Op::op, true, Narrow<1>, mode>;  \
  template struct Long<wasm::Op::op, true, Narrow<2>, mode>;
#define NACRE_INSTANTIATE_LONG(op) NACRE_INSTANTIATE_LONG_IN(op, NoMode)

}  // namespace nacre::interp
