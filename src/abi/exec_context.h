// The guest stack that code runs on, and the state of the guest there: how far the stack reaches,
// why code is to stop, fuel, what it waits for.
//
// Code finds it through VmCtx::exec, and the parts that every function reads through copies in the
// VmCtx: run_on() writes them when code of an instance is to run on another stack.
#pragma once

#include <cstdint>

#include "abi/stack_use.h"
#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "os/interrupt.h"
#include "wasm/limits.h"

namespace nacre::tiering {
struct Segment;  // tiering/segment.h
}

namespace nacre::abi {

// Bytes at the low end of machine code's stack: VmCtx::area, then room that stubs and leaf
// functions use unchecked. Frames end above them.
inline constexpr uint64_t kStackReserveBytes = 32 << 10;
static_assert(kStackReserveBytes >= (wasm::kMaxParams + 1) * sizeof(Value) + (8 << 10) &&
              wasm::kMaxResults <= wasm::kMaxParams);

// Why code left the stack, to go on later: a host function that it called answered *pending*, and
// the guest is parked; or it calls a function that another executor runs.
struct Suspension {
  const HostFunc* function = nullptr;  // that is pending; null: the guest is not parked
  void* operation = nullptr;           // what the function named (HostCall::suspend)
  FuncObject* callee = nullptr;        // that another executor is to run; null: none
  // Where arguments of `callee` are, and where results go before the code is resumed.
  Value* values = nullptr;
  void* resume_point = nullptr;  // the executor's: where on the stack the code goes on
  // A tail call that left no frame of the executor's call: the results of `callee` are those of the
  // call. Never resumed.
  bool tail = false;
};

// A guest stack, used by one thread at a time. Nested calls (host functions that call back into
// wasm) use it from where the outer call has left off. Host code always runs on the native stack,
// so a guest that waits can leave its stack as it is, and be resumed by any thread.
struct ExecContext {
  uint8_t* stack_begin = nullptr;  // lowest address of the guest stack
  uint8_t* stack_end = nullptr;
  // The interpreter's stack grows upwards: its first free byte while host code runs, 16-byte
  // aligned. It ends at upwards_end.
  uint8_t* stack_top = nullptr;
  uint8_t* upwards_end = nullptr;
  // Machine code's stack grows downwards: what is below this is free while host code runs. It ends
  // at downwards_end. The two overlap where only one of them is used.
  uint8_t* frame_top = nullptr;
  uint8_t* downwards_end = nullptr;
  void* native_sp = nullptr;  // of the native stack, while machine code runs
  Trap* trap = nullptr;       // owned; why machine code stopped, on its way to Executor::call
  Suspension suspension;
  // Where several executors run functions of one module: what each of them left on this stack, the
  // youngest first.
  tiering::Segment* segment = nullptr;
  // Whether to stop, and why: a TrapKind. Set by any thread when the guest's time is over, and by a
  // builtin or host function of the thread that runs when another limit is reached: the code that
  // called it then stops. Cleared when a trap has left the guest.
  os::Interruptible running;
  int64_t fuel = 0;  // what is left, of engines that count it; negative: none
  bool counts_fuel = false;
  StackUse stack_use;             // whether a guest runs or is parked on it
  uint32_t max_host_depth = 200;  // each costs native stack: 200 x a few KiB stays far below 8 MiB
  // The depth of stack_use at which the guest can be parked, because no host function is below it
  // that would have to be parked too. 0: never, because its caller on this thread waits for the
  // results.
  uint32_t suspend_depth = 0;
};

// From now on, code of the instance runs on this stack.
inline void run_on(VmCtx& vmctx, ExecContext& exec) {
  vmctx.exec = &exec;
  vmctx.area = reinterpret_cast<Value*>(exec.downwards_end);
  vmctx.stack_limit = exec.downwards_end + kStackReserveBytes;
}

// Fuel, in all tiers alike (docs/security.md#limits). Entering a function costs the bytes of its
// body. A branch to a loop costs the bytes from the loop's first instruction that is not a `block`
// to the end of the branch's opcode. A bulk operation costs its length: elements, or this many
// bytes a unit.
inline constexpr uint64_t kBytesPerFuel = 16;

// Takes `amount` of fuel; false: there was not enough.
[[nodiscard]] inline bool take_fuel(ExecContext& exec, uint64_t amount) {
  if (!exec.counts_fuel) return true;
  if (amount > static_cast<uint64_t>(INT64_MAX) || exec.fuel < static_cast<int64_t>(amount)) {
    exec.fuel = -1;
    return false;
  }
  exec.fuel -= static_cast<int64_t>(amount);
  return true;
}

// Why running code is to stop, or none.
inline TrapKind stop_reason(const ExecContext& exec) {
  return static_cast<TrapKind>(exec.running.stop.load(std::memory_order_relaxed));
}
inline void request_stop(ExecContext& exec, TrapKind kind) {
  exec.running.stop.store(static_cast<uint32_t>(kind), std::memory_order_relaxed);
}

}  // namespace nacre::abi
