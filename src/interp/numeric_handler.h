// The handler template of all instructions that only compute: pops the arguments of a semantic
// function, pushes its result.
#pragma once

#include "interp/fused.h"

namespace nacre::interp {

template <class T>
struct IsChecked : std::false_type {};
template <class T>
struct IsChecked<sem::Checked<T>> : std::true_type {};

// Puts a result in its place; `at` is the state at the instruction, for traps, and `length` counts
// from the state's pc.
template <Use use, class At, class S, class R>
NACRE_INLINE void finish(const At& at, const S& s, R result, size_t length) {
  if constexpr (IsChecked<R>::value) {
    if (result.trap != abi::TrapKind::none) [[unlikely]]
      return at.trap(result.trap);
    return put<use>(s, result.value, length);
  } else if constexpr (std::is_same_v<R, sem::Wide>) {
    return s.push(result.low).push(result.high).next(length);
  } else {
    return put<use>(s, result, length);
  }
}

template <Operands operands, Use use, class S, class R, class A>
NACRE_INLINE void compute(const S& s, R (*function)(A)) {
  size_t before = bytes_of<operands>(s);
  A a;
  auto rest = fetch_last<operands>(s, a);
  return finish<use>(behind(s, before), rest, function(a), before + 1);
}

template <Operands operands, Use use, class S, class R, class A, class B>
NACRE_INLINE void compute(const S& s, R (*function)(A, B)) {
  size_t before = bytes_of<operands>(s);
  A a;
  B b;
  auto rest = fetch<operands>(s, a, b);
  return finish<use>(behind(s, before), rest, function(a, b), before + 1);
}

template <Operands operands, Use use, class S, class R, class A, class B, class C>
NACRE_INLINE void compute(const S& s, R (*function)(A, B, C)) {
  static_assert(operands == Operands::stack);
  A a;
  B b;
  C c;
  auto rest = s.pop(c).pop(b).pop(a);
  return finish<use>(s, rest, function(a, b, c), 1);
}

template <Operands operands, Use use, class S, class R, class A, class B, class C, class D>
NACRE_INLINE void compute(const S& s, R (*function)(A, B, C, D)) {
  static_assert(operands == Operands::stack);
  A a;
  B b;
  C c;
  D d;
  auto rest = s.pop(d).pop(c).pop(b).pop(a);
  return finish<use>(s, rest, function(a, b, c, d), 1);
}

// Defines Run<Op::name, P>::handler for all P.
#define NACRE_COMPUTE(name)                                                                \
  template <class P>                                                                       \
  struct Run<wasm::Op::name, P, NoMode> {                                                  \
    static void handler(NACRE_PARAMS) {                                                    \
      return compute<Operands::stack, Use::push>(State<P>::enter(NACRE_ARGS), &sem::name); \
    }                                                                                      \
  };

}  // namespace nacre::interp
