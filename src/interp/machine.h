// The machine that handlers run on: its registers, frames on the guest stack, and how one handler
// reaches the next.
//
// Each instruction has a handler for each state of the operand stack (state.h). A handler ends by
// jumping to the handler of the next step (steps.h). Six registers travel as arguments; five that
// change only at calls between instances live in callee-saved machine registers, so that the calls
// a handler makes keep them. Where the compiler does not promise such jumps (without optimisation,
// under sanitizers, on other processors), NACRE_INTERP_THREADED is 0: the same handlers return to a
// loop and the registers are members of Machine.
//
// Units: `pc` points into the original bytes; stack pointers are byte addresses; a slot has 8 bytes
// or, in functions that use v128 ("wide"), 16. The guest stack grows upwards:
//
//   caller's operands ... arguments | other locals | Frame | operands ...
//                         ^ fp                       ^ frame
//
// so that operands of the caller become locals of the callee in place.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "abi/code.h"
#include "abi/trap.h"
#include "abi/vmctx.h"
#include "interp/steps.h"
#include "os/interrupt.h"

#if !defined(NACRE_INTERP_LOOP) && defined(__GNUC__) && !defined(__clang__) &&                  \
    defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    (defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64))
#define NACRE_INTERP_THREADED 1
#else
#define NACRE_INTERP_THREADED 0
#endif

namespace nacre::interp {

// A branch of the side table (wasm/validate/side_table.h), ready for use: deltas in bytes.
struct Branch {
  int32_t delta_pc;      // from the last byte of the opcode
  int32_t delta_cursor;  // from this entry
  uint32_t moves = 0;    // 0: nothing is dropped; else how many, and above them how many are kept

  static constexpr uint32_t kPopBits = 22;
  static uint32_t moves_of(uint32_t pop, uint32_t keep) {
    return pop == 0 ? 0 : pop | keep << kPopBits;
  }
  uint32_t pop() const { return moves & ((1u << kPopBits) - 1); }
  uint32_t keep() const { return moves >> kPopBits; }
};

class InterpCode;

// A function, made at its first call. Immutable.
struct FunctionCode {
  const InterpCode* module = nullptr;  // which it belongs to
  const uint8_t* start = nullptr;      // first instruction
  const uint8_t* end = nullptr;        // the final `end`
  const Branch* branches = nullptr;    // owned
  uint32_t param_bytes = 0;
  uint32_t local_bytes = 0;  // parameters included
  uint64_t frame_bytes = 0;  // from the first local to the end of the operands
  uint32_t param_count = 0;
  uint32_t result_count = 0;
  bool wide = false;
  // The width of slots for which calls may take the fast path: `wide`, or kNotFast, because
  // another executor runs it.
  mutable std::atomic<uint8_t> fast_width{0};
  static constexpr uint8_t kNotFast = 2;
  uint32_t index = 0;  // in the function index space
  uint32_t body_bytes = 0;

  ~FunctionCode() { delete[] branches; }
};

// What stands between the locals and the operands of a running function. `return_pc` is the
// address after the call in the caller, or one of the two special ones that InterpCode has.
struct Frame {
  const uint8_t* return_pc;
  const Branch* return_cursor;
  Frame* prev;
  uint8_t* caller_fp;
  const FunctionCode* code;  // null: a Bridge
};

// Stands between caller and callee where the instance or the width of slots changes, and under the
// first frame of an activation.
struct Bridge : Frame {
  uint8_t* results;   // where the caller wants them
  abi::VmCtx* vmctx;  // the caller's; null under the first frame
  uint32_t result_count;
  bool wide;  // the caller's slots
};

// Two steps that are not opcodes (handlers.cc checks): returning to a bridge, and to the host.
inline constexpr Step kBridgeStep = 0xF0;
inline constexpr Step kExitStep = 0xF1;

// How a suspended call continues once its results are there: that of a host function that waits, or
// of a function that another executor runs.
struct SuspendedCall {
  const wasm::FuncType* type = nullptr;  // of what was called; null: none is suspended
  uint8_t* results = nullptr;            // where the caller wants them
  const Branch* cursor = nullptr;        // of the caller
  uint8_t* fp = nullptr;
  bool wide = false;
  bool tail = false;  // the caller returns with them
};

// One run of Executor::call, on the guest stack below its frames. Handlers reach it through a
// register.
struct Activation {
  uint8_t* limit = nullptr;              // end of the interpreter's stack
  abi::VmCtx* vmctx = nullptr;           // of the running function
  abi::MemoryRecord* memory0 = nullptr;  // of vmctx
  uint64_t index_mask = 0;               // of memory 0: which bits of an operand are the index
  abi::ExecContext* exec = nullptr;
  const abi::Executor* executor = nullptr;  // which it is a call of
  // The interrupt flag, polled where code could run for ever. The signal that stops a guest sets
  // it; with fuel it is always set, so that the slow paths count. `fast_call_guard`
  // is `vmctx` unless the flag is set.
  os::Notice notice;

  // How it ended.
  abi::TrapKind trap = abi::TrapKind::none;
  const uint8_t* trap_pc = nullptr;  // inside the instruction
  Frame* trap_frame = nullptr;
  abi::TrapPtr host_trap;          // a host function's, or one with a message; goes before `trap`
  bool left_by_tail_call = false;  // trap_frame's function ended in a tail call, which trapped
  uint8_t* exit_sp = nullptr;      // behind the results
  bool exit_wide = false;
  // It has not ended: trap_pc and trap_frame say where it is.
  SuspendedCall suspended;
  const wasm::FuncType* type = nullptr;  // of the function that the host called
};

#if NACRE_INTERP_THREADED

#define NACRE_PARAMS                                                                               \
  [[maybe_unused]] const uint8_t *pc, [[maybe_unused]] uint8_t *sp, [[maybe_unused]] uint64_t tos, \
      [[maybe_unused]] uint64_t nos, [[maybe_unused]] uint8_t *fp,                                 \
      [[maybe_unused]] const ::nacre::interp::Branch *cursor
#define NACRE_ARGS pc, sp, tos, nos, fp, cursor

using Handler = void (*)(NACRE_PARAMS);

#if defined(__x86_64__)
#define NACRE_REG(n) asm("r1" #n)
#define NACRE_REG_STEPS asm("rbp")
#elif defined(__aarch64__)
#define NACRE_REG(n) asm("x2" #n)
#define NACRE_REG_STEPS asm("x26")
#else
#define NACRE_REG(n) asm("s" #n)
#define NACRE_REG_STEPS asm("s6")
#endif
// Machine registers of the thread, not memory. run() (run.cc) saves and sets them.
register Activation* reg_activation NACRE_REG(2);
register const Handler* reg_table NACRE_REG(3);
register uint8_t* reg_memory NACRE_REG(4);
register Frame* reg_frame NACRE_REG(5);
// Where the step of the byte at address 0 would stand: that of pc is at reg_steps + 2 * pc.
register uintptr_t reg_steps NACRE_REG_STEPS;
#undef NACRE_REG
#undef NACRE_REG_STEPS
// Where the registers of a state live; in functions that are not handlers themselves.
#define NACRE_MACHINE(state) static_cast<void>(state)

#else

struct Machine;
#define NACRE_PARAMS [[maybe_unused]] ::nacre::interp::Machine& machine
#define NACRE_ARGS machine
#define NACRE_MACHINE(state) [[maybe_unused]] ::nacre::interp::Machine& machine = (state).machine

using Handler = void (*)(Machine& machine);

struct Machine {
  const uint8_t* pc;
  uint8_t* sp;
  uint64_t tos;
  uint64_t nos;
  uint8_t* fp;
  const Branch* cursor;
  Activation* activation;
  const Handler* table;
  uint8_t* memory;
  Frame* frame;
  uintptr_t steps;
  Handler next;  // null: done
};
#define reg_activation machine.activation
#define reg_table machine.table
#define reg_memory machine.memory
#define reg_frame machine.frame
#define reg_steps machine.steps

#endif

// One flat array: for each state its steps (one-byte opcodes in the wide table), then the prefixed
// opcodes.
struct TableLayout {
  static constexpr size_t kOneByte = 256;
  static constexpr size_t kFb = 0x20;
  static constexpr size_t kFc = 0x20;
  static constexpr size_t kFe = 0x50;
  static constexpr size_t kFd = 0x120;  // last, as narrow tables have none
};

// The table for functions of an instance whose memory 0 is guarded or not.
const Handler* handler_table(bool wide, bool guarded);

}  // namespace nacre::interp
