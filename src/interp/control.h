// Untaken branches and returns, shared by the handlers that take them.
#pragma once

#include "interp/state.h"

namespace nacre::interp {

// Continues after a branch that is not taken.
template <class S>
NACRE_INLINE void no_branch(const S& at, size_t length) {
  S s = at;
  s.cursor += 1;
  return s.next(length);
}

// Leaves the running function: reads what its frame says about the caller. That must be done before
// results are written, which may overwrite the frame. The state is left with sp at the first
// result.
template <class S>
NACRE_INLINE auto leave(const S& at) {
  NACRE_MACHINE(at);
  State<typename S::Policy::Flat> s = at.template as<typename S::Policy::Flat>();
  const Frame* frame = reg_frame;
  s.sp = at.fp;
  s.pc = frame->return_pc;
  s.cursor = frame->return_cursor;
  s.fp = frame->caller_fp;
  reg_frame = frame->prev;
  return s;
}

template <class P>
[[gnu::noinline]] void return_many(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  size_t bytes = reg_frame->code->result_count * P::kSlot;
  const uint8_t* from = s.sp - bytes;
  auto caller = leave(s);
  for (size_t i = 0; i < bytes; i += 8) store(caller.sp + i, load<uint64_t>(from + i));
  caller.sp += bytes;
  return caller.dispatch();
}
extern template void return_many<Narrow<0>>(NACRE_PARAMS);
extern template void return_many<Wide>(NACRE_PARAMS);

template <class S>
NACRE_INLINE void return_one(const S& s) {
  typename S::Policy::Raw result;
  s.pop(result);
  return leave(s).push(result).dispatch();
}

template <class S>
NACRE_INLINE void return_results(const S& s) {
  NACRE_MACHINE(s);
  uint32_t count = reg_frame->code->result_count;
  if (count == 0) return leave(s).dispatch();
  if (count == 1) return return_one(s);
  return s.flush().jump(&return_many<typename S::Policy::Flat>);
}

}  // namespace nacre::interp
