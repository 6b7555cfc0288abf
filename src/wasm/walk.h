// The one walk over instructions: decode, check, then tell the visitor.
//
// Checker: for each row of ops.def a `bool name(const imm::X&)` that returns false to stop (it
// keeps its own error), and `bool done()`, true once the expression's final `end` was seen. The
// validator (wasm/validate/function_validator.h) is the Checker of untrusted code; Trusted is the
// one of code that was validated before. Visitor: OpVisitor (wasm/visitor.h), called after the
// check succeeded.
#pragma once

#include <array>

#include "wasm/body_reader.h"
#include "wasm/visitor.h"

namespace nacre::wasm {

// The checker of expressions that are known to be valid: it only finds where they end.
class Trusted {
 public:
  bool done() const { return depth_ == 0; }
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  bool name(const imm::imm_&) {                                 \
    step<Op::name>();                                           \
    return true;                                                \
  }
#include "wasm/ops.def"
#undef OP

 private:
  template <Op op>
  void step() {
    if constexpr (op_info(op).begins_block()) {
      ++depth_;
    } else if constexpr (op_info(op).ends_block()) {
      --depth_;
    }
  }
  uint64_t depth_ = 1;
};

// The last word as users write it: "needs the feature multi-value".
template <size_t N>
consteval std::array<char, N> with_hyphens(const char (&text)[N]) {
  std::array<char, N> result{};
  for (size_t i = 0; i < N; ++i) result[i] = text[i];
  for (size_t i = N; i != 0 && result[i - 1] != ' '; --i) {
    if (result[i - 1] == '_') result[i - 1] = '-';
  }
  return result;
}

// Walks one expression from the reader's position to the `end` that closes it. On return either
// checker.done(), or reader.ok() is false (malformed), or the checker refused. `visitor.begin(pos)`
// is called with the address of each instruction's first byte before it is decoded.
template <class Checker, OpVisitor Visitor>
void walk(BodyReader& reader, Checker& checker, Visitor& visitor) {
  while (!checker.done()) {
    const uint8_t* start = reader.pos();
    if constexpr (requires { visitor.begin(start); }) visitor.begin(start);
    if constexpr (requires { checker.begin(start); }) checker.begin(start);
    switch (reader.opcode()) {
#define OP(name, text, prefix, code, imm_, sig, feature_, flags)                   \
  case Op::name: {                                                                 \
    if constexpr (Feature::feature_ != Feature::mvp) {                             \
      if (!reader.features().has(Feature::feature_)) [[unlikely]] {                \
        reader.skip_to(start);                                                     \
        static constexpr auto kMessage =                                           \
            with_hyphens("illegal opcode: " text " needs the feature " #feature_); \
        reader.fail(kMessage.data());                                              \
        return;                                                                    \
      }                                                                            \
    }                                                                              \
    imm::imm_ i;                                                                   \
    reader.read(i);                                                                \
    if (!reader.ok()) [[unlikely]]                                                 \
      return;                                                                      \
    if (!checker.name(i)) [[unlikely]]                                             \
      return;                                                                      \
    visitor.name(i);                                                               \
    break;                                                                         \
  }
#include "wasm/ops.def"
#undef OP
      default:
        return;
    }
  }
}

}  // namespace nacre::wasm
