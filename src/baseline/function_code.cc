#include "baseline/function_code.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "abi/code.h"
#include "os/interrupt.h"

namespace nacre::baseline {
namespace {

// So much is emitted within a few milliseconds.
constexpr size_t kCodeBetweenLooks = 256 << 10;

}  // namespace

void FunctionCode::begin_code(native::CodeImage& image) {
  image_ = &image;
  masm_.start(image);
  error_ = nullptr;
  body_position_ = 0;
  look_at_ = masm_.pos();
  labels_.clear();
  constants_.clear();
  jump_tables_.clear();
  out_of_line_.clear();
}

void FunctionCode::finish_code() {
  emit_out_of_line();
  if (error_ != nullptr) return;
  emit_constants();
  emit_jump_tables();
}

// ---- room

bool FunctionCode::more_room(size_t bytes) {
  uint64_t wanted = masm_.offset() + bytes + kRoomBytes;
  if (wanted > max_bytes_) {
    stop("its machine code is too large");
    return false;
  }
  if (!image_->code.reserve(static_cast<uint32_t>(wanted))) {
    stop(kNoMemory);
    return false;
  }
  masm_.move_to(image_->code.data());
  uint64_t next_look = std::min<uint64_t>(image_->code.capacity(), wanted + kCodeBetweenLooks);
  look_at_ = masm_.begin() + std::min(next_look, max_bytes_);
  look();
  return error_ == nullptr;
}

void FunctionCode::look() {
  work_ = 0;
  if (os::stop_requested()) stop(kStopped);
}

// ---- traps

Label& FunctionCode::trap_label(abi::TrapKind kind) {
  return out_of_line_.emplace_back(OutOfLine{{}, body_position_, kind, {}}).label;
}

// The byte behind the call says which trap.
void FunctionCode::trap_now(abi::TrapKind kind) {
  masm_.call(vmctx_field(offsetof(abi::VmCtx, trap_entry)));
  note_call();
  note_piece(abi::CodePiece::Kind::trap_number, kind);
  masm_.byte(static_cast<uint8_t>(kind));
}

void FunctionCode::charge(uint64_t fuel) {
  if (!options_.count_fuel) return;
  masm_.load(Width::w64, kScratch, vmctx_field(offsetof(abi::VmCtx, exec)));
  masm_.take_or_branch(at(kScratch, offsetof(abi::ExecContext, fuel)), static_cast<int32_t>(fuel),
                       trap_label(abi::TrapKind::fuel_limit));
}

// ---- what the instance has

void FunctionCode::memory_record(Gpr to, uint32_t memory) {
  if (memory == 0) {
    masm_.load(Width::w64, to, vmctx_field(offsetof(abi::VmCtx, memory0)));
    return;
  }
  masm_.load(Width::w64, to, vmctx_field(offsetof(abi::VmCtx, memories)));
  masm_.load(Width::w64, to, at(to, static_cast<int32_t>(memory * sizeof(void*))));
}

void FunctionCode::table_record(Gpr to, uint32_t table) {
  if (table == 0) {
    masm_.load(Width::w64, to, vmctx_field(offsetof(abi::VmCtx, table0)));
    return;
  }
  masm_.load(Width::w64, to, vmctx_field(offsetof(abi::VmCtx, tables)));
  masm_.load(Width::w64, to, at(to, static_cast<int32_t>(table * sizeof(void*))));
}

// ---- behind the code

Label& FunctionCode::out_of_line(std::function<void()> emit) {
  return out_of_line_
      .emplace_back(OutOfLine{{}, body_position_, abi::TrapKind::none, std::move(emit)})
      .label;
}

// Code out of line may ask for more of it.
void FunctionCode::emit_out_of_line() {
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
}

Label& FunctionCode::constant(uint64_t low, uint64_t high, uint32_t bytes) {
  size_t tries = std::min<size_t>(constants_.size(), 8);
  for (size_t i = constants_.size() - tries; i < constants_.size(); ++i) {
    Constant& known = constants_[i];
    if (known.low == low && known.high == high && known.bytes == bytes) return known.label;
  }
  return constants_.emplace_back(Constant{low, high, bytes, {}}).label;
}

void FunctionCode::emit_constants() {
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

uint32_t FunctionCode::new_label() {
  labels_.emplace_back();
  return static_cast<uint32_t>(labels_.size() - 1);
}

Label& FunctionCode::jump_table(std::vector<uint32_t> targets) {
  return jump_tables_.emplace_back(JumpTable{{}, std::move(targets)}).label;
}

// Distances from the table.
void FunctionCode::emit_jump_tables() {
  for (JumpTable& table : jump_tables_) {
    if (!room(4 * table.targets.size())) return;
    masm_.align(4);
    masm_.bind(table.label);
    note_piece(abi::CodePiece::Kind::jump_table);
    for (uint32_t target : table.targets)
      masm_.dword(static_cast<uint32_t>(labels_[target].bound - table.label.bound));
  }
}

}  // namespace nacre::baseline
