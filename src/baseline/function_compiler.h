// Compiles one function in one pass over its body.
//
// Each instruction has a method, named as its row of ops.def; compile.cc calls them in order. The
// operand stack is a list of descriptions (operand.h): constants, registers and names of locals
// cost nothing until an instruction uses them. Locals stay where pins.h put them. So that nothing
// has to be reconciled where control flow meets, every operand that a block could find in another
// place when it ends is settled (a constant, or in its slot) when the block begins; the one result
// that most blocks have travels in rax or xmm0, more in their slots.
//
// The methods are spread over files by subject: compile.cc (the walk, frame, prologue), operands.cc
// (where values are), control.cc, calls.cc, variables.cc, memory.cc, atomics.cc, integer.cc,
// float.cc, convert.cc, simd*.cc, bulk.cc, many_values.cc, not_built.cc,
// checks.cc (what checked builds add).
//
// One object compiles any number of functions, one after the other, on one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "abi/calls.h"
#include "abi/code_listing.h"
#include "abi/trap.h"
#include "abi/vmctx.h"
#include "baseline/operand.h"
#include "baseline/options.h"
#include "baseline/pins.h"
#include "native/compiler.h"
#include "native/stubs.h"
#include "native/x64/assembler.h"
#include "native/x64/simd_opcodes.h"
#include "wasm/body_reader.h"
#include "wasm/imm.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/validate/module_context.h"
#include "wasm/validate/validate.h"

namespace nacre::baseline {

using x64::Alu;
using x64::at;
using x64::Cond;
using x64::Gpr;
using x64::Label;
using x64::Mem;
using x64::Shift;
using x64::Width;
using x64::Xmm;

using native::CodePosition;
using native::CompiledFunction;
using native::Entry;
using native::entry_offset;

class FunctionCompiler {
 public:
  FunctionCompiler(const wasm::ValidModuleInfo& info, const Options& options);

  // A valid body, into [buffer, limit). `slots`: where code of the module finds the entry of each
  // function it defines, counted from the buffer in bytes (the slots come first). Errors: limit, if
  // the code does not fit or the frame is too large; stopped, if what runs on this thread is to
  // stop (os/interrupt.h), which is looked at within a few milliseconds.
  Result<CompiledFunction> compile(uint32_t function, uint8_t* buffer, const uint8_t* limit,
                                   int64_t slots);

  // From now on, what compile() makes is also described there; `code` and `slots` are left alone.
  // Null: no longer.
  void describe(abi::CodeListing* listing) { listing_ = listing; }

 private:
  friend struct Visitor;
  friend struct DescribingVisitor;
#define OP(name, text, prefix, code, imm_, sig, feature, flags) void name(const wasm::imm::imm_& i);
#include "wasm/ops.def"
#undef OP

  using Types = std::span<const wasm::ValType>;

  struct Control {
    enum class Kind : uint8_t { function, block, loop, if_, else_ };
    Kind kind = Kind::block;
    bool entered_dead = false;  // the whole block cannot be reached
    bool is_target = false;     // something jumps to its end
    uint32_t label = 0;         // in labels_
    uint32_t else_label = 0;    // kind if_
    uint32_t loop_begin = 0;    // kind loop: in the body, for fuel
    uint32_t height = 0;        // operands below its parameters
    wasm::ValType single;
    Types params;
    uint32_t result_count = 0;
    const wasm::ValType* result_list = nullptr;  // null: `single`
    uint32_t remembered = 0;                     // in remembered_, if options_.check_merges

    Types results() const { return {result_list != nullptr ? result_list : &single, result_count}; }
    Types label_types() const { return kind == Kind::loop ? params : results(); }
  };

  // Code behind the function's end: what is seldom run. It begins at `label`.
  struct OutOfLine {
    Label label;
    uint32_t body_position;
    abi::TrapKind trap;  // none: `emit` says it
    std::function<void()> emit;
  };

  // ---- compile.cc
  void start(wasm::BodyReader& reader);
  bool read_locals(wasm::BodyReader& reader);
  void lay_out_frame();
  void prologue();
  void move_arguments();
  void zero_locals();
  void epilogue();
  void finish();
  void emit_constants();
  void emit_jump_tables();
  bool begin(const uint8_t* pos);  // false: stop, error_ says why
  void stop(const char* why) { error_ = why; }
  // Whether so many bytes fit besides what begin() made sure of; if not, compiling stops.
  bool room(size_t bytes);
  bool more_room(size_t bytes);
  // Notes work that emits nothing: so many values were looked at.
  void spend(size_t values) {
    work_ += values;
    if (work_ >= kWorkBetweenLooks) [[unlikely]]
      look();
  }
  void look();  // whether to stop
  // ---- listing.cc: for listing_
  void note_piece(abi::CodePiece::Kind kind, abi::TrapKind trap = abi::TrapKind::none) {
    if (listing_ != nullptr) [[unlikely]]
      add_piece(kind, trap);
  }
  void add_piece(abi::CodePiece::Kind kind, abi::TrapKind trap);
  void complete_listing();

  // ---- operands.cc: the operand stack
  Operand& push(Operand operand);
  void push_gpr(Type type, Gpr reg);
  void push_xmm(Type type, Xmm reg);
  void push_constant(Type type, uint64_t bits);
  void push_flags(Cond cond);
  Operand pop();
  Operand& top(uint32_t depth = 0) { return stack_[stack_.size() - 1 - depth]; }
  uint32_t height() const { return static_cast<uint32_t>(stack_.size()); }
  void release(const Operand& operand);
  void cut(uint32_t height);            // drops what is above
  void settle(Operand& operand);        // into its slot, unless it is a constant
  void settle_fully(Operand& operand);  // constants too
  void settle_below(uint32_t height);   // all operands below `height`
  void settle_all() { settle_below(height()); }
  void settle_aliases(uint32_t local);        // before the local changes
  void materialize_flags();                   // of the topmost operand
  int32_t slot_below(uint32_t height) const;  // rbp + this: the end of the slots below `height`

  int32_t slot_size(Type type) const {
    return type == Type::v128 ? slot_bytes(Type::v128) : narrow_slot_;
  }

  // ---- many_values.cc
  static constexpr size_t kFewValues = 16;
  static bool is_many(Types types) { return types.size() > kFewValues; }
  struct ManyValues {
    bool has_v128 = false;
    std::vector<std::pair<uint32_t, abi::ValuePlace>> in_registers;  // of functions
  };
  using ManyValuesByList = std::unordered_map<const wasm::ValType*, ManyValues>;
  const ManyValues& many_values(Types types, abi::PlaceAssigner places, ManyValuesByList& known);
  const ManyValues& many_arguments(Types types);
  const ManyValues& many_results(Types types);
  // Whether all slots have the size of a v128, if these need it; else compiling begins anew.
  bool slots_fit(const ManyValues& many);
  bool in_slots(uint32_t from, uint32_t to) const;  // whether it is known of [from, to)
  void note_slots(uint32_t from, uint32_t to);
  void settle_into_slots(uint32_t from);  // all operands from there on
  void push_slots(Types types);
  // In front of copy_results, where the operands' places may still change.
  void prepare_results(const Control& to) {
    if (is_many(to.label_types())) [[unlikely]]
      prepare_many_results(to);
  }
  void prepare_many_results(const Control& to);
  void move_slots(int32_t to_slot, uint32_t count);
  void next_slot(Gpr index, int32_t step, uint32_t count, Label& next);
  // Both registers are overwritten.
  void slots_to_area(int32_t slot, uint32_t count, Gpr area, Gpr index);
  void area_to_slots(int32_t slot, uint32_t count, Gpr area, Gpr index);
  void pass_many_arguments(Types params);
  void push_many_call_results(Types results);
  void move_many_arguments();
  void place_many_results();

  // Registers. A register that was allocated belongs to the caller until it is pushed or freed.
  Gpr alloc_gpr();
  Xmm alloc_xmm();
  void free(Gpr reg);
  void free(Xmm reg);
  void take(Gpr reg);  // makes this one free, and allocates it
  void take(Xmm reg);
  // A register for the result of this instruction: that of the local which the next instruction
  // sets, if there is one; it may be written only once nothing else can read the local's old value,
  // so it is not given if one of `sources` is that register.
  Gpr result_gpr(std::initializer_list<const Operand*> sources = {});
  Xmm result_xmm(std::initializer_list<const Operand*> sources = {});
  std::optional<uint32_t> local_set_next(bool xmm);

  // An operand that was popped, in a register: its own, that of its local (not to be written), or a
  // new one, which it then has.
  Gpr gpr_of(Operand& operand);
  Xmm xmm_of(Operand& operand);
  // The same, but the register may be written and becomes the caller's.
  Gpr own_gpr(Operand& operand);
  Xmm own_xmm(Operand& operand);
  // Copies into a register that the caller owns; flags stay as they are.
  void load(Gpr to, const Operand& operand);
  void load(Xmm to, const Operand& operand);
  void store(int32_t slot, const Operand& operand);  // to rbp + slot; uses the scratch registers
  void store_to(Mem to, const Operand& operand);
  bool reads(const Operand& operand, Gpr reg) const;
  bool reads(const Operand& operand, Xmm reg) const;
  bool in_memory(const Operand& operand) const;  // a slot, or a local that is not pinned
  Mem frame_of(const Operand& operand) const;    // of one in memory
  // Calls f with the operand as a register or a place in the frame.
  template <class F>
  void with_rm(Operand& operand, F f) {
    if (operand.kind == Operand::Kind::access) {
      f(pending_access());
    } else if (in_memory(operand)) {
      f(frame_of(operand));
    } else {
      f(gpr_of(operand));
    }
  }
  template <class F>
  void with_xmm_rm(Operand& operand, F f) {
    if (operand.kind == Operand::Kind::access) {
      f(pending_access());
    } else if (in_memory(operand)) {
      f(frame_of(operand));
    } else {
      f(xmm_of(operand));
    }
  }

  // ---- constants, traps, positions
  Label& constant(uint64_t low, uint64_t high, uint32_t bytes);
  // Behind a call, and in front of an instruction that accesses guest memory.
  void note(CodePosition::Kind kind) {
    positions_.emplace_back(masm_.offset(), body_position_, kind);
  }
  void note_call() { note(CodePosition::Kind::call); }
  void note_access() { note(CodePosition::Kind::access); }
  Label& trap_label(abi::TrapKind kind);
  void trap_if(Cond cond, abi::TrapKind kind) { masm_.jcc(cond, trap_label(kind)); }
  void trap_now(abi::TrapKind kind);
  void clamp(Cond failed, Gpr reg);
  // Takes fuel, or traps; nothing unless the options ask for it. Needs kScratch and the flags.
  void charge(uint64_t fuel);
  // Jumps there and comes back; `emit` runs at the end of the function with positions of this
  // instruction.
  Label& out_of_line(std::function<void()> emit);

  // ---- checks.cc: nothing unless the options ask for it
  void make_dirty(Gpr reg);
  void make_dirty(Type type, Xmm reg);
  void make_dirty_behind(Mem four_bytes);
  void make_dirty(Types types, abi::PlaceAssigner places, const Gpr* gprs);
  void check_clean(Gpr reg) {
    if (options_.dirty_upper_bits) [[unlikely]]
      emit_check_clean(reg);
  }
  void emit_check_clean(Gpr reg);
  void remember_operands(Control& control);
  void check_operands(const Control& control);
  void check_registers();

  // ---- control.cc
  void enter(Control::Kind kind, const wasm::BlockType& type);
  void leave_block();
  void go_dead();
  Control& target(uint32_t depth) { return controls_[controls_.size() - 1 - depth]; }
  bool result_in_register(const Control& control) const {
    return control.label_types().size() == 1 && control.kind != Control::Kind::loop;
  }
  // The topmost operands to where the label wants them; as operands they stay what they were.
  void copy_results(Control& to);
  void push_results(const Control& from, Types types);
  void jump_to(Control& to);
  void jump_if(Cond cond, Label& label);
  Cond test_condition(Operand condition);  // sets the flags
  void bind(uint32_t label);
  void leave_function();
  uint32_t behind_blocks() const;
  void place_results();
  uint32_t new_label();
  void branch_if(Cond cond, uint32_t depth);
  // Whether a branch there costs fuel, and taking it.
  bool is_charged(const Control& to) const {
    return options_.count_fuel && to.kind == Control::Kind::loop;
  }
  void charge_branch(const Control& to) {
    if (is_charged(to)) charge(body_position_ + 1 - to.loop_begin);
  }

  // ---- calls.cc
  void save_pins();
  void restore_pins();
  void pass_arguments(Types params);
  void push_call_results(Types results);
  int32_t slot_distance(uint32_t slot, uint32_t length) const;
  void function_object(uint32_t index);  // of the instance, into rax
  void indirect_object(const wasm::imm::call_indirect& i);
  void reference_object();
  void enter_other_instance();
  void call_other(Types results);
  void call_object(const wasm::FuncType& type);
  void tail_call_object(const wasm::FuncType& type);
  void restore_saved_registers();
  const wasm::FuncType& type_at(uint32_t index) const;
  struct GprMove {
    Gpr to;
    Gpr from;
  };
  struct XmmMove {
    Xmm to;
    Xmm from;
  };
  void move_all(std::vector<GprMove>& moves);
  void move_all(std::vector<XmmMove>& moves);
  // Calls a function of abi/builtins.def: constants, then the topmost operands, are its arguments
  // behind the VmCtx. The result is in rax. `through`: native_call or a stub that may do without.
  // `extra`: a last argument, an address in the frame.
  void call_builtin(size_t offset, std::initializer_list<uint32_t> constants, uint32_t operands,
                    Entry through = Entry::native_call,
                    std::optional<int32_t> extra = std::nullopt);
  void trap_on_result();

  // ---- variables.cc
  void write_local(uint32_t index, Operand& value);
  void table_record(Gpr to, uint32_t table);
  Mem table_element(uint32_t table, Operand& index, bool writes);
  Mem global_at(uint32_t index);

  // ---- memory.cc
  // A place in guest memory that was checked, or that the guard around the memory checks. Holds
  // registers until release().
  struct Access {
    Mem mem;
    Operand index;
  };
  Access access(const wasm::imm::memarg& i, uint32_t bytes);  // pops the index
  Access checked_access(const wasm::imm::memarg& i, uint32_t bytes, Operand index);
  void release(const Access& access) { release(access.index); }
  // Whether the load that was just decoded can be an operand of an instruction that follows.
  bool used_in_place(Type type) const;
  void push_access(Type type, const Access& access);
  Mem pending_access();  // for the next instruction that is emitted
  void memory_record(Gpr to, uint32_t memory);
  bool is_guarded(uint32_t memory) const;
  bool is_64(uint32_t memory) const {
    return module_.memories[memory].limits.address == wasm::AddressType::i64;
  }
  template <class Emit>
  void load_int(const wasm::imm::memarg& i, Type type, uint32_t bytes, Emit emit);
  template <class Emit>
  void load_xmm(const wasm::imm::memarg& i, Type type, uint32_t bytes, Emit emit);
  void store_int(const wasm::imm::memarg& i, uint32_t bytes);
  void store_xmm(const wasm::imm::memarg& i, uint32_t bytes);

  // ---- integer.cc
  const os::CpuFeatures& cpu() const { return options_.cpu; }
  void alu(Alu op, Type type);
  // Arithmetic leaves flags that say whether its result is zero.
  void note_flags(Gpr reg, Type type) {
    flags_offset_ = masm_.offset();
    flags_reg_ = reg;
    flags_type_ = type;
  }
  bool flags_tell(Gpr reg, Type type) const {
    return flags_offset_ == masm_.offset() && flags_reg_ == reg && flags_type_ == type;
  }
  void multiply(Type type);
  void compare(Cond cond, Type type);
  void equal_zero(Type type);
  void shift(Shift op, Type type);
  void shift_by_cl(Shift op, Type type, Operand value, Operand count);
  void divide(Type type, bool is_signed, bool remainder);
  bool divide_by_power_of_two(Type type, bool remainder);
  bool divide_by_constant(bool is_signed, bool remainder);
  void count_leading(Type type);
  void count_trailing(Type type);
  void count_ones(Type type);
  template <class Emit>
  void unary_gpr(Type to, Emit emit);
  void select_operand();
  bool is_dispatching_select();  // the one that is compiled now
  void add_wide(Alu low, Alu high);
  void multiply_wide(bool is_signed);

  // ---- float.cc
  template <class Emit>
  void unary_xmm(Type to, Emit emit) {  // emit(to, from), which may be the same register
    Operand value = pop();
    Xmm from = xmm_of(value);
    release(value);
    Xmm result = result_xmm();
    emit(result, from);
    push_xmm(to, result);
  }
  void float_binary(uint8_t op, Type type, bool commutes);
  void float_compare(Cond cond, bool swap, Type type);
  void float_min_max(Type type, bool is_max);
  void float_round(Type type, uint8_t mode);
  void float_mask(Type type, bool clear);
  template <class Rm>
  void float_op(x64::Opcode op, Xmm to, Xmm a, Rm b);
  void float_copysign(Type type);
  void float_sqrt(Type type);

  // ---- convert.cc
  void truncate(Type from, Type to, bool is_signed, bool saturate);
  void truncate_slow(Type from_type, Type to_type, bool is_signed, bool saturate, Xmm from, Gpr to,
                     uint32_t back);
  void convert_int(Type from, Type to, bool is_signed);
  void reinterpret(Type to_type);

  // ---- simd_*.cc
#include "baseline/simd_methods.h"

  // ---- atomics.cc
  Access aligned_access(const wasm::imm::memarg& i, uint32_t bytes);  // pops the index
  void zero_extend(Gpr reg, uint32_t bytes);
  void load_zero_extended(Gpr to, Mem from, uint32_t bytes);
  void atomic_load(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void atomic_store(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void atomic_exchange(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  void atomic_add(const wasm::imm::memarg& i, Type type, uint32_t bytes, bool subtract);
  void atomic_bits(const wasm::imm::memarg& i, Type type, uint32_t bytes, Alu op);
  void atomic_compare_exchange(const wasm::imm::memarg& i, Type type, uint32_t bytes);
  Operand parking_address(const wasm::imm::memarg& i);  // pops the index
  void park(size_t builtin, const wasm::imm::memarg& i, uint32_t others);

  // ---- not_built.cc
  void not_built();
  void enter_not_built(const wasm::BlockType& type);

  const wasm::Module& module_;
  const wasm::ModuleContext& context_;
  wasm::Features features_;
  const std::vector<wasm::CanonTypeId>& type_ids_;
  const Options& options_;
  abi::CodeListing* listing_ = nullptr;
  x64::Assembler masm_;

  // The function.
  const wasm::FuncType* type_ = nullptr;
  const uint8_t* body_ = nullptr;
  uint32_t function_ = 0;
  const uint8_t* limit_ = nullptr;
  const uint8_t* look_at_ = nullptr;  // where it is time to look whether to stop; at most limit_
  static constexpr size_t kWorkBetweenLooks = 1 << 18;
  size_t work_ = 0;
  int64_t slots_ = 0;
  wasm::BodyReader* reader_ = nullptr;
  const char* error_ = nullptr;
  uint32_t body_position_ = 0;
  bool dead_ = false;  // this instruction cannot be reached
  bool check_stack_ = true;

  std::vector<Local> locals_;
  BodySurvey survey_;
  size_t next_dispatching_ = 0;  // in survey_.dispatching
  PinnedRegisters pins_;
  std::vector<Operand> stack_;
  uint32_t first_loose_ = 0;  // operands below are settled
  // Operands that are known to be in slots, if they are below first_loose_: [begin, end).
  uint32_t slots_begin_ = 0;
  uint32_t slots_end_ = 0;
  x64::GprSet free_gprs_;
  x64::XmmSet free_xmms_;
  std::vector<Control> controls_;
  std::deque<Label> labels_;

  // The frame: rbp - 8 holds the VmCtx, then saved registers, homes of locals, slots of operands.
  int32_t narrow_slot_ = slot_bytes(Type::i64);  // of all types but v128
  static constexpr char kNeedsWideSlots[] = "its slots have two sizes";
  static constexpr char kStopped[] = "compiling it was stopped";
  ManyValuesByList many_arguments_;
  ManyValuesByList many_results_;
  int32_t homes_end_ = 0;  // rbp + this: the end of the homes
  int32_t frame_end_ = 0;  // the lowest slot in use
  uint32_t frame_patch_ = 0;

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
  std::deque<Constant> constants_;
  std::deque<JumpTable> jump_tables_;
  std::deque<OutOfLine> out_of_line_;
  std::vector<uint32_t> lost_pins_;  // locals whose registers calls lose
  std::vector<CodePosition> positions_;
  std::vector<uint32_t> callees_;
  Access pending_access_{};
  uint32_t pending_position_ = 0;
  static constexpr uint32_t kNoOffset = ~0u;
  uint32_t flags_offset_ = kNoOffset;
  Gpr flags_reg_ = Gpr::rax;
  Type flags_type_ = Type::i32;
  std::vector<std::vector<Operand>> remembered_;  // what stood below each block as it began
  std::vector<GprMove> gpr_moves_;
  std::vector<XmmMove> xmm_moves_;
};

}  // namespace nacre::baseline
