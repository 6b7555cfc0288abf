#include "interp/steps.h"

#include <cstring>
#include <vector>

#include "interp/leb.h"
#include "wasm/walk.h"

namespace nacre::interp {
namespace {

using wasm::Op;

constexpr uint32_t kLongestSkip = 0xFFFF;

constexpr uint8_t code_of(Op op) { return static_cast<uint8_t>(wasm::op_info(op).code); }

// The step of a form by opcode, operands and use; 0 where there is none.
struct FormTable {
  Step steps[256][kOperandsKinds][kUses];
};
consteval FormTable make_form_table() {
  FormTable table{};
  for (size_t i = 0; i < std::size(kForms); ++i) {
    const Form& form = kForms[i];
    table.steps[code_of(form.op)][static_cast<size_t>(form.operands)]
               [static_cast<size_t>(form.use)] = static_cast<Step>(kFirstForm + i);
  }
  return table;
}
constexpr FormTable kFormTable = make_form_table();

// The first step of a long op by opcode; 0 where there is none.
consteval std::array<Step, 256> make_long_table() {
  std::array<Step, 256> table{};
  for (size_t i = 0; i < std::size(kLongOps); ++i) {
    table[code_of(kLongOps[i])] = static_cast<Step>(kFirstLong + 2 * i);
  }
  return table;
}
constexpr std::array<Step, 256> kLongTable = make_long_table();

bool is_access(uint8_t opcode) {
  return opcode >= code_of(Op::i32_load) && opcode <= code_of(Op::i64_store32);
}

struct Beginnings : wasm::NullVisitor {
  const uint8_t* code;
  std::vector<uint32_t> offsets;
  void begin(const uint8_t* pos) { offsets.push_back(static_cast<uint32_t>(pos - code)); }
};

// Chooses from the last instruction to the first, so that what follows each is known: the way with
// the fewest steps.
class Planner {
 public:
  Planner(Bytes code, const std::vector<uint32_t>& offsets, Step step_of_return, Step* steps)
      : code_(code),
        offsets_(offsets),
        return_(step_of_return),
        steps_(steps),
        costs_(offsets.size() + 1) {}

  void plan() {
    size_t last = offsets_.size() - 1;
    steps_[offsets_[last]] = return_;
    costs_[last] = 1;
    for (size_t i = last; i-- > 0;) choose(i);
  }

 private:
  uint8_t opcode(size_t i) const { return code_[offsets_[i]]; }
  size_t length(size_t i) const { return offsets_[i + 1] - offsets_[i]; }
  bool is_last(size_t i) const { return i + 1 >= offsets_.size(); }

  bool is_local(size_t i) const { return opcode(i) == code_of(Op::local_get) && length(i) == 2; }
  bool is_constant(size_t i) const {
    return (opcode(i) == code_of(Op::i32_const) || opcode(i) == code_of(Op::i64_const)) &&
           length(i) <= 3;
  }
  bool does_nothing(size_t i) const {
    uint8_t code = opcode(i);
    return code == code_of(Op::block) || code == code_of(Op::loop) || code == code_of(Op::end) ||
           code == code_of(Op::nop);
  }

  void choose(size_t i) {
    best_ = opcode(i);
    costs_[i] = costs_[i + 1] + 1;
    if (does_nothing(i)) {
      skip(i);
    } else if (best_ == code_of(Op::return_)) {
      best_ = return_;
    } else if (kLongTable[best_] != 0 && note(i)) {
      best_ = static_cast<Step>(kLongTable[best_] + (length(i) == 3 ? 0 : 1));
    } else {
      if (is_local(i)) {
        form(i, Operands::local, i + 1, Op::nop);
        if (is_local(i + 1)) form(i, Operands::locals, i + 2, Op::nop);
        if (is_constant(i + 1)) constant(i, i + 1, Operands::local_constant);
      } else if (is_constant(i)) {
        constant(i, i, Operands::constant);
      }
      form(i, Operands::stack, i, Op::nop);
    }
    steps_[offsets_[i]] = best_;
  }

  void skip(size_t i) {
    size_t next = i;
    uint32_t begin = offsets_[i];
    while (!is_last(next) && does_nothing(next) && offsets_[next + 1] - begin <= kLongestSkip) {
      ++next;
    }
    if (next == i) return;
    uint32_t bytes = offsets_[next] - begin;
    if (bytes <= kMaxSkip) {
      best_ = static_cast<Step>(kFirstSkip + bytes - 1);
    } else if (length(i) > 1) {
      best_ = kSkipNoted;
      steps_[begin + 1] = static_cast<Step>(bytes);
    } else {  // no place for a note
      best_ = kFirstSkip;
      next = i + 1;
    }
    costs_[i] = costs_[next] + 1;
  }

  // Notes the immediate of instruction i. False: it is short, or has no place.
  bool note(size_t i) {
    const uint8_t* p = &code_[offsets_[i] + 1];
    if (is_access(opcode(i))) {
      if (length(i) < 4 || *p >= 0x40) return false;  // with an index of a memory
      ++p;
    } else if (opcode(i) == code_of(Op::i32_const) ? length(i) <= 3 : length(i) < 3) {
      return false;  // forms have constants of two bytes
    }
    uint64_t value = opcode(i) == code_of(Op::i32_const)
                         ? static_cast<uint32_t>(read_signed<int32_t>(p))
                         : read_leb<uint64_t>(p);
    uint32_t bits = static_cast<uint32_t>(value);
    if (bits != value) return false;  // an offset in a 64-bit memory
    std::memcpy(&steps_[offsets_[i] + 1], &bits, sizeof bits);
    if (length(i) > 3) steps_[offsets_[i] + 3] = static_cast<Step>(length(i));
    return true;
  }

  // A form whose last operand is the constant at `at`.
  void constant(size_t i, size_t at, Operands operands) {
    if (length(at) == 3) operands = static_cast<Operands>(static_cast<uint8_t>(operands) + 1);
    form(i, operands, at + 1, opcode(at) == code_of(Op::i32_const) ? Op::i32_const : Op::i64_const);
  }

  // Forms from instruction i on with these operands, whose op would be at `at`; `move` is the op of
  // those that have none there.
  void form(size_t i, Operands operands, size_t at, Op move) {
    use(i, operands, code_of(move), at);
    if (is_last(at) || opcode(at) == code_of(Op::nop)) return;
    if (length(at) != (is_access(opcode(at)) ? 3 : 1)) return;
    use(i, operands, opcode(at), at + 1);
  }

  // The uses of a result by the instruction at `at`.
  void use(size_t i, Operands operands, uint8_t op, size_t at) {
    const auto& steps = kFormTable.steps[op][static_cast<size_t>(operands)];
    take(i, steps[static_cast<size_t>(Use::push)], at);
    take(i, steps[static_cast<size_t>(Use::none)], at);
    if (is_last(at) || length(at) != 2) return;
    switch (opcode(at)) {
      case code_of(Op::local_set):
        return take(i, steps[static_cast<size_t>(Use::set)], at + 1);
      case code_of(Op::local_tee):
        return take(i, steps[static_cast<size_t>(Use::tee)], at + 1);
      case code_of(Op::br_if):
        return take(i, steps[static_cast<size_t>(Use::br_if)], at + 1);
      case code_of(Op::if_):
        return take(i, steps[static_cast<size_t>(Use::if_)], at + 1);
      default:
        return;
    }
  }

  void take(size_t i, Step step, size_t next) {
    if (step == 0 || costs_[next] + 1 > costs_[i]) return;
    best_ = step;
    costs_[i] = costs_[next] + 1;
  }

  Bytes code_;
  const std::vector<uint32_t>& offsets_;
  const Step return_;
  Step* steps_;
  std::vector<uint32_t> costs_;  // steps from an instruction to the end, straight on
  Step best_ = 0;                // of the instruction in hand
};

}  // namespace

void plan_steps(Bytes code, const wasm::FunctionShape& shape, wasm::Features features,
                Step* steps) {
  wasm::BodyReader reader(code, 0, features);
  wasm::Trusted checker;
  Beginnings beginnings;
  beginnings.code = code.data();
  beginnings.offsets.reserve(code.size() / 2);
  wasm::walk(reader, checker, beginnings);
  const std::vector<uint32_t>& offsets = beginnings.offsets;
  if (!shape.uses_v128) {
    Step step_of_return = shape.result_count == 0   ? kReturnNothing
                          : shape.result_count == 1 ? kReturnOne
                                                    : code_of(Op::return_);
    return Planner(code, offsets, step_of_return, steps).plan();
  }
  for (uint32_t offset : offsets) steps[offset] = code[offset];
  steps[offsets.back()] = code_of(Op::return_);
}

}  // namespace nacre::interp
