// Handlers of instructions with immediates: nearly all immediates have one byte, which the handler
// reads; longer ones go through a second copy of it, out of the way.
#pragma once

#include "interp/state.h"

namespace nacre::interp {

// Body::run(state, index, length) with the index immediate and the instruction's length.
template <class Body, class P>
struct WithIndex {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    uint32_t index = s.pc[1];
    if (index & 0x80) [[unlikely]]
      return s.jump(&long_form);
    return Body::run(s, index, 2);
  }
  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    const uint8_t* p = s.pc + 1;
    uint32_t index = read_leb<uint32_t>(p);
    return Body::run(s, index, static_cast<size_t>(p - s.pc));
  }
};

// Two indices.
template <class Body, class P>
struct WithTwoIndices {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    const uint8_t* p = s.pc + 1;
    uint32_t first = read_leb<uint32_t>(p);
    uint32_t second = read_leb<uint32_t>(p);
    return Body::run(s, first, second, static_cast<size_t>(p - s.pc));
  }
};

// Body::run(state, value, length) with a signed constant; long ones are common.
template <class T, class Body, class P>
struct WithSigned {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    const uint8_t* p = s.pc + 1;
    T value = read_signed<T>(p);
    return Body::run(s, value, static_cast<size_t>(p - s.pc));
  }
};

// Behind a value type.
NACRE_INLINE const uint8_t* behind_type(const uint8_t* p) {
  if (wasm::ValType::is_ref_prefix(*p)) ++p;
  skip_leb(p);
  return p;
}

// Body::run(state, length) with a block type in the way.
template <class Body, class P>
struct WithBlockType {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    if (!is_short_type(s.pc[1])) [[unlikely]]
      return s.jump(&long_form);
    return Body::run(s, 2);
  }
  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    auto s = State<P>::enter(NACRE_ARGS);
    return Body::run(s, static_cast<size_t>(behind_type(s.pc + 1) - s.pc));
  }
};

// Run<Op::name, P> is Form<Body, P>, or Form<P>.
#define NACRE_FORM(name, ...)                                                      \
  template <class P>                                                               \
  struct Run<wasm::Op::name, P, NoMode> {                                          \
    static void handler(NACRE_PARAMS) { return __VA_ARGS__::handler(NACRE_ARGS); } \
  };

}  // namespace nacre::interp
