// Checks the instructions of one function body or constant expression: the Checker of untrusted
// code for walk() (specification 3.3, 3.4 and the algorithm of appendix "Validation Algorithm").
//
// The rows of ops.def that have a signature are checked from it, inline; each OP_SPECIAL row has a
// function here. The common case of every instruction is inline and compares bits (types are local
// canonical, see module_context.h); subtyping, unreachable code and errors are out of line.
//
// One object serves any number of bodies, one after the other: it keeps its memory. Not thread
// safe; the context may be shared. After a row returned false, error() says why.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wasm/body_reader.h"
#include "wasm/limits.h"
#include "wasm/validate/module_context.h"
#include "wasm/validate/signature.h"

namespace nacre::wasm {

// An open block.
struct ControlFrame {
  enum class Kind : uint8_t {
    function,
    block,
    loop,
    if_,
    else_,
    try_,
    catch_,
    catch_all,
    try_table
  };

  Kind kind = Kind::function;
  bool unreachable = false;
  uint32_t height = 0;       // operands of the enclosing blocks
  uint32_t init_height = 0;  // locals of the enclosing blocks known to be set
  uint32_t stamp = 0;        // the last br_table that checked this label
  uint32_t param_count = 0;
  uint32_t result_count = 0;
  const ValType* param_list = nullptr;
  const ValType* result_list = nullptr;  // null where the type is `single`
  ValType single;

  ValTypes params() const { return {param_list, param_count}; }
  ValTypes results() const {
    return {result_list == nullptr ? &single : result_list, result_count};
  }
  // What a branch to the block carries. Valid while the frame stays where it is.
  ValTypes label() const { return kind == Kind::loop ? params() : results(); }
};

class FunctionValidator {
 public:
  explicit FunctionValidator(const ModuleContext& context);

  // Reads the locals; the reader then stands at the first instruction. `base_offset`: where the
  // body begins in the module, for errors.
  bool start_function(const TypeDef& type, BodyReader& reader, const uint8_t* body,
                      uint64_t base_offset);
  // Asked now and then, while much is compared, whether to give up with an error of kind stopped.
  using Stop = bool (*)();
  void set_stop(Stop stop) { stop_ = stop; }
  // For a constant expression with one result.
  void start_expression(ValType result, const uint8_t* code, uint64_t base_offset);

  // The Checker interface of walk().
  bool done() const { return frames_.empty(); }
  void begin(const uint8_t* pos) { instruction_ = pos; }
#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  bool name(const imm::imm_& i) { return row<Op::name>(i); }
#define OP_SPECIAL(name, text, prefix, code, imm_, sig, feature, flags) \
  bool name(const imm::imm_& i);
#include "wasm/ops.def"
#undef OP
#undef OP_SPECIAL

  Error error() const;
  // For checks made outside: stores the error, returns false.
  [[gnu::cold, gnu::noinline]] bool fail(std::string message, ErrorCode code = ErrorCode::invalid);

  // The state between two instructions, for visitors.
  uint64_t offset() const {  // of the instruction, in the module
    return base_offset_ + static_cast<uint64_t>(instruction_ - origin_);
  }
  uint32_t height() const { return static_cast<uint32_t>(top_ - stack_.get()); }
  bool unreachable() const { return frames_.back().unreachable; }
  uint32_t depth() const { return static_cast<uint32_t>(frames_.size()); }
  // The frame that a branch depth names.
  const ControlFrame& frame(uint32_t label = 0) const {
    return frames_[frames_.size() - 1 - label];
  }
  uint64_t local_count() const { return local_count_; }
  // What this body cost besides reading it (wasm/limits.h).
  uint64_t work() const { return work_; }
  bool has_v128_local() const { return has_v128_local_; }
  const ModuleContext& context() const { return context_; }

 private:
  using Kind = ControlFrame::Kind;
  struct LocalRun {
    uint32_t end;  // index behind the last local of the run
    ValType type;
  };

  template <Op op, class Imm>
  bool row(const Imm& i);
  template <Op op>
  bool apply(ValType address);
  bool apply_slow(const Signature& signature, ValType address);

  template <Op op>
  bool check_memarg(const imm::memarg& i, ValType& address);
  bool memarg_error(const imm::memarg& i, uint32_t width_log2, bool atomic);

  // Operands. Called for nearly every instruction; left to itself, a compiler may not inline them.
  [[gnu::always_inline]] bool push(ValType type) {
    if (top_ == limit_) [[unlikely]] {
      if (!grow()) return false;
    }
    *top_++ = type;
    return true;
  }
  [[gnu::always_inline]] bool pop(ValType expected) {
    if (top_ > base_ && top_[-1] == expected) [[likely]] {
      --top_;
      return true;
    }
    return pop_slow(expected);
  }
  // Lists of more types than this are compared and copied as a whole where that is possible, since
  // an instruction of two bytes may take and give a thousand operands.
  static constexpr size_t kFewTypes = 8;
  // Notes work that is not in proportion to an instruction's bytes. False: it is too much.
  bool spend(uint64_t work) {
    work_ += work;
    return work_ < next_look_ || look();
  }
  bool spend_on_list(size_t types) { return types <= kFewTypes || spend(1 + types / 32); }
  bool look();
  // Whether the topmost operands are exactly these.
  bool has_top(ValTypes types) const;
  bool matches_all(ValTypes subs, ValTypes supers);

  bool push_all(ValTypes types);
  bool pop_all(ValTypes types);
  bool pop_any(ValType& type);
  bool pop_ref(ValType& type);
  bool pop_slow(ValType expected);
  bool replace(ValType expected, ValType result) { return pop(expected) && push(result); }
  bool grow();
  [[gnu::cold, gnu::noinline]] bool fail_lane();
  [[gnu::cold, gnu::noinline]] bool fail_index(const char* space, uint32_t index);
  bool underflow(const std::string& expected);
  bool mismatch(ValType expected, ValType found);

  // Blocks and branches.
  bool enter(Kind kind, const BlockType& type);
  bool enter_slow(Kind kind, const BlockType& type);
  ControlFrame& push_frame(Kind kind, ValType result, uint32_t result_count);
  void pop_frame();
  bool finish_block();
  bool finish_slow();
  bool restart(Kind kind);
  void set_unreachable() {
    frames_.back().unreachable = true;
    top_ = base_;
  }
  ControlFrame* label(uint32_t depth) {
    if (depth >= frames_.size()) [[unlikely]] {
      fail_label(depth);
      return nullptr;
    }
    return &frames_[frames_.size() - 1 - depth];
  }
  bool fail_label(uint32_t depth);
  // Whether the topmost operands match, without taking them.
  bool check_top(ValTypes types) {
    if (types.size() == 0) return true;
    if (types.size() == 1 && top_ > base_ && top_[-1] == types[0]) [[likely]]
      return true;
    return check_top_slow(types);
  }
  bool check_top_slow(ValTypes types);
  // Takes the operands and puts them back as the label says.
  bool pass_top(ValTypes types);
  bool match_lists(ValTypes subs, ValTypes supers, const char* what);
  bool check_catch(const Catch& clause);

  // Locals.
  bool read_locals(const TypeDef& type, BodyReader& reader);
  void reset_inits(uint32_t height);
  std::optional<ValType> local_type(uint32_t index) const;
  bool local_get_slow(uint32_t index);
  bool local_write_slow(uint32_t index, bool tee);

  // Calls.
  bool call_type(const TypeDef& type) { return pop_all(type.params) && push_all(type.results); }
  bool tail_call_type(const TypeDef& type);
  const TypeDef* indirect_type(const imm::call_indirect& i);
  const TypeDef* reference_type(TypeIdx index);

  // Look-ups; null, and an error, where there is nothing.
  const TypeDef* func_type(TypeIdx index);
  const TypeDef* struct_type(TypeIdx index);
  const TypeDef* array_type(TypeIdx index);
  const FieldType* struct_field(const imm::struct_field& i, const TypeDef*& def);
  const TypeDef* tag_type(uint32_t index);
  const ModuleContext::TableInfo* table_info(uint32_t index);
  std::optional<ValType> memory_address(uint32_t index);
  std::optional<ValType> element_type(uint32_t index);
  bool check_data(uint32_t index);
  std::optional<HeapType> heap_type(HeapType type);
  bool get_field(const imm::struct_field& i, bool packed);
  bool get_element(const imm::type& i, bool packed);
  const FieldType* writable_element(TypeIdx index);
  bool cast_operand(HeapType target);
  bool check_cast(const imm::br_on_cast& i, ValType& from, ValType& to);

  const ModuleContext& context_;

  // Operands: [stack_, top_) are live, [base_, top_) belong to the innermost block.
  ValType* top_ = nullptr;
  ValType* base_ = nullptr;
  ValType* limit_ = nullptr;
  std::unique_ptr<ValType[]> stack_;
  std::vector<ControlFrame> frames_;

  // The first locals one by one; of those behind them, only the runs.
  std::vector<ValType> locals_;
  std::vector<LocalRun> runs_;
  uint64_t local_count_ = 0;
  uint32_t param_count_ = 0;  // of the locals, the parameters: these are always set
  bool has_v128_local_ = false;
  // Locals without a default value that were set: flags by index, and the order of setting.
  std::vector<uint8_t> is_set_;
  std::vector<uint32_t> inits_;

  Stop stop_ = nullptr;
  uint64_t work_ = 0;
  uint64_t max_work_ = 0;
  uint64_t next_look_ = 0;  // at so much work
  const uint8_t* instruction_ = nullptr;
  const uint8_t* origin_ = nullptr;
  uint64_t base_offset_ = 0;
  uint32_t stamp_ = 0;
  struct Failure {
    ErrorCode code;
    std::string message;
    uint64_t offset;
  };
  std::optional<Failure> failure_;
};

template <Op op>
[[gnu::always_inline]] inline bool FunctionValidator::check_memarg(const imm::memarg& i,
                                                                   ValType& address) {
  constexpr uint32_t kWidth = op_info(op).width_log2();
  constexpr bool kAtomic = op_info(op).has_flag('A');
  const std::vector<ValType>& memories = context_.memories;
  if (i.memory < memories.size() && (kAtomic ? i.align_log2 == kWidth : i.align_log2 <= kWidth))
      [[likely]] {
    address = memories[i.memory];
    if (i.offset <= UINT32_MAX || address == ValType(ValType::kI64)) [[likely]]
      return true;
  }
  return memarg_error(i, kWidth, kAtomic);
}

template <Op op, class Imm>
[[gnu::always_inline]] inline bool FunctionValidator::row(const Imm& i) {
  ValType address;
  if constexpr (std::is_same_v<Imm, imm::memarg>) {
    if (!check_memarg<op>(i, address)) return false;
  } else if constexpr (std::is_same_v<Imm, imm::memarg_lane>) {
    if (!check_memarg<op>(i.arg, address)) return false;
    if (i.lane >= 16u >> op_info(op).width_log2()) return fail_lane();
  } else if constexpr (std::is_same_v<Imm, imm::lane>) {
    if (i.index >= 16u >> op_info(op).width_log2()) return fail_lane();
  } else if constexpr (std::is_same_v<Imm, imm::shuffle>) {
    for (uint8_t lane : i.lanes) {
      if (lane >= 32) return fail_lane();
    }
  } else if constexpr (std::is_same_v<Imm, imm::memory>) {
    std::optional<ValType> found = memory_address(i.index);
    if (!found) return false;
    address = *found;
  }
  return apply<op>(address);
}

template <Op op>
[[gnu::always_inline]] inline bool FunctionValidator::apply(ValType address) {
  static constexpr Signature kSignature = parse_signature(op_info(op).signature);
  constexpr int kParams = kSignature.param_count;
  constexpr int kResults = kSignature.result_count;
  // Spelled out for each k, so that every type but the address is a constant in the code.
  auto match = [&]<int... k>(std::integer_sequence<int, k...>) {
    return (0u | ... |
            (top_[k - kParams].bits() ^ type_of<kSignature.params[k]>(address).bits())) == 0;
  };
  auto write = [&]<int... k>(std::integer_sequence<int, k...>) {
    ((top_[k - kResults] = type_of<kSignature.results[k]>(address)), ...);
  };
  bool fits = kParams == 0 || top_ - base_ >= kParams;
  if constexpr (kResults > kParams) fits = fits && limit_ - top_ >= kResults - kParams;
  if (!fits || !match(std::make_integer_sequence<int, kParams>())) [[unlikely]]
    return apply_slow(kSignature, address);
  if constexpr (kResults != kParams) top_ += kResults - kParams;
  write(std::make_integer_sequence<int, kResults>());
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::local_get(const imm::local& i) {
  if (i.index < locals_.size()) [[likely]] {
    ValType type = locals_[i.index];
    if (type.is_defaultable()) [[likely]]
      return push(type);
  }
  return local_get_slow(i.index);
}

[[gnu::always_inline]] inline bool FunctionValidator::local_set(const imm::local& i) {
  if (i.index < locals_.size()) [[likely]] {
    ValType type = locals_[i.index];
    if (type.is_defaultable()) [[likely]]
      return pop(type);
  }
  return local_write_slow(i.index, false);
}

[[gnu::always_inline]] inline bool FunctionValidator::local_tee(const imm::local& i) {
  if (i.index < locals_.size() && top_ > base_) [[likely]] {
    ValType type = locals_[i.index];
    if (type.is_defaultable() && top_[-1] == type) [[likely]]
      return true;
  }
  return local_write_slow(i.index, true);
}

[[gnu::always_inline]] inline bool FunctionValidator::global_get(const imm::global& i) {
  if (i.index >= context_.globals.size()) [[unlikely]]
    return fail_index("global", i.index);
  return push(context_.globals[i.index].type);
}

[[gnu::always_inline]] inline bool FunctionValidator::drop(const imm::none&) {
  if (top_ > base_) [[likely]] {
    --top_;
    return true;
  }
  ValType type;
  return pop_any(type);
}

[[gnu::always_inline]] inline bool FunctionValidator::enter(Kind kind, const BlockType& type) {
  if (type.kind == BlockType::Kind::type || type.value.is_ref() || frames_.size() >= kMaxNesting)
      [[unlikely]] {
    return enter_slow(kind, type);
  }
  push_frame(kind, type.value, type.kind == BlockType::Kind::value);
  return true;
}

inline ControlFrame& FunctionValidator::push_frame(Kind kind, ValType result,
                                                   uint32_t result_count) {
  ControlFrame& frame = frames_.emplace_back();
  frame.kind = kind;
  frame.height = height();
  frame.init_height = static_cast<uint32_t>(inits_.size());
  frame.single = result;
  frame.result_count = result_count;
  base_ = top_;
  return frame;
}

[[gnu::always_inline]] inline bool FunctionValidator::block(const imm::block_type& i) {
  return enter(Kind::block, i.type);
}

[[gnu::always_inline]] inline bool FunctionValidator::loop(const imm::block_type& i) {
  return enter(Kind::loop, i.type);
}

[[gnu::always_inline]] inline bool FunctionValidator::if_(const imm::block_type& i) {
  return pop(ValType::kI32) && enter(Kind::if_, i.type);
}

[[gnu::always_inline]] inline void FunctionValidator::pop_frame() {
  frames_.pop_back();
  if (!frames_.empty()) [[likely]]
    base_ = stack_.get() + frames_.back().height;
}

// At the end of a block: exactly its results are on the stack.
[[gnu::always_inline]] inline bool FunctionValidator::finish_block() {
  const ControlFrame& frame = frames_.back();
  if (frame.result_count == 0 && top_ == base_) [[likely]]
    return true;
  if (frame.result_count == 1 && top_ - base_ == 1 && top_[-1] == frame.results()[0]) return true;
  return finish_slow();
}

[[gnu::always_inline]] inline bool FunctionValidator::end(const imm::none&) {
  if (!finish_block()) [[unlikely]]
    return false;
  const ControlFrame& frame = frames_.back();
  if (frame.kind == Kind::if_ && frame.param_count + frame.result_count != 0) [[unlikely]] {
    if (!match_lists(frame.params(), frame.results(), "if without else")) return false;
  }
  if (inits_.size() > frame.init_height) [[unlikely]]
    reset_inits(frame.init_height);
  pop_frame();
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::br(const imm::label& i) {
  ControlFrame* target = label(i.depth);
  if (target == nullptr || !check_top(target->label())) [[unlikely]]
    return false;
  set_unreachable();
  return true;
}

[[gnu::always_inline]] inline bool FunctionValidator::br_if(const imm::label& i) {
  if (!pop(ValType::kI32)) return false;
  ControlFrame* target = label(i.depth);
  if (target == nullptr) [[unlikely]]
    return false;
  ValTypes types = target->label();
  if (types.size() == 0) [[likely]]
    return true;
  return pass_top(types);
}

[[gnu::always_inline]] inline bool FunctionValidator::call(const imm::func& i) {
  if (i.index >= context_.functions.size()) [[unlikely]]
    return fail_index("function", i.index);
  const TypeDef& type = *context_.functions[i.index];
  size_t params = type.params.size();
  if (params > kFewTypes || static_cast<size_t>(top_ - base_) < params) [[unlikely]]
    return call_type(type);
  const ValType* from = top_ - params;
  uint32_t difference = 0;
  for (size_t k = 0; k < params; ++k) difference |= from[k].bits() ^ type.params[k].bits();
  if (difference != 0) [[unlikely]]
    return call_type(type);
  top_ -= params;
  if (type.results.size() == 1) return push(type.results[0]);
  return push_all(type.results);
}

}  // namespace nacre::wasm
