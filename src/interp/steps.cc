#include "interp/steps.h"

#include <cstring>
#include <utility>
#include <vector>

#include "interp/leb.h"
#include "wasm/walk.h"

namespace nacre::interp {
namespace {

using wasm::Op;

constexpr uint32_t kLongestNote = 0xFFFF;  // a step

constexpr uint8_t code_of(Op op) { return static_cast<uint8_t>(wasm::op_info(op).code); }

// The step of a form by opcode, operands and use; 0 where there is none.
struct FormTable {
  Step steps[256][kOperandsKinds][kUses];
  bool any[256][kOperandsKinds];  // whether there is one, with whatever use
};
consteval FormTable make_form_table() {
  FormTable table{};
  for (size_t i = 0; i < std::size(kForms); ++i) {
    const Form& form = kForms[i];
    table.steps[code_of(form.op)][static_cast<size_t>(form.operands)]
               [static_cast<size_t>(form.use)] = static_cast<Step>(kFirstForm + i);
    table.any[code_of(form.op)][static_cast<size_t>(form.operands)] = true;
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
bool does_nothing(uint8_t opcode) {
  return opcode == code_of(Op::block) || opcode == code_of(Op::loop) ||
         opcode == code_of(Op::end) || opcode == code_of(Op::nop);
}

struct Beginnings : wasm::NullVisitor {
  const uint8_t* code;
  std::vector<uint32_t> offsets;
  void begin(const uint8_t* pos) { offsets.push_back(static_cast<uint32_t>(pos - code)); }
};

// The instructions of a function, by number.
class Instructions {
 public:
  Instructions(Bytes code, wasm::Features features) : code_(code) {
    wasm::BodyReader reader(code, 0, features);
    wasm::Trusted checker;
    Beginnings beginnings;
    beginnings.code = code.data();
    beginnings.offsets.reserve(code.size() / 2);
    wasm::walk(reader, checker, beginnings);
    offsets_ = std::move(beginnings.offsets);
  }

  size_t count() const { return offsets_.size(); }
  bool is_last(size_t i) const { return i + 1 >= offsets_.size(); }
  uint32_t offset(size_t i) const { return offsets_[i]; }
  uint8_t opcode(size_t i) const { return code_[offsets_[i]]; }
  size_t length(size_t i) const { return offsets_[i + 1] - offsets_[i]; }
  const uint8_t* immediate(size_t i) const { return &code_[offsets_[i] + 1]; }

 private:
  Bytes code_;
  std::vector<uint32_t> offsets_;
};

// Chooses from the last instruction to the first, so that what follows each is known: the way with
// the fewest steps.
class Planner {
 public:
  Planner(const Instructions& code, Step step_of_return, Step* steps)
      : code_(code), return_(step_of_return), steps_(steps), ways_(code.count() + 1) {}

  void plan() {
    size_t last = code_.count() - 1;
    steps_[code_.offset(last)] = return_;
    ways_[last] = {.steps = 1, .real = static_cast<uint32_t>(last)};
    for (size_t i = last; i-- > 0;) {
      choose(i);
      steps_[code_.offset(i)] = best_;
    }
  }

 private:
  uint8_t opcode(size_t i) const { return code_.opcode(i); }
  size_t length(size_t i) const { return code_.length(i); }
  bool is(size_t i, Op op, size_t bytes) const {
    return opcode(i) == code_of(op) && !code_.is_last(i) && length(i) == bytes;
  }
  bool is_local(size_t i) const { return is(i, Op::local_get, 2); }
  bool is_constant(size_t i) const {
    return opcode(i) == code_of(Op::i32_const) ||
           (opcode(i) == code_of(Op::i64_const) && length(i) <= 3);
  }
  // The first instruction from i on that does something.
  size_t real(size_t i) const { return ways_[i].real; }

  void choose(size_t i) {
    bool nothing = does_nothing(opcode(i));
    best_ = opcode(i);
    ways_[i] = {.steps = ways_[i + 1].steps + 1,
                .real = nothing ? ways_[i + 1].real : static_cast<uint32_t>(i)};
    if (nothing) return skip(i);
    if (best_ == code_of(Op::return_)) {
      best_ = return_;
      return;
    }
    if (is(i, Op::br_if, 2) || is(i, Op::if_, 2)) note_way(i, 1);
    if (kLongTable[best_] != 0 && note(i)) {
      best_ = static_cast<Step>(kLongTable[best_] + (length(i) == 3 ? 0 : 1));
    }
    if (is_local(i)) {
      form(i, Operands::local, i + 1, Op::nop);
      if (is_local(i + 1)) form(i, Operands::locals, i + 2, Op::nop);
      if (is_constant(i + 1)) constant(i, i + 1, true);
    } else if (is_constant(i)) {
      constant(i, i, false);
    }
    form(i, Operands::stack, i, Op::nop);
  }

  void skip(size_t i) {
    uint32_t bytes = code_.offset(real(i)) - code_.offset(i);
    if (bytes <= kMaxSkip) {
      best_ = static_cast<Step>(kFirstSkip + bytes - 1);
    } else if (length(i) > 1 && bytes <= kLongestNote) {
      best_ = kSkipNoted;
      steps_[code_.offset(i) + 1] = static_cast<Step>(bytes);
    } else {  // one by one
      return;
    }
    ways_[i].steps = ways_[real(i)].steps + 1;
  }

  // Notes in the step `place` of instruction i how far it is to the next one that does something.
  void note_way(size_t i, size_t place) {
    uint32_t bytes = code_.offset(real(i + 1)) - code_.offset(i);
    bool fits = bytes <= kLongestNote;
    steps_[code_.offset(i) + place] = static_cast<Step>(fits ? bytes : length(i));
  }

  // Notes the immediate of instruction i. False: it is short, or has no place.
  bool note(size_t i) {
    const uint8_t* p = code_.immediate(i);
    bool is_const = opcode(i) == code_of(Op::i32_const);
    if (is_access(opcode(i))) {
      if (length(i) < 4 || *p >= 0x40) return false;  // with an index of a memory
      ++p;
    } else if (length(i) < (is_const ? 4u : 3u)) {
      return false;  // forms have constants of two bytes
    }
    uint64_t value =
        is_const ? static_cast<uint32_t>(read_signed<int32_t>(p)) : read_leb<uint64_t>(p);
    uint32_t bits = static_cast<uint32_t>(value);
    if (bits != value) return false;  // an offset in a 64-bit memory
    std::memcpy(&steps_[code_.offset(i) + 1], &bits, sizeof bits);
    if (length(i) > 3) steps_[code_.offset(i) + 3] = static_cast<Step>(length(i));
    return true;
  }

  // Forms whose last operand is the constant at `at`, behind a local or not.
  void constant(size_t i, size_t at, bool local) {
    Operands operands = length(at) == 2   ? Operands::constant
                        : length(at) == 3 ? Operands::constant2
                                          : Operands::noted;
    if (local) {
      operands = length(at) == 2   ? Operands::local_constant
                 : length(at) == 3 ? Operands::local_constant2
                                   : Operands::local_noted;
    }
    form(i, operands, at + 1, opcode(at) == code_of(Op::i32_const) ? Op::i32_const : Op::i64_const);
  }

  // Forms from instruction i on with these operands, whose op would be at `at`; `move` is the op of
  // those that have none there.
  void form(size_t i, Operands operands, size_t at, Op move) {
    use(i, operands, code_of(move), at);
    if (code_.is_last(at) || opcode(at) == code_of(Op::nop)) return;
    if (length(at) != (is_access(opcode(at)) ? 3 : 1)) return;
    use(i, operands, opcode(at), at + 1);
  }

  // The uses of a result by the instructions at `at`.
  void use(size_t i, Operands operands, uint8_t op, size_t at) {
    if (!kFormTable.any[op][static_cast<size_t>(operands)]) return;
    const auto& steps = kFormTable.steps[op][static_cast<size_t>(operands)];
    take(i, steps, Use::push, at);
    take(i, steps, Use::none, at);
    if (code_.is_last(at)) return;
    switch (opcode(at)) {
      case code_of(Op::local_set):
        if (length(at) != 2) return;
        take(i, steps, Use::set, at + 1);
        // A branch does not go on, but it takes a step of its own else.
        if (is(at + 1, Op::br, 2)) take(i, steps, Use::set_br, at + 2);
        return;
      case code_of(Op::local_tee):
        if (length(at) != 2) return;
        take(i, steps, Use::tee, at + 1);
        if (is(at + 1, Op::br_if, 2)) take(i, steps, Use::tee_br_if, real(at + 2));
        return;
      case code_of(Op::br_if):
        if (length(at) == 2) take(i, steps, Use::br_if, real(at + 1));
        return;
      case code_of(Op::if_):
        if (length(at) == 2) take(i, steps, Use::if_, real(at + 1));
        return;
      case code_of(Op::i32_eqz):
        if (is(at + 1, Op::br_if, 2)) take(i, steps, Use::br_unless, real(at + 2));
        return;
      case code_of(Op::br_table):
        if (*code_.immediate(at) < 0x80) take(i, steps, Use::br_table, at + 1);
        return;
      case code_of(Op::i32_const):
        if (length(at) > 3 || !is(at + 1, Op::i32_and, 1)) return;
        return take(i, steps, length(at) == 2 ? Use::mask : Use::mask2, at + 2);
      default:
        return;
    }
  }

  using StepsByUse = Step[kUses];
  void take(size_t i, const StepsByUse& steps, Use use, size_t next) {
    Step step = steps[static_cast<size_t>(use)];
    if (step == 0 || ways_[next].steps + 1 > ways_[i].steps) return;
    best_ = step;
    ways_[i].steps = ways_[next].steps + 1;
  }

  struct Way {
    uint32_t steps = 0;  // from the instruction to the end, straight on
    uint32_t real = 0;   // the first instruction from here on that does something
  };
  const Instructions& code_;
  const Step return_;
  Step* steps_;
  std::vector<Way> ways_;
  Step best_ = 0;  // of the instruction in hand
};

// ---- branches

// How many entries of the side table instructions own, by the first byte of their opcode.
enum class EntryCount : uint8_t { none, one, table, by_second_byte };

consteval std::array<EntryCount, 256> make_entry_counts() {
  std::array<EntryCount, 256> counts{};
  for (const wasm::OpInfo& op : wasm::kOpInfos) {
    if (!op.owns_branch_entries()) continue;
    if (op.prefix != 0) {
      counts[op.prefix] = EntryCount::by_second_byte;
    } else {
      counts[op.code] = EntryCount::one;
    }
  }
  counts[code_of(Op::br_table)] = EntryCount::table;
  return counts;
}
constexpr std::array<EntryCount, 256> kEntryCounts = make_entry_counts();

size_t entries_of(const uint8_t* code, EntryCount kind) {
  const uint8_t* p = code + 1;
  if (kind == EntryCount::table) return size_t{read_leb<uint32_t>(p)} + 1;
  if (kind == EntryCount::one) return 1;
  Op op = wasm::find_prefixed_op(*code, read_leb<uint32_t>(p));
  return wasm::op_info(op).owns_branch_entries() ? 1 : 0;
}

// Makes an entry that the instruction at `from` owns land where something happens.
void shorten(Bytes code, uint32_t from, std::vector<wasm::BranchEntry>& branches, size_t index) {
  constexpr int kMaxHops = 16;
  wasm::BranchEntry& entry = branches[index];
  size_t last = code.size() - 1;
  size_t target = from + 1 + static_cast<size_t>(int64_t{entry.delta_pc});
  size_t cursor = index + static_cast<size_t>(int64_t{entry.delta_entry});
  for (int hop = 0; hop < kMaxHops && target < last; ++hop) {
    uint8_t opcode = code[target];
    if (opcode == code_of(Op::end) || opcode == code_of(Op::nop)) {
      target += 1;
    } else if (does_nothing(opcode) && code[target + 1] < 0x80 && code[target + 1] >= 0x40 &&
               !wasm::ValType::is_ref_prefix(code[target + 1])) {
      target += 2;  // a block without a type, or of a type in one byte
    } else if (opcode == code_of(Op::br) && branches[cursor].pop == 0) {
      const wasm::BranchEntry& next = branches[cursor];
      target = target + 1 + static_cast<size_t>(int64_t{next.delta_pc});
      cursor = cursor + static_cast<size_t>(int64_t{next.delta_entry});
    } else {
      break;
    }
  }
  entry.delta_pc = static_cast<int32_t>(static_cast<int64_t>(target) - (from + 1));
  entry.delta_entry =
      static_cast<int32_t>(static_cast<int64_t>(cursor) - static_cast<int64_t>(index));
}

}  // namespace

void plan_steps(Bytes code, const wasm::FunctionShape& shape, wasm::Features features,
                Branching branching, std::vector<wasm::BranchEntry>& branches, Step* steps) {
  Instructions instructions(code, features);
  size_t entry = 0;
  for (size_t i = 0; i < instructions.count(); ++i) {
    const uint8_t* at = &code[instructions.offset(i)];
    EntryCount kind = kEntryCounts[*at];
    if (kind == EntryCount::none) continue;
    size_t count = entries_of(at, kind);
    bool moves = branching == Branching::shortened && *at != 0xFB && *at != code_of(Op::rethrow);
    for (size_t k = entry; k < entry + count && moves; ++k) {
      shorten(code, instructions.offset(i), branches, k);
    }
    entry += count;
  }
  if (!shape.uses_v128) {
    Step step_of_return = shape.result_count == 0   ? kReturnNothing
                          : shape.result_count == 1 ? kReturnOne
                                                    : code_of(Op::return_);
    return Planner(instructions, step_of_return, steps).plan();
  }
  for (size_t i = 0; i < instructions.count(); ++i) {
    steps[instructions.offset(i)] = instructions.opcode(i);
  }
  steps[instructions.offset(instructions.count() - 1)] = code_of(Op::return_);
}

}  // namespace nacre::interp
