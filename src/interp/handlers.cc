// The tables that find a handler by opcode and state, made from ops.def: every row has one, or
// belongs to a feature that does not run.
#include <array>
#include <utility>

#include "interp/control.h"
#include "interp/fused.h"
#include "interp/immediates.h"
#include "interp/run.h"
#include "wasm/not_run.h"

namespace nacre::interp {
namespace {

using wasm::ImmKind;
using wasm::Op;

template <class P>
void not_built(NACRE_PARAMS) {
  return State<P>::enter(NACRE_ARGS).template trap<abi::TrapKind::not_built>();
}

// Where the handlers of a prefix begin in a table.
template <class P>
constexpr size_t prefix_offset(uint8_t prefix) {
  size_t offset = P::kWide ? TableLayout::kOneByte : P::kStates * kStepCount;
  if (prefix == 0xFB) return offset;
  offset += TableLayout::kFb;
  if (prefix == 0xFC) return offset;
  offset += TableLayout::kFc;
  if (prefix == 0xFE) return offset;
  return offset + TableLayout::kFe;
}
constexpr size_t prefix_length(uint8_t prefix) {
  if (prefix == 0xFB) return TableLayout::kFb;
  if (prefix == 0xFC) return TableLayout::kFc;
  return prefix == 0xFE ? TableLayout::kFe : TableLayout::kFd;
}

// Goes to the handler of a prefixed opcode, on a flat stack, with pc at its last byte.
template <uint8_t prefix, class P>
void prefixed(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS).flush();
  const uint8_t* p = s.pc + 1;
  uint32_t code = read_leb<uint32_t>(p);
  s.pc = p - 1;
  return s.jump(reg_table[prefix_offset<P>(prefix) + code]);
}

template <size_t bytes, class P>
void skip(NACRE_PARAMS) {
  return State<P>::enter(NACRE_ARGS).next(bytes);
}

// Only the accesses of one-byte opcodes know memories by their mode.
template <Op op, class Mode>
using ModeOf =
    std::conditional_t<wasm::op_info(op).prefix == 0 && wasm::op_info(op).imm == ImmKind::memarg,
                       Mode, NoMode>;

template <Op op, class P, class Mode>
constexpr Handler handler_of() {
  if constexpr (!wasm::is_run(op)) {
    return &not_built<P>;
  } else {
    return &Run<op, P, ModeOf<op, Mode>>::handler;
  }
}

consteval bool has_place(uint8_t prefix, uint32_t code) {
  if (prefix != 0) return code < prefix_length(prefix);
  return code < wasm::kFirstPrefix && code != kBridgeStep && code != kExitStep;
}
#define OP(name, text, prefix, code, imm, sig, feature, flags) \
  static_assert(has_place(prefix, code));
#include "wasm/ops.def"
#undef OP

template <class P, class Mode>
constexpr void fill_one_byte(Handler* part) {
  for (size_t i = 0; i < TableLayout::kOneByte; ++i) part[i] = &not_built<P>;
#define OP(name, text, prefix, code, imm, sig, feature, flags) \
  if constexpr (prefix == 0) part[code] = handler_of<Op::name, P, Mode>();
#include "wasm/ops.def"
#undef OP
  part[0xFB] = &prefixed<0xFB, P>;
  part[0xFC] = &prefixed<0xFC, P>;
  // Functions without v128 have no such instruction.
  if constexpr (P::kWide) part[0xFD] = &prefixed<0xFD, P>;
  part[0xFE] = &prefixed<0xFE, P>;
  part[kBridgeStep] = &bridge_return<P>;
  part[kExitStep] = &exit_to_host<P>;
}

template <class P>
void skip_noted(NACRE_PARAMS) {
  auto s = State<P>::enter(NACRE_ARGS);
  return s.next(s.steps()[1]);
}

template <class P>
void return_nothing(NACRE_PARAMS) {
  return leave(State<P>::enter(NACRE_ARGS)).dispatch();
}
template <class P>
void return_value(NACRE_PARAMS) {
  return return_one(State<P>::enter(NACRE_ARGS));
}

template <class P, class Mode>
constexpr void fill_forms(Handler* part) {
  Handler* form = part + kFirstForm;
#define FORM(op, operands, use) \
  *form++ = &Fused<Op::op, Operands::operands, Use::use, P, ModeOf<Op::op, Mode>>::handler;
#include "interp/fused.def"
  Handler* next = part + kFirstLong;
#define LONG(op)                                                   \
  *next++ = &Long<Op::op, true, P, ModeOf<Op::op, Mode>>::handler; \
  *next++ = &Long<Op::op, false, P, ModeOf<Op::op, Mode>>::handler;
#include "interp/long.def"
  [&]<size_t... i>(std::index_sequence<i...>) {
    ((part[kFirstSkip + i] = &skip<i + 1, P>), ...);
  }(std::make_index_sequence<kMaxSkip>());
  part[kSkipNoted] = &skip_noted<P>;
  part[kReturnNothing] = &return_nothing<P>;
  part[kReturnOne] = &return_value<P>;
}

template <class P, class Mode>
constexpr void fill_steps(Handler* part) {
  fill_one_byte<P, Mode>(part);
  fill_forms<P, Mode>(part);
}

template <class P, class Mode>
constexpr auto make_table() {
  constexpr size_t kSize = prefix_offset<P>(0xFD) + (P::kWide ? TableLayout::kFd : size_t{0});
  std::array<Handler, kSize> table;
  for (Handler& handler : table) handler = &not_built<P>;
  if constexpr (P::kWide) {
    fill_one_byte<Wide, Mode>(table.data());
  } else {
    fill_steps<Narrow<0>, Mode>(table.data());
    fill_steps<Narrow<1>, Mode>(table.data() + kStepCount);
    fill_steps<Narrow<2>, Mode>(table.data() + 2 * kStepCount);
  }
#define OP(name, text, prefix, code, imm, sig, feature, flags)                \
  if constexpr (prefix != 0 && (P::kWide || prefix != 0xFD)) {                \
    table[prefix_offset<P>(prefix) + code] = handler_of<Op::name, P, Mode>(); \
  }
#include "wasm/ops.def"
#undef OP
  return table;
}

constexpr auto kNarrowChecked = make_table<Narrow<0>, Checked>();
constexpr auto kNarrowGuarded = make_table<Narrow<0>, Guarded>();
constexpr auto kWideChecked = make_table<Wide, Checked>();
constexpr auto kWideGuarded = make_table<Wide, Guarded>();

}  // namespace

const Handler* handler_table(bool wide, bool guarded) {
  if (wide) return guarded ? kWideGuarded.data() : kWideChecked.data();
  return guarded ? kNarrowGuarded.data() : kNarrowChecked.data();
}

}  // namespace nacre::interp
