// Machine code of one function while it is made: everything around the code of its instructions.
//
// The lowest layer of FunctionCompiler. It knows the assembler, labels, constants, jump tables,
// out-of-line code, the sites for traps and backtraces, and how much room is left, but nothing of
// operands.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "abi/code_listing.h"
#include "abi/memory_layout.h"
#include "abi/trap.h"
#include "abi/vmctx.h"
#include "baseline/macro_assembler.h"
#include "baseline/options.h"
#include "native/code_image.h"
#include "wasm/body_reader.h"
#include "wasm/module.h"

namespace nacre::baseline {

using native::CodeSite;

inline Mem vmctx_field(size_t offset) { return at(kVmCtx, static_cast<int32_t>(offset)); }

class FunctionCode {
 protected:
  FunctionCode(const wasm::Module& module, const Options& options)
      : module_(module), options_(options), masm_(options.cpu) {}

  // The function's code begins, in an image that has room for kLeastBytes.
  void begin_code(native::CodeImage& image);
  // After the code of the instructions: out-of-line code, constants, jump tables.
  void finish_code();

  // ---- whether to go on
  void stop(const char* why) { error_ = why; }
  // Whether this many bytes fit in addition to what one instruction may need (kRoomBytes); if not,
  // compiling stops.
  bool room(size_t bytes) {
    if (static_cast<size_t>(look_at_ - masm_.pos()) >= bytes + kRoomBytes) [[likely]]
      return true;
    return more_room(bytes);
  }
  // Accounts for work that emits nothing: this many values were looked at.
  void spend(size_t values) {
    work_ += values;
    if (work_ >= kWorkBetweenLooks) [[unlikely]]
      look();
  }

  // ---- sites and traps
  // To be called after a call, and before an instruction that accesses guest memory.
  void note(CodeSite::Kind kind) { note(kind, body_position_); }
  void note(CodeSite::Kind kind, uint32_t body_position) {
    image_->sites.emplace_back(masm_.offset(), body_position, kind);
  }
  void note_call() { note(CodeSite::Kind::call); }
  void note_access() { note(CodeSite::Kind::access); }
  // Where the trap is raised, out of line.
  Label& trap_label(abi::TrapKind kind);
  void trap_if(Condition condition, abi::TrapKind kind) {
    masm_.branch(condition, trap_label(kind));
  }
  void trap_now(abi::TrapKind kind);
  // Traps unless index < the number in memory; if a processor speculates past that, the index is 0.
  void check_index(Gpr index, Mem size, abi::TrapKind kind) {
    masm_.check_index(index, size, trap_label(kind), vmctx_field(offsetof(abi::VmCtx, zero)));
  }
  // Takes fuel, or traps; nothing unless the options ask for it. Needs kScratch; no condition
  // survives.
  void charge(uint64_t fuel);

  // ---- code and data behind the code of the instructions
  // Out-of-line code: jumps to it and back. `emit` is called at the end of the function; its sites
  // are of this instruction.
  Label& out_of_line(std::function<void()> emit);
  Label& constant(uint64_t low, uint64_t high, uint32_t bytes);
  uint32_t new_label();  // in labels_
  // Of a jump table whose entries lead to these labels.
  Label& jump_table(std::vector<uint32_t> targets);

  // ---- what the instance has (abi/vmctx.h): where the record of a memory or table is
  void memory_record(Gpr to, uint32_t memory);
  void table_record(Gpr to, uint32_t table);
  bool is_guarded(uint32_t memory) const {
    return options_.guarded_memories && abi::can_be_guarded(module_.memories[memory]);
  }
  bool is_64(uint32_t memory) const {
    return module_.memories[memory].limits.address == wasm::AddressType::i64;
  }

  // ---- listing.cc: for listing_
  void note_piece(abi::CodePiece::Kind kind, abi::TrapKind trap = abi::TrapKind::none) {
    if (listing_ != nullptr) [[unlikely]]
      add_piece(kind, trap);
  }
  void add_piece(abi::CodePiece::Kind kind, abi::TrapKind trap);

  const os::CpuFeatures& cpu() const { return options_.cpu; }

  // Room that one instruction may need; those that may need more ask for it.
  static constexpr size_t kRoomBytes = 4096;
  static constexpr uint32_t kLeastBytes = 4 * kRoomBytes;
  static constexpr char kNoMemory[] = "no memory for machine code";
  static constexpr char kStopped[] = "compiling it was stopped";

  const wasm::Module& module_;
  const Options& options_;
  abi::CodeListing* listing_ = nullptr;
  MacroAssembler masm_;

  // The function.
  const wasm::FuncType* type_ = nullptr;
  const uint8_t* body_ = nullptr;
  uint32_t function_ = 0;
  uint64_t max_bytes_ = 0;              // of the code
  wasm::BodyReader* reader_ = nullptr;  // behind the instruction that is compiled now
  uint32_t body_position_ = 0;          // where it begins
  const char* error_ = nullptr;         // why compiling stops
  std::deque<Label> labels_;

 private:
  // Code behind the function's end: what is seldom run. It begins at `label`.
  struct OutOfLine {
    Label label;
    uint32_t body_position;
    abi::TrapKind trap;  // none: `emit` says it
    std::function<void()> emit;
  };
  struct Constant {
    uint64_t low;
    uint64_t high;
    uint32_t bytes;
    Label label;
  };
  struct JumpTable {
    Label label;
    std::vector<uint32_t> targets;  // in labels_
  };
  static constexpr size_t kWorkBetweenLooks = 1 << 18;

  bool more_room(size_t bytes);
  void look();  // polls for a stop
  void emit_out_of_line();
  void emit_constants();
  void emit_jump_tables();

  native::CodeImage* image_ = nullptr;
  // The position at which to poll for a stop or make room: at most the end of the buffer.
  const uint8_t* look_at_ = nullptr;
  size_t work_ = 0;
  std::deque<OutOfLine> out_of_line_;
  std::deque<Constant> constants_;
  std::deque<JumpTable> jump_tables_;
};

}  // namespace nacre::baseline
