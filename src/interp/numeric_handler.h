// The one handler of all instructions that only compute: pops what a semantic function takes,
// pushes what it gives.
#pragma once

#include "interp/state.h"

namespace nacre::interp {

template <class T>
struct IsChecked : std::false_type {};
template <class T>
struct IsChecked<sem::Checked<T>> : std::true_type {};

// Pushes a result and goes on behind `length` bytes; `at` is the state before the instruction, for
// traps.
template <bool comparison, class At, class S, class R>
NACRE_INLINE void finish(const At& at, const S& s, R result, size_t length) {
  if constexpr (IsChecked<R>::value) {
    if (result.trap != abi::TrapKind::none) [[unlikely]]
      return at.trap(result.trap);
    return s.deliver(result.value, length);
  } else if constexpr (std::is_same_v<R, sem::Wide>) {
    return s.push(result.low).push(result.high).next(length);
  } else {
    if constexpr (comparison) return s.decide(result != 0, length);
    return s.deliver(result, length);
  }
}

template <bool comparison, class S, class R, class A>
NACRE_INLINE void compute(const S& s, R (*function)(A), size_t length = 1) {
  A a;
  auto rest = s.pop(a);
  return finish<comparison>(s, rest, function(a), length);
}

template <bool comparison, class S, class R, class A, class B>
NACRE_INLINE void compute(const S& s, R (*function)(A, B), size_t length = 1) {
  A a;
  B b;
  auto rest = s.pop(b).pop(a);
  return finish<comparison>(s, rest, function(a, b), length);
}

template <bool comparison, class S, class R, class A, class B, class C>
NACRE_INLINE void compute(const S& s, R (*function)(A, B, C), size_t length = 1) {
  A a;
  B b;
  C c;
  auto rest = s.pop(c).pop(b).pop(a);
  return finish<comparison>(s, rest, function(a, b, c), length);
}

template <bool comparison, class S, class R, class A, class B, class C, class D>
NACRE_INLINE void compute(const S& s, R (*function)(A, B, C, D), size_t length = 1) {
  A a;
  B b;
  C c;
  D d;
  auto rest = s.pop(d).pop(c).pop(b).pop(a);
  return finish<comparison>(s, rest, function(a, b, c, d), length);
}

// Defines Run<Op::name, P>::handler for all P.
// Whether a row compares two numbers: its result is 0 or 1.
constexpr bool is_comparison(wasm::Op op) {
  uint16_t code = wasm::op_info(op).code;
  return wasm::op_info(op).prefix == 0 && code >= code_of(wasm::Op::i32_eqz) &&
         code <= code_of(wasm::Op::f64_ge);
}

#define NACRE_COMPUTE(name)                                                                   \
  template <class P>                                                                          \
  struct Run<wasm::Op::name, P, NoMode> {                                                     \
    static void handler(NACRE_PARAMS) {                                                       \
      return compute<is_comparison(wasm::Op::name)>(State<P>::enter(NACRE_ARGS), &sem::name); \
    }                                                                                         \
  };

}  // namespace nacre::interp
