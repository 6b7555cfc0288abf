// The walk over a body, the frame, and what stands around the instructions' code.
#include <algorithm>
#include <limits>
#include <string>

#include "abi/code.h"
#include "baseline/function_compiler.h"
#include "os/interrupt.h"
#include "wasm/not_run.h"
#include "wasm/walk.h"

namespace nacre::baseline {
namespace {

using wasm::Op;
using Kind = Operand::Kind;

// Room that one instruction may need; those that may need more ask for it.
constexpr size_t kRoomBytes = 4096;
// A function that calls nothing needs no look at the stack's end if its frame is below this: there
// is room behind it (module_code.cc).
constexpr int32_t kUncheckedFrameBytes = 4096;
constexpr int32_t kMaxFrameBytes = 1 << 30;
// So much is emitted within a few milliseconds.
constexpr size_t kCodeBetweenLooks = 256 << 10;

}  // namespace

// Calls the compiler's methods: structure always, everything else where it can be reached.
struct Visitor {
  FunctionCompiler& compiler;

  void begin(const uint8_t* pos) { compiler.begin(pos); }

#define OP(name, text, prefix, code, imm_, sig, feature, flags_)                       \
  void name(const wasm::imm::imm_& i) {                                                \
    if constexpr (!wasm::op_info(Op::name).is_structured()) {                          \
      if (compiler.dead_) return;                                                      \
    }                                                                                  \
    if constexpr (!wasm::op_info(Op::name).takes_condition()) {                        \
      if (!compiler.stack_.empty() && compiler.stack_.back().kind == Kind::flags) {    \
        compiler.materialize_flags();                                                  \
      }                                                                                \
    }                                                                                  \
    if constexpr (wasm::is_run(Op::name) || wasm::op_info(Op::name).is_structured()) { \
      compiler.name(i);                                                                \
    } else {                                                                           \
      compiler.not_built();                                                            \
    }                                                                                  \
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
    : module_(info.module()),
      context_(info.context()),
      features_(info.features()),
      type_ids_(info.type_ids()),
      options_(options),
      masm_(options.cpu) {}

bool FunctionCompiler::room(size_t bytes) {
  if (static_cast<size_t>(look_at_ - masm_.pos()) >= bytes + kRoomBytes) [[likely]]
    return true;
  return more_room(bytes);
}

bool FunctionCompiler::more_room(size_t bytes) {
  auto left = static_cast<size_t>(limit_ - masm_.pos());
  if (left < bytes + kRoomBytes) {
    stop("its machine code is too large");
    return false;
  }
  look_at_ = masm_.pos() + std::min(left, bytes + kRoomBytes + kCodeBetweenLooks);
  look();
  return error_ == nullptr;
}

void FunctionCompiler::look() {
  work_ = 0;
  if (os::stop_requested()) stop(kStopped);
}

bool FunctionCompiler::begin(const uint8_t* pos) {
  body_position_ = static_cast<uint32_t>(pos - body_);
  if (options_.check_merges && !dead_) [[unlikely]]
    check_registers();
  return room(0);
}

Result<CompiledFunction> FunctionCompiler::compile(uint32_t function, uint8_t* buffer,
                                                   const uint8_t* limit, int64_t slots) {
  Bytes body = module_.body_of(function);
  auto refuse = [&](const char* why) {
    return fail(ErrorCode::limit, "function " + std::to_string(function) + ": " + why);
  };
  limit_ = limit;
  error_ = nullptr;
  slots_ = slots;
  body_ = body.data();
  function_ = function;
  type_ = &module_.types[wasm::index_of(module_.functions[function])].func;
  wasm::BodyReader reader(body, 0, features_);
  if (!read_locals(reader)) return refuse("its locals cannot be read");
  survey_body(reader, body_, survey_);
  check_stack_ = survey_.has_calls;
  bool wide = is_many(type_->params) && many_arguments(type_->params).has_v128;
  narrow_slot_ = slot_bytes(wide ? Type::v128 : Type::i64);
  while (true) {
    masm_.start(buffer);
    wasm::BodyReader at_code = reader;
    if (static_cast<size_t>(limit_ - buffer) < 4 * kRoomBytes) return refuse("no room for code");
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
    if (error_ != nullptr) return refuse(error_);
    if (check_stack_ || -frame_end_ <= kUncheckedFrameBytes) break;
    check_stack_ = true;
  }
  if (listing_ != nullptr) complete_listing();
  return CompiledFunction{
      .code_bytes = masm_.offset(), .positions = positions_, .callees = callees_};
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
  error_ = nullptr;
  reader_ = &reader;
  dead_ = false;
  body_position_ = 0;
  stack_.clear();
  first_loose_ = slots_begin_ = slots_end_ = 0;
  look_at_ = masm_.pos();
  controls_.clear();
  labels_.clear();
  constants_.clear();
  jump_tables_.clear();
  out_of_line_.clear();
  positions_.clear();
  callees_.clear();
  remembered_.clear();
  next_dispatching_ = 0;
  flags_offset_ = kNoOffset;
  for (Local& local : locals_) local = {.type = local.type};
  pins_ = pin_locals(survey_, static_cast<uint32_t>(type_->params.size()), locals_);
  free_gprs_ = x64::kGprTemps;
  for (Gpr reg : x64::kGprPins) free_gprs_.add(reg);
  free_gprs_ = free_gprs_ - pins_.gprs;
  free_xmms_ = x64::kXmmTemps;
  for (Xmm reg : x64::kXmmPins) free_xmms_.add(reg);
  free_xmms_ = free_xmms_ - pins_.xmms;
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
  lost_pins_.clear();
  bool all_params = is_many(type_->params);
  int64_t end = -8;
  for (Gpr reg : x64::kGprSavedPins) {
    if (pins_.gprs.has(reg)) end -= 8;
  }
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    Local& local = locals_[i];
    if (local.pinned()) {
      bool is_lost = local.saved_in_calls && survey_.has_calls;
      if (is_lost) lost_pins_.push_back(i);
      if (!is_lost && !(all_params && i < type_->params.size())) continue;
    }
    end -= slot_size(local.type);
    local.home = static_cast<int32_t>(end);
  }
  homes_end_ = static_cast<int32_t>(end);
  frame_end_ = homes_end_;
}

void FunctionCompiler::prologue() {
  if (!room(0)) return;
  note_piece(abi::CodePiece::Kind::entry);
  masm_.push(x64::kFrame);
  masm_.mov(Width::w64, x64::kFrame, Gpr::rsp);
  masm_.push(x64::kVmCtx);
  // Patched when the frame's size is known.
  constexpr int32_t kPlaceholder = std::numeric_limits<int32_t>::min();
  masm_.lea(Width::w64, check_stack_ ? x64::kScratch : Gpr::rsp, at(Gpr::rsp, kPlaceholder));
  frame_patch_ = masm_.offset() - 4;
  if (check_stack_) {
    masm_.alu(Width::w64, Alu::cmp, x64::kScratch,
              at(x64::kVmCtx, offsetof(abi::VmCtx, stack_limit)));
    trap_if(Cond::below, abi::TrapKind::call_stack_exhausted);
    masm_.mov(Width::w64, Gpr::rsp, x64::kScratch);
  }
  charge(module_.body_of(function_).size());
  int32_t saved = -8;
  for (Gpr reg : x64::kGprSavedPins) {
    if (pins_.gprs.has(reg)) masm_.mov(Width::w64, at(x64::kFrame, saved -= 8), reg);
  }
  move_arguments();
  zero_locals();
}

void FunctionCompiler::restore_saved_registers() {
  int32_t saved = -8;
  for (Gpr reg : x64::kGprSavedPins) {
    if (pins_.gprs.has(reg)) masm_.mov(Width::w64, reg, at(x64::kFrame, saved -= 8));
  }
}

void FunctionCompiler::epilogue() {
  make_dirty(type_->results, abi::PlaceAssigner::results(), x64::kGprResults.data());
  restore_saved_registers();
  masm_.leave();
  masm_.ret();
}

// Parameters to where their locals live: first what goes to memory, then between registers, then
// what comes from the area.
void FunctionCompiler::move_arguments() {
  if (is_many(type_->params)) return move_many_arguments();
  gpr_moves_.clear();
  xmm_moves_.clear();
  auto assigner = abi::PlaceAssigner::arguments();
  bool any_in_area = false;
  for (size_t i = 0; i < type_->params.size(); ++i) {
    abi::ValuePlace place = assigner.next(type_->params[i]);
    const Local& local = locals_[i];
    if (place.kind == abi::ValuePlace::Kind::area) {
      any_in_area = true;
    } else if (place.kind == abi::ValuePlace::Kind::integer) {
      Gpr from = x64::kGprArgs[place.index];
      if (local.pinned()) {
        if (local.type == Type::i32) masm_.mov(Width::w32, from, from);  // clears the upper half
        gpr_moves_.push_back({local.gpr(), from});
      } else {
        store(local.home, Operand::in(local.type, from));
      }
    } else {
      Xmm from = static_cast<Xmm>(place.index);
      if (local.pinned()) {
        xmm_moves_.push_back({local.xmm(), from});
      } else {
        store(local.home, Operand::in(local.type, from));
      }
    }
  }
  move_all(gpr_moves_);
  move_all(xmm_moves_);
  if (!any_in_area) return;
  assigner = abi::PlaceAssigner::arguments();
  Gpr area = Gpr::rax;
  masm_.mov(Width::w64, area, at(x64::kVmCtx, offsetof(abi::VmCtx, area)));
  for (size_t i = 0; i < type_->params.size(); ++i) {
    abi::ValuePlace place = assigner.next(type_->params[i]);
    if (place.kind != abi::ValuePlace::Kind::area) continue;
    const Local& local = locals_[i];
    Mem from = at(area, static_cast<int32_t>(place.index * sizeof(abi::Value)));
    if (in_xmm(local.type)) {
      Xmm to = local.pinned() ? local.xmm() : x64::kXmmScratch;
      masm_.movups(to, from);
      if (!local.pinned()) store(local.home, Operand::in(local.type, to));
    } else {
      Gpr to = local.pinned() ? local.gpr() : x64::kScratch;
      masm_.mov(width_of(local.type), to, from);
      if (!local.pinned()) store(local.home, Operand::in(local.type, to));
    }
  }
}

void FunctionCompiler::zero_locals() {
  constexpr int32_t kUnrolledBytes = 128;
  int32_t begin = 0, end = 0;  // the homes to clear: [begin, end), one range
  for (size_t i = type_->params.size(); i < locals_.size(); ++i) {
    const Local& local = locals_[i];
    if (!local.pinned()) {
      if (end == 0) end = local.home + slot_size(local.type);
      begin = local.home;
    } else if (in_xmm(local.type)) {
      masm_.sse({0, 1, 0x57}, local.xmm(), local.xmm(), local.xmm());
    } else {
      masm_.alu(Width::w32, Alu::xor_, local.gpr(), local.gpr());
    }
  }
  if (begin == end) return;
  // Homes of pinned locals in between are written as well: nothing is in them yet.
  if (end - begin <= 8) {
    masm_.mov(Width::w64, at(x64::kFrame, begin), 0);
    return;
  }
  masm_.sse({0, 1, 0x57}, x64::kXmmScratch, x64::kXmmScratch, x64::kXmmScratch);
  if (end - begin <= kUnrolledBytes) {
    for (int32_t p = begin; p < end; p += 16)
      masm_.movups(at(x64::kFrame, std::min(p, end - 16)), x64::kXmmScratch);
    return;
  }
  masm_.movups(at(x64::kFrame, end - 16), x64::kXmmScratch);
  masm_.mov_imm(Width::w64, Gpr::rax, static_cast<uint64_t>(int64_t{begin}));
  Label loop;
  masm_.bind(loop);
  masm_.movups(at(x64::kFrame, Gpr::rax), x64::kXmmScratch);
  masm_.alu_imm(Width::w64, Alu::add, Gpr::rax, 16);
  masm_.alu_imm(Width::w64, Alu::cmp, Gpr::rax, end - 16);
  masm_.jcc(Cond::less, loop);
}

// ---- behind the code

void FunctionCompiler::finish() {
  // Code out of line may ask for more of it.
  for (size_t i = 0; i < out_of_line_.size(); ++i) {
    if (!room(0)) return;
    OutOfLine& item = out_of_line_[i];
    body_position_ = item.body_position;
    masm_.bind(item.label);
    if (item.trap != abi::TrapKind::none) {
      note_piece(abi::CodePiece::Kind::trap, item.trap);
      trap_now(item.trap);
    } else {
      note_piece(abi::CodePiece::Kind::slow_path);
      item.emit();
    }
  }
  emit_constants();
  emit_jump_tables();
  if (error_ != nullptr) return;
  if (-int64_t{frame_end_} > kMaxFrameBytes) return stop("its frame is too large");
  int32_t frame = (-frame_end_ + 15) & ~15;
  masm_.patch_dword(frame_patch_, static_cast<uint32_t>(8 - frame));
}

Label& FunctionCompiler::constant(uint64_t low, uint64_t high, uint32_t bytes) {
  size_t tries = std::min<size_t>(constants_.size(), 8);
  for (size_t i = constants_.size() - tries; i < constants_.size(); ++i) {
    Constant& known = constants_[i];
    if (known.low == low && known.high == high && known.bytes == bytes) return known.label;
  }
  return constants_.emplace_back(Constant{low, high, bytes, {}}).label;
}

void FunctionCompiler::emit_constants() {
  for (uint32_t bytes : {16u, 8u, 4u}) {
    for (Constant& item : constants_) {
      if (item.bytes != bytes) continue;
      if (!room(0)) return;
      masm_.align(bytes);
      masm_.bind(item.label);
      note_piece(abi::CodePiece::Kind::constant);
      if (bytes == 4) {
        masm_.dword(static_cast<uint32_t>(item.low));
      } else {
        masm_.qword(item.low);
        if (bytes == 16) masm_.qword(item.high);
      }
    }
  }
}

// Distances from the table.
void FunctionCompiler::emit_jump_tables() {
  for (JumpTable& table : jump_tables_) {
    if (!room(4 * table.targets.size())) return;
    masm_.align(4);
    masm_.bind(table.label);
    note_piece(abi::CodePiece::Kind::jump_table);
    for (uint32_t target : table.targets)
      masm_.dword(static_cast<uint32_t>(labels_[target].bound - table.label.bound));
  }
}

Label& FunctionCompiler::trap_label(abi::TrapKind kind) {
  return out_of_line_.emplace_back(OutOfLine{{}, body_position_, kind, {}}).label;
}

// Behind the branch of a check that failed: the number becomes zero, so that a processor which runs
// ahead of the branch has no use of it (invariants.md: speculation).
void FunctionCompiler::clamp(Cond failed, Gpr reg) {
  masm_.cmov(Width::w64, failed, reg, at(x64::kVmCtx, offsetof(abi::VmCtx, zero)));
}

void FunctionCompiler::charge(uint64_t fuel) {
  if (!options_.count_fuel) return;
  masm_.mov(Width::w64, x64::kScratch, at(x64::kVmCtx, offsetof(abi::VmCtx, exec)));
  masm_.alu_imm(Width::w64, Alu::sub, at(x64::kScratch, offsetof(abi::ExecContext, fuel)),
                static_cast<int32_t>(fuel));
  trap_if(Cond::less, abi::TrapKind::fuel_limit);
}

Label& FunctionCompiler::out_of_line(std::function<void()> emit) {
  return out_of_line_
      .emplace_back(OutOfLine{{}, body_position_, abi::TrapKind::none, std::move(emit)})
      .label;
}

// The byte behind the call says which trap.
void FunctionCompiler::trap_now(abi::TrapKind kind) {
  masm_.call(at(x64::kVmCtx, offsetof(abi::VmCtx, trap_entry)));
  note_call();
  note_piece(abi::CodePiece::Kind::trap_number, kind);
  masm_.byte(static_cast<uint8_t>(kind));
}

}  // namespace nacre::baseline
