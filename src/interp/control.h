// Branches and returns, shared by the handlers that take them.
#pragma once

#include "interp/state.h"

namespace nacre::interp {

// Goes where the entry at the cursor says; values in between are dropped.
template <class P>
[[gnu::noinline]] void branch_dropping(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  const Branch* entry = s.cursor;
  size_t keep = entry->keep * P::kSlot;
  size_t pop = entry->pop * P::kSlot;
  uint8_t* to = s.sp - keep - pop;
  for (size_t i = 0; i < keep; i += 8) store(to + i, load<uint64_t>(to + pop + i));
  s.sp = to + keep;
  s.pc += entry->delta_pc;
  s.cursor = reinterpret_cast<const Branch*>(reinterpret_cast<const char*>(entry) +
                                             entry->delta_cursor);
  return s.dispatch();
}

template <class S>
NACRE_INLINE void branch(const S& at) {
  S s = at;
  const Branch* entry = s.cursor;
  if (entry->pop != 0) [[unlikely]]
    return s.flush().jump(&branch_dropping<typename S::Policy::Flat>);
  s.pc += entry->delta_pc;
  s.cursor = reinterpret_cast<const Branch*>(reinterpret_cast<const char*>(entry) +
                                             entry->delta_cursor);
  return s.dispatch();
}

// Goes on behind a branch that is not taken.
template <class S>
NACRE_INLINE void no_branch(const S& at, size_t length) {
  S s = at;
  s.cursor += 1;
  return s.next(length);
}

// Leaves the running function; the state is on a flat stack with the results at fp.
template <class S>
NACRE_INLINE void leave(const S& at, uint8_t* sp) {
  NACRE_MACHINE(at);
  S s = at;
  Frame* frame = reg_frame;
  s.pc = frame->return_pc;
  s.cursor = frame->return_cursor;
  frame = frame->prev;
  reg_frame = frame;
  s.fp = frame->locals;
  s.sp = sp;
  return s.dispatch();
}

template <class P>
[[gnu::noinline]] void return_many(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  size_t bytes = reg_frame->code->result_count * P::kSlot;
  const uint8_t* from = s.sp - bytes;
  uint8_t* to = s.fp;
  for (size_t i = 0; i < bytes; i += 8) store(to + i, load<uint64_t>(from + i));
  return leave(s, to + bytes);
}

template <class S>
NACRE_INLINE void return_results(const S& s) {
  NACRE_MACHINE(s);
  using P = typename S::Policy;
  uint32_t count = reg_frame->code->result_count;
  if (count == 0) return leave(s.template as<typename P::Flat>(), s.fp);
  if (count > 1) [[unlikely]]
    return s.flush().jump(&return_many<typename P::Flat>);
  typename P::Raw result;
  s.pop(result);
  auto flat = s.template as<typename P::Flat>();
  flat.sp = s.fp;
  auto r = flat.push(result);
  return leave(r, r.sp);
}

}  // namespace nacre::interp
