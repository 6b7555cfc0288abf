// The walk over a body, the frame, and what stands around the instructions' code.
#include <string>

#include "abi/code.h"
#include "baseline/function_compiler.h"
#include "wasm/not_run.h"
#include "wasm/walk.h"

namespace nacre::baseline {
namespace {

using abi::VmCtx;
using wasm::Op;
using Kind = Operand::Kind;

// A function that calls nothing needs no look at the stack's end if its frame is below this: there
// is room behind it (module_code.cc).
constexpr int32_t kUncheckedFrameBytes = 4096;
constexpr int32_t kMaxFrameBytes = 1 << 30;

}  // namespace

// Calls the compiler's methods: structure always, everything else where it can be reached.
struct Visitor {
  FunctionCompiler& compiler;

  void begin(const uint8_t* pos) { compiler.begin(pos); }

#define OP(name, text, prefix, code, imm_, sig, feature, flags_)                        \
  void name(const wasm::imm::imm_& i) {                                                 \
    if constexpr (!wasm::op_info(Op::name).is_structured()) {                           \
      if (compiler.dead_) return;                                                       \
    }                                                                                   \
    if constexpr (!wasm::op_info(Op::name).takes_condition()) {                         \
      if (!compiler.stack_.empty() && compiler.stack_.back().kind == Kind::condition) { \
        compiler.materialize_condition();                                               \
      }                                                                                 \
    }                                                                                   \
    if constexpr (wasm::is_run(Op::name) || wasm::op_info(Op::name).is_structured()) {  \
      compiler.name(i);                                                                 \
    } else {                                                                            \
      compiler.not_built();                                                             \
    }                                                                                   \
  }
#include "wasm/ops.def"
#undef OP
};

// Notes also where the code of each instruction begins. A walk of its own, so that the other one
// has nothing to ask.
struct DescribingVisitor : Visitor {
  void begin(const uint8_t* pos) {
    if (compiler.begin(pos)) compiler.note_piece(abi::CodePiece::Kind::instruction);
  }
};

namespace {

struct Checker : wasm::Trusted {
  explicit Checker(const char* const& stopped) : error(stopped) {}
  bool done() const { return Trusted::done() || error != nullptr; }
  const char* const& error;
};

}  // namespace

FunctionCompiler::FunctionCompiler(const wasm::ValidModuleInfo& info, const Options& options)
    : MachineInstructions(info.module(), options),
      context_(info.context()),
      features_(info.features()) {}

bool FunctionCompiler::begin(const uint8_t* pos) {
  body_position_ = static_cast<uint32_t>(pos - body_);
  if (options_.check_consistency && !dead_) [[unlikely]]
    check_registers();
  return room(0);
}

Result<void> FunctionCompiler::compile(uint32_t function, uint64_t max_bytes,
                                       native::CodeImage& image) {
  Bytes body = module_.body_of(function);
  auto refuse = [&](const char* why) {
    return fail(ErrorCode::limit, "function " + std::to_string(function) + ": " + why);
  };
  max_bytes_ = max_bytes;
  error_ = nullptr;
  body_ = body.data();
  function_ = function;
  type_ = &module_.types[wasm::index_of(module_.functions[function])].func;
  wasm::BodyReader reader(body, 0, features_);
  if (!read_locals(reader)) return refuse("its locals cannot be read");
  count_uses(reader, body_, use_counts_);
  check_stack_ = use_counts_.has_calls;
  bool wide = is_many(type_->params) && many_arguments(type_->params).has_v128;
  narrow_slot_ = slot_bytes(wide ? Type::v128 : Type::i64);
  while (true) {
    image.clear();
    if (max_bytes < kLeastBytes) return refuse("no room for code");
    if (!image.code.reserve(kLeastBytes)) return fail(ErrorCode::out_of_memory, kNoMemory);
    begin_code(image);
    wasm::BodyReader at_code = reader;
    start(at_code);
    Checker checker(error_);
    if (listing_ == nullptr) {
      Visitor visitor{*this};
      wasm::walk(at_code, checker, visitor);
    } else {
      DescribingVisitor visitor{{*this}};
      wasm::walk(at_code, checker, visitor);
    }
    reader_ = nullptr;
    if (error_ == kNeedsWideSlots) {
      narrow_slot_ = slot_bytes(Type::v128);
      continue;
    }
    if (error_ == nullptr && !checker.done()) error_ = "the body is not valid";
    if (error_ == nullptr) finish();
    if (error_ == kStopped) return fail(ErrorCode::stopped, error_);
    if (error_ == kNoMemory) return fail(ErrorCode::out_of_memory, error_);
    if (error_ != nullptr) return refuse(error_);
    if (check_stack_ || -frame_end_ <= kUncheckedFrameBytes) break;
    check_stack_ = true;
  }
  if (listing_ != nullptr) complete_listing();
  image.code.set_size(masm_.offset());
  return {};
}

bool FunctionCompiler::read_locals(wasm::BodyReader& reader) {
  locals_.clear();
  for (wasm::ValType type : type_->params) locals_.push_back({.type = type_of(type)});
  uint32_t groups = reader.u32();
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
    uint32_t count = reader.u32();
    wasm::ValType type = reader.val_type();
    if (!reader.ok() || count > wasm::kMaxLocals) return false;
    locals_.insert(locals_.end(), count, Local{.type = type_of(type)});
  }
  return reader.ok();
}

void FunctionCompiler::start(wasm::BodyReader& reader) {
  reader_ = &reader;
  dead_ = false;
  controls_.clear();
  remembered_.clear();
  next_dispatching_ = 0;
  for (Local& local : locals_) local = {.type = local.type};
  assigned_ = assign_registers(use_counts_, static_cast<uint32_t>(type_->params.size()), locals_);
  begin_operands();
  lay_out_frame();
  Control function;
  function.kind = Control::Kind::function;
  function.label = new_label();
  function.result_count = static_cast<uint32_t>(type_->results.size());
  function.result_list = type_->results.data();
  controls_.push_back(function);
  prologue();
}

// ---- the frame

void FunctionCompiler::lay_out_frame() {
  caller_saved_locals_.clear();
  bool all_params = is_many(type_->params);
  int64_t end = -8;
  for (Gpr reg : kCalleeSavedLocalGprs) {
    if (assigned_.gprs.has(reg)) end -= 8;
  }
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    Local& local = locals_[i];
    if (local.in_register()) {
      bool caller_saved = local.caller_saved && use_counts_.has_calls;
      if (caller_saved) caller_saved_locals_.push_back(i);
      if (!caller_saved && !(all_params && i < type_->params.size())) continue;
    }
    end -= slot_size(local.type);
    local.slot = static_cast<int32_t>(end);
  }
  local_slots_end_ = static_cast<int32_t>(end);
  frame_end_ = local_slots_end_;
}

void FunctionCompiler::prologue() {
  if (!room(0)) return;
  note_piece(abi::CodePiece::Kind::entry);
  frame_patch_ =
      masm_.enter_frame(vmctx_field(offsetof(VmCtx, stack_limit)),
                        check_stack_ ? &trap_label(abi::TrapKind::call_stack_exhausted) : nullptr);
  charge(module_.body_of(function_).size());
  int32_t saved = -8;
  for (Gpr reg : kCalleeSavedLocalGprs) {
    if (assigned_.gprs.has(reg)) masm_.store(Width::w64, frame_slot(saved -= 8), reg);
  }
  move_arguments();
  zero_locals();
}

void FunctionCompiler::restore_callee_saved() {
  int32_t saved = -8;
  for (Gpr reg : kCalleeSavedLocalGprs) {
    if (assigned_.gprs.has(reg)) masm_.load(Width::w64, reg, frame_slot(saved -= 8));
  }
}

void FunctionCompiler::epilogue() {
  poison(type_->results, abi::PlaceAssigner::results(), kGprResults.data(), kFprResults.data());
  restore_callee_saved();
  masm_.leave_frame();
  masm_.return_to_caller();
}

// Parameters to where their locals live: first what goes to memory, then between registers, then
// what comes from the area.
void FunctionCompiler::move_arguments() {
  if (is_many(type_->params)) return move_many_arguments();
  gpr_moves_.clear();
  fpr_moves_.clear();
  auto assigner = abi::PlaceAssigner::arguments();
  bool any_in_area = false;
  for (size_t i = 0; i < type_->params.size(); ++i) {
    abi::ValuePlace place = assigner.next(type_->params[i]);
    const Local& local = locals_[i];
    if (place.kind == abi::ValuePlace::Kind::area) {
      any_in_area = true;
    } else if (place.kind == abi::ValuePlace::Kind::integer) {
      Gpr from = kGprArgs[place.index];
      if (local.in_register()) {
        if (local.type == Type::i32) masm_.move(Width::w32, from, from);  // clears the upper half
        gpr_moves_.push_back({local.gpr(), from});
      } else {
        store(local.slot, Operand::in(local.type, from));
      }
    } else {
      Fpr from = kFprArgs[place.index];
      if (local.in_register()) {
        fpr_moves_.push_back({local.fpr(), from});
      } else {
        store(local.slot, Operand::in(local.type, from));
      }
    }
  }
  move_all(gpr_moves_);
  move_all(fpr_moves_);
  if (!any_in_area) return;
  assigner = abi::PlaceAssigner::arguments();
  Gpr area = kFunctionObject;  // no argument is there
  masm_.load(Width::w64, area, vmctx_field(offsetof(VmCtx, area)));
  for (size_t i = 0; i < type_->params.size(); ++i) {
    abi::ValuePlace place = assigner.next(type_->params[i]);
    if (place.kind != abi::ValuePlace::Kind::area) continue;
    const Local& local = locals_[i];
    Mem from = at(area, static_cast<int32_t>(place.index * sizeof(abi::Value)));
    if (in_fpr(local.type)) {
      Fpr to = local.in_register() ? local.fpr() : kFprScratch;
      masm_.load(Type::v128, to, from);
      if (!local.in_register()) store(local.slot, Operand::in(local.type, to));
    } else {
      Gpr to = local.in_register() ? local.gpr() : kScratch;
      masm_.load(width_of(local.type), to, from);
      if (!local.in_register()) store(local.slot, Operand::in(local.type, to));
    }
  }
}

void FunctionCompiler::zero_locals() {
  int32_t begin = 0, end = 0;  // the slots to clear: [begin, end), one range
  for (size_t i = type_->params.size(); i < locals_.size(); ++i) {
    const Local& local = locals_[i];
    if (!local.in_register()) {
      if (end == 0) end = local.slot + slot_size(local.type);
      begin = local.slot;
    } else if (in_fpr(local.type)) {
      masm_.load_zero(local.fpr());
    } else {
      masm_.load_zero(local.gpr());
    }
  }
  // Slots in between, of locals in registers, are written as well: nothing is in them yet.
  if (begin != end) masm_.clear_frame(begin, end, kFunctionObject);
}

// ---- behind the code

void FunctionCompiler::finish() {
  finish_code();
  if (error_ != nullptr) return;
  if (-int64_t{frame_end_} > kMaxFrameBytes) return stop("its frame is too large");
  masm_.set_frame_size(frame_patch_, -frame_end_);
}

}  // namespace nacre::baseline
