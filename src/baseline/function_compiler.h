// Compiles one function in one pass over its body.
//
// Each instruction has a method, named as its row of ops.def; compile.cc calls them in order.
// Nothing has to be reconciled where control flow merges: every operand whose location a block
// could change is spilled when the block begins (it is a constant, or in its slot). A block's
// single result is passed in the first result register, several in their slots.
//
// The compiler is made of layers, each a base class of the next, so that calls between them cost
// nothing:
//   FunctionCode          function_code.h         the code: labels, constants, traps, sites
//   OperandStack          operand_stack.h         where values are, what is in which register
//   MachineInstructions   machine_instructions.h  what computes: the processor's own layer (x64/)
//   FunctionCompiler      this file               what is the same on every processor
// All but the third are written against macro_assembler.h and name no register.
//
// The methods of the last layer are spread over files by subject: compile.cc (the walk, frame,
// prologue), control.cc, calls.cc, variables.cc, numeric.cc, memory.cc, atomics.cc, bulk.cc,
// many_values.cc, not_built.cc, checks.cc (what checked builds add).
//
// One object compiles any number of functions, one after the other, on one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "abi/calls.h"
#include "baseline/machine_instructions.h"
#include "baseline/register_assignment.h"
#include "native/compiler.h"
#include "native/stubs.h"
#include "wasm/body_reader.h"
#include "wasm/imm.h"
#include "wasm/validate/module_context.h"
#include "wasm/validate/validate.h"

namespace nacre::baseline {

using native::Entry;
using native::entry_offset;

class FunctionCompiler : protected MachineInstructions {
 public:
  FunctionCompiler(const wasm::ValidModuleInfo& info, const Options& options);

  // As native::ModuleCompiler::compile.
  Result<void> compile(uint32_t function, uint64_t max_bytes, native::CodeImage& image);

  // From now on, what compile() makes is also described there; `code` and `slots` are left alone.
  // Null: no longer.
  void describe(abi::CodeListing* listing) { listing_ = listing; }

 private:
  friend struct Visitor;
  friend struct DescribingVisitor;
  // The rows of ops.def but for vector instructions, which the processor has itself.
#define ROW_0x00(name, imm_) void name(const wasm::imm::imm_& i);
#define ROW_0xfb(name, imm_) void name(const wasm::imm::imm_& i);
#define ROW_0xfc(name, imm_) void name(const wasm::imm::imm_& i);
#define ROW_0xfd(name, imm_)
#define ROW_0xfe(name, imm_) void name(const wasm::imm::imm_& i);
#define OP(name, text, prefix, code, imm_, sig, feature, flags) ROW_##prefix(name, imm_)
#include "wasm/ops.def"
#undef OP
#undef ROW_0x00
#undef ROW_0xfb
#undef ROW_0xfc
#undef ROW_0xfd
#undef ROW_0xfe

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
    uint32_t remembered = 0;                     // in remembered_, if options_.check_consistency

    Types results() const { return {result_list != nullptr ? result_list : &single, result_count}; }
    Types label_types() const { return kind == Kind::loop ? params : results(); }
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
  bool begin(const uint8_t* pos);  // false: stop, error_ says why
  void complete_listing();         // listing.cc

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
  void spill_into_slots(uint32_t from);  // all operands from there on
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

  // ---- checks.cc: nothing unless the options ask for it
  void poison(Gpr reg);
  void poison(Type type, Fpr reg);
  void poison(Types types, abi::PlaceAssigner places, const Gpr* gprs, const Fpr* fprs);
  void remember_operands(Control& control);
  void check_operands(const Control& control);

  // ---- control.cc
  void enter(Control::Kind kind, const wasm::BlockType& type);
  void leave_block();
  void go_dead();
  Control& target(uint32_t depth) { return controls_[controls_.size() - 1 - depth]; }
  bool result_in_register(const Control& control) const {
    return control.label_types().size() == 1 && control.kind != Control::Kind::loop;
  }
  // Copies the topmost operands to where the label expects them; the operands themselves do not
  // change.
  void copy_results(Control& to);
  void push_results(const Control& from, Types types);
  void jump_to(Control& to);
  void leave_function();
  uint32_t behind_blocks() const;
  void place_results();
  void branch_if(Condition condition, uint32_t depth);
  bool is_dispatching_select();  // the one that is compiled now
  // Whether a branch there costs fuel, and taking it.
  bool is_charged(const Control& to) const {
    return options_.count_fuel && to.kind == Control::Kind::loop;
  }
  void charge_branch(const Control& to) {
    if (is_charged(to)) charge(body_position_ + 1 - to.loop_begin);
  }

  // ---- calls.cc
  void save_caller_saved();
  void restore_caller_saved();
  void pass_arguments(Types params);
  void push_call_results(Types results);
  void function_object(uint32_t index);  // of the instance, into its register
  void indirect_object(const wasm::imm::call_indirect& i);
  void reference_object();
  void enter_other_instance();
  void call_other(Types results);
  void call_object(const wasm::FuncType& type);
  void tail_call_object(const wasm::FuncType& type);
  void restore_callee_saved();
  const wasm::FuncType& type_at(uint32_t index) const;
  struct GprMove {
    Gpr to;
    Gpr from;
  };
  struct FprMove {
    Fpr to;
    Fpr from;
  };
  void move_all(std::vector<GprMove>& moves);
  void move_all(std::vector<FprMove>& moves);
  // Calls a function of abi/builtins.def: constants, then the topmost operands, are its arguments
  // behind the VmCtx. The result is in the first result register. `through`: native_call or a stub
  // that may do without. `extra`: a last argument, an address in the frame.
  void call_builtin(size_t offset, std::initializer_list<uint32_t> constants, uint32_t operands,
                    Entry through = Entry::native_call,
                    std::optional<int32_t> extra = std::nullopt);
  void trap_on_result();

  // ---- variables.cc
  void write_local(uint32_t index, Operand& value);
  Mem table_element(uint32_t table, Operand& index, bool writes);
  Mem global_at(uint32_t index);

  // ---- atomics.cc
  Operand parking_address(const wasm::imm::memarg& i);  // pops the index
  void park(size_t builtin, const wasm::imm::memarg& i, uint32_t others);

  // ---- not_built.cc
  void not_built();
  void enter_not_built(const wasm::BlockType& type);

  const wasm::ModuleContext& context_;
  wasm::Features features_;

  // The function.
  bool dead_ = false;  // this instruction cannot be reached
  bool check_stack_ = true;
  UseCounts use_counts_;
  size_t next_dispatching_ = 0;  // in use_counts_.dispatching
  std::vector<Control> controls_;
  static constexpr char kNeedsWideSlots[] = "its slots have two sizes";
  ManyValuesByList many_arguments_;
  ManyValuesByList many_results_;
  uint32_t frame_patch_ = 0;                   // where the frame's size is written once it is known
  std::vector<uint32_t> caller_saved_locals_;  // locals whose registers calls lose
  std::vector<std::vector<Operand>> remembered_;  // what stood below each block as it began
  std::vector<GprMove> gpr_moves_;
  std::vector<FprMove> fpr_moves_;
};

}  // namespace nacre::baseline
