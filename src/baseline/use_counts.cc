#include "baseline/use_counts.h"

#include <array>

#include "wasm/limits.h"
#include "wasm/ops.h"

namespace nacre::baseline {
namespace {

using wasm::Op;

// Loops count eightfold, down to four of them inside each other.
constexpr uint32_t kMaxDepth = 4;
constexpr uint32_t kManyUses = 1u << 31;  // counted no further

// Instructions that call something: the runtime's builtins as well.
constexpr bool calls(Op op) {
  const wasm::OpInfo& info = wasm::op_info(op);
  if (info.has_flag('K')) return !info.has_flag('B');
  return info.calls_runtime();
}

// What an opcode means to the scan.
enum class Action : uint8_t {
  none,
  get,
  set,
  tee,
  load,
  store,
  loop,
  block,
  end,
  call,
  select,
  table_jump,
  table_call  // that does not come back
};

constexpr Action action_of(Op op) {
  switch (op) {
    case Op::local_get:
      return Action::get;
    case Op::local_set:
      return Action::set;
    case Op::local_tee:
      return Action::tee;
    case Op::select:
    case Op::select_t:
      return Action::select;
    case Op::br_table:
      return Action::table_jump;
    case Op::return_call_indirect:
      return Action::table_call;
    case Op::loop:
      return Action::loop;
    case Op::block:
    case Op::if_:
    case Op::try_:
    case Op::try_table:
      return Action::block;
    case Op::end:
    case Op::delegate:
      return Action::end;
    default:
      if (calls(op)) return Action::call;
      if (wasm::op_info(op).has_flag('R')) return Action::load;
      return wasm::op_info(op).has_flag('W') ? Action::store : Action::none;
  }
}

// One step over an opcode of one byte and what stands behind it: one decision each.
enum class Step : uint8_t {
  by_reader,  // the reader takes it
  nothing,    // behind it
  leb,
  load,
  store,
  bytes_4,
  bytes_8,
  get,
  set,
  tee,
  call,
  call_indirect,
  block,
  loop,
  end,
  select
};

constexpr Step step_over(Op op, wasm::ImmKind imm) {
  using wasm::ImmKind;
  switch (action_of(op)) {
    case Action::none:
      break;
    case Action::get:
      return Step::get;
    case Action::set:
      return Step::set;
    case Action::tee:
      return Step::tee;
    case Action::load:
      return imm == ImmKind::memarg ? Step::load : Step::by_reader;
    case Action::store:
      return imm == ImmKind::memarg ? Step::store : Step::by_reader;
    case Action::select:
      return imm == ImmKind::none ? Step::select : Step::by_reader;
    case Action::table_jump:
    case Action::table_call:
      return Step::by_reader;
    case Action::loop:
      return Step::loop;
    case Action::block:
      return imm == ImmKind::block_type ? Step::block : Step::by_reader;
    case Action::end:
      return imm == ImmKind::none ? Step::end : Step::by_reader;
    case Action::call:
      if (imm == ImmKind::func) return Step::call;
      return imm == ImmKind::call_indirect ? Step::call_indirect : Step::by_reader;
  }
  wasm::ImmLength length = wasm::length_of(imm);
  if (!length.known) return Step::by_reader;
  if (length.lebs == 1) return Step::leb;
  if (length.lebs != 0) return Step::by_reader;
  if (length.bytes == 4) return Step::bytes_4;
  if (length.bytes == 8) return Step::bytes_8;
  return length.bytes == 0 ? Step::nothing : Step::by_reader;
}

constexpr std::array<Step, 256> kSteps = [] {
  std::array<Step, 256> table{};
#define OP(name, text, prefix, code, imm, sig, feature, flags) \
  if (prefix == 0) table[code & 0xFF] = step_over(Op::name, wasm::ImmKind::imm);
#include "wasm/ops.def"
#undef OP
  return table;
}();

// Reads past the instruction's immediates. False: the bytes are no instruction.
bool read_immediates(wasm::BodyReader& reader, Op op) {
  switch (op) {
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  case Op::name: {                                              \
    wasm::imm::imm_ i;                                          \
    reader.read(i);                                             \
    break;                                                      \
  }
#include "wasm/ops.def"
#undef OP
    default:
      return false;
  }
  return reader.ok();
}

// Tells the listener of a body's instructions. Reads bytes faster than the walk, since it asks less
// of them; what is not frequent is left to the reader.
template <class Listener>
class BodyScanner {
 public:
  BodyScanner(wasm::BodyReader& reader, Listener& listener)
      : reader_(reader), listener_(listener) {}

  // Of those that begin before `end`, or of all.
  void run(const uint8_t* end = nullptr) {
    const uint8_t* p = reader_.pos();
    const uint8_t* last = p + reader_.remaining();
    if (end == nullptr) end = last;
    while (!done_ && p < end) {
      const uint8_t* next = last - p >= kLongest ? step(p) : nullptr;
      if (next == nullptr) next = read_slowly(p);
      if (next == nullptr) return;
      p = next;
    }
  }

 private:
  // No instruction that a step is taken over is longer than this.
  static constexpr ptrdiff_t kLongest = 32;

  static const uint8_t* skip_leb(const uint8_t* p) {
    for (int i = 0; i < 10; ++i) {
      if (*p++ < 0x80) [[likely]]
        return p;
    }
    return nullptr;
  }

  // Behind the instruction at p; null if that is not simple, and then nothing was done.
  const uint8_t* step(const uint8_t* p) {
    const uint8_t* immediate = p + 1;
    switch (kSteps[*p]) {
      case Step::by_reader:
        return nullptr;
      case Step::nothing:
        return immediate;
      case Step::leb:
        return skip_leb(immediate);
      case Step::load:
        if (*immediate >= 0x40) return nullptr;
        listener_.load();
        return skip_leb(immediate + 1);
      case Step::store:
        if (*immediate >= 0x40) return nullptr;
        listener_.store();
        return skip_leb(immediate + 1);
      case Step::bytes_4:
        return immediate + 4;
      case Step::bytes_8:
        return immediate + 8;
      case Step::get:
        if (*immediate >= 0x80) return nullptr;
        listener_.local_get(*immediate);
        return immediate + 1;
      case Step::set:
        if (*immediate >= 0x80) return nullptr;
        listener_.local_set(*immediate);
        return immediate + 1;
      case Step::tee:
        if (*immediate >= 0x80) return nullptr;
        listener_.local_tee(*immediate);
        return immediate + 1;
      case Step::select:
        listener_.select(p);
        return immediate;
      case Step::call: {
        const uint8_t* next = skip_leb(immediate);
        if (next != nullptr) listener_.call();
        return next;
      }
      case Step::call_indirect: {
        const uint8_t* next = skip_leb(immediate);
        if (next != nullptr) next = skip_leb(next);
        if (next != nullptr) listener_.call();
        return next;
      }
      case Step::block:
      case Step::loop:
        if (!is_short_block_type(*immediate)) return nullptr;
        enter(kSteps[*p] == Step::loop);
        return immediate + 1;
      case Step::end:
        leave();
        return immediate;
    }
    return nullptr;
  }

  static bool is_short_block_type(uint8_t byte) {
    return byte == 0x40 || (byte >= wasm::ValType::kV128 && byte <= wasm::ValType::kI32);
  }

  const uint8_t* read_slowly(const uint8_t* p) {
    reader_.skip_to(p);
    Op op = reader_.opcode();
    const uint8_t* immediates = reader_.pos();
    if (!read_immediates(reader_, op)) return nullptr;
    act(action_of(op), p, immediates);
    return reader_.pos();
  }

  void act(Action action, const uint8_t* p, const uint8_t* immediates) {
    switch (action) {
      case Action::none:
        return;
      case Action::get:
        return listener_.local_get(index_at(immediates));
      case Action::set:
        return listener_.local_set(index_at(immediates));
      case Action::tee:
        return listener_.local_tee(index_at(immediates));
      case Action::load:
        return listener_.load();
      case Action::store:
        return listener_.store();
      case Action::select:
        return listener_.select(p);
      case Action::table_jump:
        return listener_.table_jump(p);
      case Action::table_call:
        return listener_.table_call(p);
      case Action::loop:
      case Action::block:
        return enter(action == Action::loop);
      case Action::end:
        return leave();
      case Action::call:
        return listener_.call();
    }
  }

  static uint32_t index_at(const uint8_t* p) {
    uint32_t index = 0;
    for (uint32_t shift = 0;; shift += 7) {
      index |= uint32_t{*p & 0x7Fu} << shift;
      if (*p++ < 0x80 || shift >= 28) break;
    }
    return index;
  }

  void enter(bool is_loop) {
    if (is_loop) listener_.enter_loop();
    open_.push_back(is_loop);
  }

  void leave() {
    if (open_.empty()) {
      done_ = true;
      return;
    }
    if (open_.back()) listener_.leave_loop();
    open_.pop_back();
  }

  wasm::BodyReader& reader_;
  Listener& listener_;
  bool done_ = false;
  std::vector<uint8_t> open_;  // for each open block, whether it is a loop
};

class UseCounter {
 public:
  explicit UseCounter(UseCounts& counts) : counts_(counts) {}

  // The last instruction that matters to whether a select is better a branch; null if none is, for
  // that takes a select and a dispatch. Both are rare, and few bodies have them together.
  const uint8_t* last_of_machine() const {
    return has_select_ && has_dispatch_ ? last_of_machine_ : nullptr;
  }

  void local_get(uint32_t local) { count(local); }
  void local_set(uint32_t local) { count(local); }
  void local_tee(uint32_t local) { count(local); }
  void load() {}
  void store() {}
  // One that is written to a local at once, in a loop; a machine of tail calls needs no loop.
  void select(const uint8_t* p) {
    constexpr uint8_t kLocalSet = 0x21, kLocalTee = 0x22;
    if (depth_ == 0 || (p[1] != kLocalSet && p[1] != kLocalTee)) return;
    has_select_ = true;
    last_of_machine_ = p + 1;
  }
  void table_jump(const uint8_t* p) {
    if (depth_ == 0) return;
    has_dispatch_ = true;
    last_of_machine_ = p;
  }
  void table_call(const uint8_t* p) {
    has_select_ = has_dispatch_ = true;
    last_of_machine_ = p;
  }
  void call() {
    counts_.has_calls = true;
    counts_.calls += weight_;
  }
  void enter_loop() {
    if (++depth_ <= kMaxDepth) weight_ *= 8;
  }
  void leave_loop() {
    if (depth_-- <= kMaxDepth) weight_ /= 8;
  }

 private:
  void count(uint32_t local) {
    if (local >= counts_.locals.size()) [[unlikely]] {
      if (local >= wasm::kMaxLocals + wasm::kMaxParams) return;
      counts_.locals.resize(local + 16);
    }
    uint32_t& uses = counts_.locals[local];
    if (uses < kManyUses) uses += weight_;
  }

  UseCounts& counts_;
  uint32_t weight_ = 1;
  uint32_t depth_ = 0;
  bool has_select_ = false;
  bool has_dispatch_ = false;
  const uint8_t* last_of_machine_ = nullptr;
};

// Tells the finder, of a body whose uses were counted.
class DispatchListener {
 public:
  DispatchListener(DispatchFinder& finder, const uint8_t* body, size_t locals)
      : finder_(finder), body_(body), locals_(locals) {
    finder_.start();
    finder_.allow_locals(locals);
  }

  void local_get(uint32_t local) {
    if (local < locals_) finder_.local_get(local);
  }
  void local_set(uint32_t local) {
    if (local < locals_) finder_.local_set(local);
  }
  void local_tee(uint32_t local) {
    if (local < locals_) finder_.local_tee(local);
  }
  void load() { finder_.load(); }
  void store() { finder_.forget(); }
  void select(const uint8_t* p) { finder_.select(static_cast<uint32_t>(p - body_), depth_ != 0); }
  void table_jump(const uint8_t*) {
    if (depth_ != 0) finder_.dispatch(true);
  }
  void table_call(const uint8_t*) { finder_.dispatch(false); }
  void call() { finder_.forget(); }
  void enter_loop() { ++depth_; }
  void leave_loop() { --depth_; }

 private:
  DispatchFinder& finder_;
  const uint8_t* body_;
  size_t locals_;
  uint32_t depth_ = 0;
};

}  // namespace

// Of a body that is read once more for a machine. The loop of CPython, of Ruby or of SQLite is less
// than that; what is more is a parser, which would pay for the second look and use none of it.
constexpr std::ptrdiff_t kMaxMachineBytes = 200'000;

void count_uses(wasm::BodyReader reader, const uint8_t* body, UseCounts& counts) {
  counts.locals.clear();
  counts.calls = 0;
  counts.has_calls = false;
  counts.dispatching.clear();
  const uint8_t* begin = reader.pos();
  UseCounter counter(counts);
  BodyScanner(reader, counter).run();
  const uint8_t* last = counter.last_of_machine();
  if (last == nullptr || reader.pos() - begin > kMaxMachineBytes) return;
  reader.skip_to(begin);
  DispatchListener listener(counts.finder, body, counts.locals.size());
  BodyScanner(reader, listener).run(last + 1);
  counts.finder.finish(counts.dispatching);
}

}  // namespace nacre::baseline
