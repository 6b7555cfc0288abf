// Blocks, branches and returns (specification 3.0, 4.6.7).
#include "interp/control.h"

#include "interp/immediates.h"
#include "interp/run.h"

namespace nacre::interp {

using abi::TrapKind;

template <class P>
void long_branch(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  const Branch* entry = s.cursor;
  if (reg_activation->notice.interrupt_pending.load(std::memory_order_relaxed) != 0) {
    // Back to a loop: to this instruction, or what is before it.
    uint64_t cost = entry->delta_pc <= 0 ? 1 - int64_t{entry->delta_pc} : 0;
    TrapKind stop = poll_interrupts(*reg_activation, cost);
    if (stop != TrapKind::none) return s.trap(stop);
  }
  size_t keep = entry->keep() * P::kSlot;
  size_t pop = entry->pop() * P::kSlot;
  uint8_t* to = s.sp - keep - pop;
  for (size_t i = 0; i < keep; i += 8) store(to + i, load<uint64_t>(to + pop + i));
  s.sp = to + keep;
  s.pc += entry->delta_pc;
  s.cursor =
      reinterpret_cast<const Branch*>(reinterpret_cast<const char*>(entry) + entry->delta_cursor);
  return s.dispatch();
}
template void long_branch<Narrow<0>>(NACRE_PARAMS);
template void long_branch<Wide>(NACRE_PARAMS);

template void return_many<Narrow<0>>(NACRE_PARAMS);
template void return_many<Wide>(NACRE_PARAMS);

namespace {

struct SkipBlockType {
  template <class S>
  NACRE_INLINE static void run(const S& s, size_t length) {
    return s.next(length);
  }
};

template <class P>
struct If {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    uint32_t condition;
    auto s = at.pop(condition);
    if (condition == 0) return s.take_branch();
    if (!is_short_type(s.pc[1])) [[unlikely]]
      return at.jump(&long_form);
    return no_branch(s, 2);
  }
  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    uint32_t condition;
    auto s = State<P>::enter(NACRE_ARGS).pop(condition);
    return no_branch(s, static_cast<size_t>(behind_type(s.pc + 1) - s.pc));
  }
};

template <class P>
struct BrIf {
  NACRE_INLINE static void handler(NACRE_PARAMS) {
    auto at = State<P>::enter(NACRE_ARGS);
    uint32_t condition;
    auto s = at.pop(condition);
    if (condition != 0) return s.take_branch();
    if (s.pc[1] & 0x80) [[unlikely]]
      return at.jump(&long_form);
    return no_branch(s, 2);
  }
  [[gnu::noinline]] static void long_form(NACRE_PARAMS) {
    uint32_t condition;
    auto s = State<P>::enter(NACRE_ARGS).pop(condition);
    const uint8_t* p = s.pc + 1;
    skip_leb(p);
    return no_branch(s, static_cast<size_t>(p - s.pc));
  }
};

struct BrTable {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t count, size_t) {
    uint32_t index;
    auto s = at.pop(index);
    s.cursor += index < count ? index : count;
    return s.take_branch();
  }
};

struct BrOnNull {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t, size_t length) {
    uint64_t ref;
    auto s = at.pop(ref);
    if (ref == abi::kNullRef) return s.take_branch();
    return no_branch(at, length);
  }
};

struct BrOnNonNull {
  template <class S>
  NACRE_INLINE static void run(const S& at, uint32_t, size_t length) {
    uint64_t ref;
    auto s = at.pop(ref);
    if (ref != abi::kNullRef) return at.take_branch();
    return no_branch(s, length);
  }
};

}  // namespace

template <class P>
struct Run<wasm::Op::unreachable, P, NoMode> {
  static void handler(NACRE_PARAMS) {
    return State<P>::enter(NACRE_ARGS).template trap<abi::TrapKind::unreachable>();
  }
};

template <class P>
struct Run<wasm::Op::nop, P, NoMode> {
  static void handler(NACRE_PARAMS) { return State<P>::enter(NACRE_ARGS).next(1); }
};

NACRE_FORM(block, WithBlockType<SkipBlockType, P>)
NACRE_FORM(loop, WithBlockType<SkipBlockType, P>)

NACRE_FORM(if_, If<P>)
NACRE_FORM(br_if, BrIf<P>)

template <class P>
struct Run<wasm::Op::else_, P, NoMode> {
  static void handler(NACRE_PARAMS) { return State<P>::enter(NACRE_ARGS).take_branch(); }
};
template <class P>
struct Run<wasm::Op::br, P, NoMode> {
  static void handler(NACRE_PARAMS) { return State<P>::enter(NACRE_ARGS).take_branch(); }
};

template <class P>
struct Run<wasm::Op::end, P, NoMode> {
  static void handler(NACRE_PARAMS) {
    return State<P>::enter(NACRE_ARGS).next(1);  // the final one has the step of return
  }
};

template <class P>
struct Run<wasm::Op::return_, P, NoMode> {
  static void handler(NACRE_PARAMS) { return return_results(State<P>::enter(NACRE_ARGS)); }
};

NACRE_FORM(br_table, WithIndex<BrTable, P>)
NACRE_FORM(br_on_null, WithIndex<BrOnNull, P>)
NACRE_FORM(br_on_non_null, WithIndex<BrOnNonNull, P>)

NACRE_INSTANTIATE(unreachable)
NACRE_INSTANTIATE(nop)
NACRE_INSTANTIATE(block)
NACRE_INSTANTIATE(loop)
NACRE_INSTANTIATE(if_)
NACRE_INSTANTIATE(else_)
NACRE_INSTANTIATE(end)
NACRE_INSTANTIATE(br)
NACRE_INSTANTIATE(br_if)
NACRE_INSTANTIATE(br_table)
NACRE_INSTANTIATE(return_)
NACRE_INSTANTIATE(br_on_null)
NACRE_INSTANTIATE(br_on_non_null)

}  // namespace nacre::interp
