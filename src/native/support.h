// What stubs call, on the native stack.
#pragma once

#include <cstdint>

#include "abi/code.h"
#include "abi/vmctx.h"

namespace nacre::native {

// Each of those that return nothing completes exec->trap, with the frames of this activation.
//
// A trap that machine code found: `pc` is the byte that names it (0: `kind` does), `frame` the
// frame pointer.
void on_trap(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame, uint32_t kind);
// An access to guest memory faulted. Ends the process if it was not such an access.
void on_fault(abi::ExecContext* exec, const uint8_t* pc, uint64_t address, const uint8_t* frame,
              abi::VmCtx* vmctx);
// The guest is to stop (exec->running.stop). on_interrupt: at any instruction `pc`, with the stack
// pointer, frame pointer and instance that it had there. on_stop: where it called the runtime or a
// host function; `pc` is behind that call. A trap that the host function left comes first.
void on_interrupt(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* stack,
                  const uint8_t* frame, abi::VmCtx* vmctx);
void on_stop(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame);
// A direct call left a trap, or in its place the number of the reason to stop.
void on_direct_trap(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame,
                    abi::Trap* trap);
// A host function trapped, or code could not be made; exec->trap says why. `pc` is behind the call.
void on_host_trap(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame);
// There is no stack for the arguments of a host function.
void on_host_overflow(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame);

// The guest that is parked on this stack never goes on.
void add_parked_frames(const abi::ExecContext& exec, abi::Trap& trap);

// 0, 1 with exec->trap, or 2 with exec->suspension.
uint32_t call_host(abi::ExecContext* exec, abi::VmCtx* caller, abi::FuncObject* function,
                   abi::Value* values);
// Leaves this executor's code for a function that another one runs: 2, with exec->suspension.
// `frame` is that of the stub.
uint32_t call_elsewhere(abi::ExecContext* exec, abi::VmCtx* callee, abi::FuncObject* function,
                        abi::Value* values, const uint8_t* frame);
// The code of a function of the instance's module; null with exec->trap if there is none.
const void* compile_function(abi::VmCtx* vmctx, uint32_t index);
const void* compile_object(abi::VmCtx* vmctx, abi::FuncObject* function);

// Each of them has a number, by which code names it (Relocation::Kind::stub_callee).
enum class StubCallee : uint32_t {
#define STUB_CALLEE(name) name,
#include "native/stub_callees.def"
#undef STUB_CALLEE
};
uint64_t address_of(StubCallee callee);

}  // namespace nacre::native
