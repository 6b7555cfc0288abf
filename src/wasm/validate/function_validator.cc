// The machinery of the function validator, and control, variable and parametric instructions.
#include "wasm/validate/function_validator.h"

#include <algorithm>
#include <cstring>

namespace nacre::wasm {
namespace {

constexpr size_t kFirstOperands = 1024;
// Locals kept one by one, besides as many as the body has bytes: bodies of a few bytes may declare
// 50 000 locals, and there may be a million such bodies.
constexpr size_t kFlatLocals = 256;

// What comparing types that are not the same counts as.
constexpr uint64_t kSubtypeWork = 16;
// So much work is done within a millisecond.
constexpr uint64_t kWorkBetweenLooks = 1 << 16;

bool are_same(const ValType* a, ValTypes b) {
  static_assert(std::has_unique_object_representations_v<ValType>);
  return b.empty() || std::memcmp(a, b.data(), b.size_bytes()) == 0;
}

std::string list_text(ValTypes types) {
  std::string text = "[";
  for (size_t i = 0; i < types.size(); ++i) {
    if (i == 10) return text + " ...]";
    if (i != 0) text += ' ';
    text += to_string(types[i]);
  }
  return text + "]";
}

}  // namespace

FunctionValidator::FunctionValidator(const ModuleContext& context)
    : context_(context), stack_(new ValType[kFirstOperands]) {
  top_ = base_ = stack_.get();
  limit_ = top_ + kFirstOperands;
}

Error FunctionValidator::error() const {
  return Error(failure_->code, failure_->message, failure_->offset);
}

bool FunctionValidator::fail(std::string message, ErrorCode code) {
  if (!failure_) failure_ = Failure{code, std::move(message), offset()};
  return false;
}

bool FunctionValidator::fail_lane() { return fail("invalid lane index"); }

bool FunctionValidator::fail_index(const char* space, uint32_t index) {
  return fail("unknown " + std::string(space) + " " + std::to_string(index));
}

void FunctionValidator::start_expression(ValType result, const uint8_t* code,
                                         uint64_t base_offset) {
  reset_inits(0);
  locals_.clear();
  runs_.clear();
  local_count_ = 0;
  has_v128_local_ = false;
  failure_.reset();
  work_ = 0;
  max_work_ = max_validation_work(0);
  next_look_ = kWorkBetweenLooks;
  frames_.clear();
  stamp_ = 0;
  instruction_ = origin_ = code;
  base_offset_ = base_offset;
  top_ = base_ = stack_.get();
  ControlFrame& frame = frames_.emplace_back();
  frame.single = result;
  frame.result_count = 1;
}

bool FunctionValidator::start_function(const TypeDef& type, BodyReader& reader, const uint8_t* body,
                                       uint64_t base_offset) {
  start_expression(ValType(), body, base_offset);
  ControlFrame& frame = frames_.back();
  frame.result_list = type.results.data();
  frame.result_count = static_cast<uint32_t>(type.results.size());
  max_work_ = max_validation_work(reader.remaining());
  return read_locals(type, reader);
}

bool FunctionValidator::look() {
  if (work_ > max_work_) {
    return fail("its blocks, calls and branches have too many operands for a body of its size",
                ErrorCode::limit);
  }
  if (stop_ != nullptr && stop_()) return fail("not checked to its end", ErrorCode::stopped);
  next_look_ = std::min(work_ + kWorkBetweenLooks, max_work_ + 1);
  return true;
}

bool FunctionValidator::read_locals(const TypeDef& type, BodyReader& reader) {
  size_t flat = kFlatLocals + reader.remaining();
  locals_.assign(type.params.begin(), type.params.end());
  local_count_ = locals_.size();
  param_count_ = static_cast<uint32_t>(locals_.size());
  has_v128_local_ =
      std::any_of(locals_.begin(), locals_.end(), [](ValType local) { return local.is_vector(); });
  uint32_t groups = reader.u32();
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
    instruction_ = reader.pos();
    uint32_t count = reader.u32();
    if (!reader.ok()) break;
    local_count_ += count;
    if (local_count_ > UINT32_MAX) return fail("too many locals", ErrorCode::malformed);
    ValType declared = reader.val_type();
    if (!reader.ok()) break;
    std::optional<ValType> local = context_.canonical(declared);
    if (!local) return fail("unknown type in a local");
    if (count == 0) continue;
    has_v128_local_ |= local->is_vector();
    size_t end = std::min<uint64_t>(local_count_, std::max(flat, locals_.size()));
    if (end > locals_.size())
      locals_.resize(std::min<size_t>(end, kMaxParams + kMaxLocals), *local);
    if (local_count_ > locals_.size()) {
      runs_.push_back({static_cast<uint32_t>(local_count_), *local});
    }
  }
  if (!reader.ok()) return false;
  if (local_count_ > type.params.size() + kMaxLocals) {
    return fail("more than " + std::to_string(kMaxLocals) + " locals", ErrorCode::limit);
  }
  return true;
}

std::optional<ValType> FunctionValidator::local_type(uint32_t index) const {
  if (index < locals_.size()) return locals_[index];
  auto run = std::upper_bound(runs_.begin(), runs_.end(), index,
                              [](uint32_t i, const LocalRun& r) { return i < r.end; });
  if (run == runs_.end()) return std::nullopt;
  return run->type;
}

bool FunctionValidator::local_get_slow(uint32_t index) {
  std::optional<ValType> type = local_type(index);
  if (!type) return fail("unknown local " + std::to_string(index));
  if (!type->is_defaultable() && index >= param_count_ &&
      (index >= is_set_.size() || !is_set_[index])) {
    return fail("uninitialized local " + std::to_string(index));
  }
  return push(*type);
}

bool FunctionValidator::local_write_slow(uint32_t index, bool tee) {
  std::optional<ValType> type = local_type(index);
  if (!type) return fail("unknown local " + std::to_string(index));
  if (!pop(*type)) return false;
  if (!type->is_defaultable() && index >= param_count_) {
    if (index >= is_set_.size()) is_set_.resize(index + 1, 0);
    if (!is_set_[index]) {
      is_set_[index] = 1;
      inits_.push_back(index);
    }
  }
  return !tee || push(*type);
}

void FunctionValidator::reset_inits(uint32_t height) {
  while (inits_.size() > height) {
    is_set_[inits_.back()] = 0;
    inits_.pop_back();
  }
}

// ---- operands

bool FunctionValidator::grow() {
  size_t size = static_cast<size_t>(limit_ - stack_.get());
  size_t used = static_cast<size_t>(top_ - stack_.get());
  size_t base = static_cast<size_t>(base_ - stack_.get());
  if (size >= kMaxOperands) {
    return fail("more than " + std::to_string(kMaxOperands) + " operands", ErrorCode::limit);
  }
  size_t larger = std::min<size_t>(size * 2, kMaxOperands);
  std::unique_ptr<ValType[]> stack(new ValType[larger]);
  std::copy_n(stack_.get(), used, stack.get());
  stack_ = std::move(stack);
  top_ = stack_.get() + used;
  base_ = stack_.get() + base;
  limit_ = stack_.get() + larger;
  return true;
}

bool FunctionValidator::underflow(const std::string& expected) {
  return fail("type mismatch: expected " + expected + ", but the operand stack is empty");
}

bool FunctionValidator::mismatch(ValType expected, ValType found) {
  return fail("type mismatch: expected " + to_string(expected) + ", found " + to_string(found));
}

bool FunctionValidator::pop_slow(ValType expected) {
  if (top_ == base_) {
    return frames_.back().unreachable || underflow(to_string(expected));
  }
  ValType found = *--top_;
  return context_.matches(found, expected) || mismatch(expected, found);
}

bool FunctionValidator::pop_any(ValType& type) {
  if (top_ == base_) {
    type = ValType();
    return frames_.back().unreachable || underflow("a value");
  }
  type = *--top_;
  return true;
}

// Any reference; in unreachable code perhaps one of which nothing is known.
bool FunctionValidator::pop_ref(ValType& type) {
  if (!pop_any(type)) return false;
  if (type.is_bottom()) type = ValType::ref(HeapType::kBottom, false);
  return type.is_ref() || fail("type mismatch: expected a reference, found " + to_string(type));
}

bool FunctionValidator::has_top(ValTypes types) const {
  size_t count = types.size();
  return static_cast<size_t>(top_ - base_) >= count && are_same(top_ - count, types);
}

bool FunctionValidator::push_all(ValTypes types) {
  while (static_cast<size_t>(limit_ - top_) < types.size()) {
    if (!grow()) return false;
  }
  std::copy(types.begin(), types.end(), top_);
  top_ += types.size();
  return spend_on_list(types.size());
}

bool FunctionValidator::pop_all(ValTypes types) {
  if (has_top(types)) {
    top_ -= types.size();
    return spend_on_list(types.size());
  }
  for (size_t k = types.size(); k-- > 0;) {
    // In unreachable code the rest is there without being counted out.
    if (top_ == base_ && frames_.back().unreachable) break;
    if (!spend(top_ > base_ && top_[-1] == types[k] ? 1 : kSubtypeWork) || !pop(types[k]))
      return false;
  }
  return true;
}

bool FunctionValidator::matches_all(ValTypes subs, ValTypes supers) {
  if (subs.size() != supers.size()) return false;
  if (are_same(subs.data(), supers)) return spend_on_list(subs.size());
  for (size_t k = 0; k < subs.size(); ++k) {
    if (!spend(subs[k] == supers[k] ? 1 : kSubtypeWork) || !context_.matches(subs[k], supers[k]))
      return false;
  }
  return true;
}

bool FunctionValidator::apply_slow(const Signature& signature, ValType address) {
  for (uint32_t k = signature.param_count; k-- > 0;) {
    if (!pop(type_of(signature.params[k], address))) return false;
  }
  for (uint32_t k = 0; k < signature.result_count; ++k) {
    if (!push(type_of(signature.results[k], address))) return false;
  }
  return true;
}

bool FunctionValidator::check_top_slow(ValTypes types) {
  if (has_top(types)) return spend_on_list(types.size());
  const ValType* at = top_;
  for (size_t k = types.size(); k-- > 0;) {
    if (at == base_) return frames_.back().unreachable || underflow(to_string(types[k]));
    --at;
    if (!spend(*at == types[k] ? 1 : kSubtypeWork)) return false;
    if (!context_.matches(*at, types[k])) return mismatch(types[k], *at);
  }
  return true;
}

bool FunctionValidator::pass_top(ValTypes types) {
  if (types.size() == 1 && top_ > base_ && top_[-1] == types[0]) return true;
  if (has_top(types)) return spend_on_list(types.size());
  return pop_all(types) && push_all(types);
}

bool FunctionValidator::match_lists(ValTypes subs, ValTypes supers, const char* what) {
  return matches_all(subs, supers) ||
         fail("type mismatch: " + std::string(what) + ": " + list_text(subs) + " does not match " +
              list_text(supers));
}

// ---- blocks and branches

bool FunctionValidator::enter_slow(Kind kind, const BlockType& type) {
  if (frames_.size() >= kMaxNesting) return fail("blocks nested too deeply", ErrorCode::limit);
  if (type.kind != BlockType::Kind::type) {
    std::optional<ValType> value = context_.canonical(type.value);
    if (!value) return fail("unknown type in a block type");
    push_frame(kind, *value, type.kind == BlockType::Kind::value);
    return true;
  }
  const TypeDef* def = func_type(type.type);
  if (def == nullptr || !pass_top(def->params)) return false;
  // They stay where they are, and are the block's from now on.
  top_ -= def->params.size();
  ControlFrame& frame = push_frame(kind, ValType(), static_cast<uint32_t>(def->results.size()));
  frame.param_list = def->params.data();
  frame.param_count = static_cast<uint32_t>(def->params.size());
  frame.result_list = def->results.data();
  top_ += def->params.size();
  return true;
}

bool FunctionValidator::finish_slow() {
  const ControlFrame& frame = frames_.back();
  ValTypes results = frame.results();
  if (static_cast<size_t>(top_ - base_) == results.size() && has_top(results))
    return spend_on_list(results.size());
  if (!pop_all(results)) return false;
  if (top_ != base_) {
    return fail("type mismatch: " + std::to_string(top_ - base_) +
                " values too many at the end of a block with results " + list_text(results));
  }
  return push_all(results);
}

// `else` and the legacy catches: the block goes on with another arm.
bool FunctionValidator::restart(Kind kind) {
  if (!finish_block()) return false;
  ControlFrame& frame = frames_.back();
  reset_inits(frame.init_height);
  frame.kind = kind;
  frame.unreachable = false;
  top_ = base_;
  return true;
}

bool FunctionValidator::fail_label(uint32_t depth) {
  return fail("unknown label " + std::to_string(depth));
}

bool FunctionValidator::unreachable(const imm::none&) {
  set_unreachable();
  return true;
}

bool FunctionValidator::nop(const imm::none&) { return true; }

bool FunctionValidator::else_(const imm::none&) {
  if (frames_.back().kind != Kind::if_) {
    return fail("else without if", ErrorCode::malformed);
  }
  return restart(Kind::else_) && push_all(frames_.back().params());
}

bool FunctionValidator::try_(const imm::block_type& i) { return enter(Kind::try_, i.type); }

bool FunctionValidator::catch_(const imm::tag& i) {
  Kind kind = frames_.back().kind;
  if (kind != Kind::try_ && kind != Kind::catch_) {
    return fail("catch without try", ErrorCode::malformed);
  }
  const TypeDef* type = tag_type(i.index);
  return type != nullptr && restart(Kind::catch_) && push_all(type->params);
}

bool FunctionValidator::catch_all(const imm::none&) {
  Kind kind = frames_.back().kind;
  if (kind != Kind::try_ && kind != Kind::catch_) {
    return fail("catch_all without try", ErrorCode::malformed);
  }
  return restart(Kind::catch_all);
}

bool FunctionValidator::delegate(const imm::label& i) {
  if (frames_.back().kind != Kind::try_) {
    return fail("delegate without try", ErrorCode::malformed);
  }
  // The label counts from outside the try.
  if (i.depth + uint64_t{1} >= frames_.size()) return fail_label(i.depth);
  if (!finish_block()) return false;
  reset_inits(frames_.back().init_height);
  pop_frame();
  return true;
}

bool FunctionValidator::rethrow(const imm::label& i) {
  ControlFrame* target = label(i.depth);
  if (target == nullptr) return false;
  if (target->kind != Kind::catch_ && target->kind != Kind::catch_all) {
    return fail("invalid rethrow label: the block is not a catch");
  }
  set_unreachable();
  return true;
}

bool FunctionValidator::throw_(const imm::tag& i) {
  const TypeDef* type = tag_type(i.index);
  if (type == nullptr || !pop_all(type->params)) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::throw_ref(const imm::none&) {
  if (!pop(ValType::exnref())) return false;
  set_unreachable();
  return true;
}

bool FunctionValidator::check_catch(const Catch& clause) {
  ControlFrame* target = label(clause.label);
  if (target == nullptr) return false;
  ValTypes values;
  if (clause.kind == Catch::kCatch || clause.kind == Catch::kCatchRef) {
    const TypeDef* type = tag_type(clause.tag);
    if (type == nullptr) return false;
    values = type->params;
  }
  bool with_ref = clause.kind == Catch::kCatchRef || clause.kind == Catch::kCatchAllRef;
  ValType ref = ValType::ref(HeapType::kExn, false);
  ValTypes wanted = target->label();
  if (wanted.size() == values.size() + (with_ref ? 1 : 0) &&
      matches_all(values, wanted.first(values.size())) &&
      (!with_ref || context_.matches(ref, wanted.back()))) {
    return true;
  }
  std::vector<ValType> given(values.begin(), values.end());
  if (with_ref) given.push_back(ref);
  return match_lists(given, target->label(), "catch clause");
}

bool FunctionValidator::try_table(const imm::try_table& i) {
  for (const Catch& clause : i.catches) {
    if (!check_catch(clause)) return false;
  }
  return enter(Kind::try_table, i.type);
}

bool FunctionValidator::br_table(const imm::br_table& i) {
  if (!pop(ValType::kI32)) return false;
  ControlFrame* fallback = label(i.default_depth);
  if (fallback == nullptr) return false;
  size_t arity = fallback->label().size();
  if (!check_top(fallback->label())) return false;
  fallback->stamp = ++stamp_;
  for (uint32_t depth : i.depths) {
    ControlFrame* target = label(depth);
    if (target == nullptr) return false;
    if (target->stamp == stamp_) continue;  // as large tables repeat few labels
    target->stamp = stamp_;
    if (target->label().size() != arity) {
      return fail("type mismatch: labels of br_table take different numbers of values");
    }
    if (!check_top(target->label())) return false;
  }
  set_unreachable();
  return true;
}

bool FunctionValidator::return_(const imm::none&) {
  if (!check_top(frames_.front().results())) return false;
  set_unreachable();
  return true;
}

// ---- parametric, globals

bool FunctionValidator::select(const imm::none&) {
  ValType first;
  ValType second;
  if (!pop(ValType::kI32) || !pop_any(second) || !pop_any(first)) return false;
  if (first.is_ref() || second.is_ref()) {
    return fail("type mismatch: select of references needs their type, as (select (result T))");
  }
  if (first != second && !first.is_bottom() && !second.is_bottom()) {
    return mismatch(first, second);
  }
  return push(first.is_bottom() ? second : first);
}

bool FunctionValidator::select_t(const imm::select_types& i) {
  if (i.types.size() != 1) return fail("invalid result arity: select takes one type");
  std::optional<ValType> type = context_.canonical(i.types[0]);
  if (!type) return fail("unknown type in select");
  return pop(ValType::kI32) && pop(*type) && pop(*type) && push(*type);
}

bool FunctionValidator::global_set(const imm::global& i) {
  if (i.index >= context_.globals.size()) {
    return fail("unknown global " + std::to_string(i.index));
  }
  const GlobalType& global = context_.globals[i.index];
  if (!global.is_mutable) return fail("immutable global " + std::to_string(i.index));
  return pop(global.type);
}

bool FunctionValidator::memarg_error(const imm::memarg& i, uint32_t width_log2, bool atomic) {
  if (i.memory >= context_.memories.size()) {
    return fail("unknown memory " + std::to_string(i.memory));
  }
  if (atomic && i.align_log2 != width_log2) {
    return fail("alignment of an atomic access must be natural: " +
                std::to_string(1u << width_log2) + " bytes");
  }
  if (i.align_log2 > width_log2) {
    return fail("alignment must not be larger than natural: " + std::to_string(1u << width_log2) +
                " bytes");
  }
  return fail("offset out of range: " + std::to_string(i.offset) + " in a 32-bit memory");
}

}  // namespace nacre::wasm
