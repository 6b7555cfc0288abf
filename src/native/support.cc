#include "native/support.h"

#include <optional>
#include <utility>

#include "abi/host_func.h"
#include "abi/memory_layout.h"
#include "base/bytes.h"
#include "native/code_space.h"
#include "os/fault.h"

namespace nacre::native {
namespace {

using abi::TrapKind;

template <class T>
const T* pointer_at(const uint8_t* address) {
  return reinterpret_cast<const T*>(  // NOLINT(performance-no-int-to-ptr)
      load_le<uintptr_t>(address));
}

void add_frame(abi::Trap& trap, const abi::VmCtx* vmctx, const CodeSpace::Place& place) {
  const wasm::Module& module = *vmctx->module;
  uint64_t body = module.offset_of(module.body_of(place.function).data());
  trap.frames.push_back(
      {.vmctx = vmctx, .function = place.function, .offset = body + place.body_offset});
}

std::optional<CodeSpace::Place> find(const uint8_t* pc, CodeSite::Kind kind) {
  const CodeSpace* space = CodeSpace::containing(pc);
  return space != nullptr ? space->find(pc, kind) : std::nullopt;
}

// Adds the frames of an activation, the youngest first; `kind` says what `pc` is in that one.
void add_frames(abi::Trap& trap, const uint8_t* pc, const uint8_t* frame,
                CodeSite::Kind kind = CodeSite::Kind::call) {
  while (frame != nullptr) {
    if (trap.frames.size() >= abi::Trap::kMaxFrames) {
      trap.frames_cut = true;
      return;
    }
    // Bridges of tail calls are frames, too, and of no function.
    if (auto place = find(pc, kind)) add_frame(trap, pointer_at<abi::VmCtx>(frame - 8), *place);
    pc = pointer_at<uint8_t>(frame + 8);
    frame = pointer_at<uint8_t>(frame);
    kind = CodeSite::Kind::call;
  }
}

void set_trap(abi::ExecContext* exec, TrapKind kind, const uint8_t* pc, const uint8_t* frame,
              CodeSite::Kind site = CodeSite::Kind::call) {
  abi::TrapPtr trap = abi::make_trap(kind);
  add_frames(*trap, pc, frame, site);
  exec->trap = trap.release();
}

// Whether code of the instance may touch the address by an access that is not checked.
bool reaches(const abi::VmCtx& vmctx, uint64_t address) {
  for (size_t i = 0; i < vmctx.module->memories.size(); ++i) {
    const abi::MemoryRecord& memory = *vmctx.memories[i];
    uint64_t first = reinterpret_cast<uintptr_t>(memory.base) - abi::kFrontGuardBytes;
    if (memory.guarded && address - first < abi::kFrontGuardBytes + abi::kGuardedReservationBytes)
      return true;
  }
  return false;
}

const void* fail_to_compile(abi::VmCtx* vmctx, const Error& error) {
  vmctx->exec->trap = abi::make_code_trap(*vmctx->exec, error).release();
  return nullptr;
}

}  // namespace

void on_trap(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame, uint32_t kind) {
  uint8_t written = *pc;
  set_trap(exec, static_cast<TrapKind>(written != 0 ? written : kind), pc, frame);
}

void on_fault(abi::ExecContext* exec, const uint8_t* pc, uint64_t address, const uint8_t* frame,
              abi::VmCtx* vmctx) {
  // (invariants.md: known-faults) An instruction that accesses guest memory, an address of this
  // instance.
  if (!find(pc, CodeSite::Kind::access) || !reaches(*vmctx, address))
    os::die_of_fault(reinterpret_cast<uintptr_t>(pc), address);
  set_trap(exec, TrapKind::memory_out_of_bounds, pc, frame, CodeSite::Kind::access);
}

void on_interrupt(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* stack,
                  const uint8_t* frame, abi::VmCtx* vmctx) {
  abi::TrapPtr trap = abi::make_trap(abi::stop_reason(*exec));
  // Only code of a space is interrupted.
  auto found = CodeSpace::containing(pc)->find_interrupted(pc);
  // While a frame is whole, its instance may be another than that whose function it calls.
  if (found.frame == FrameState::whole)
    vmctx = const_cast<abi::VmCtx*>(pointer_at<abi::VmCtx>(frame - 8));
  if (found.place) add_frame(*trap, vmctx, *found.place);
  if (found.frame >= FrameState::linked) {
    add_frames(*trap, pointer_at<uint8_t>(frame + 8), pointer_at<uint8_t>(frame));
  } else {
    const uint8_t* return_slot = stack + (found.frame == FrameState::pushed ? 8 : 0);
    add_frames(*trap, pointer_at<uint8_t>(return_slot), frame);
  }
  exec->trap = trap.release();
}

void on_stop(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame) {
  if (exec->trap == nullptr) exec->trap = abi::make_trap(abi::stop_reason(*exec)).release();
  add_frames(*exec->trap, pc, frame);
}

void on_direct_trap(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame,
                    abi::Trap* trap) {
  constexpr uintptr_t kLastKind = 255;  // no object lies there
  auto kind = reinterpret_cast<uintptr_t>(trap);
  exec->trap = kind > kLastKind ? trap : abi::make_trap(static_cast<TrapKind>(kind)).release();
  add_frames(*exec->trap, pc, frame);
}

void on_host_trap(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame) {
  add_frames(*exec->trap, pc, frame);
}

void on_host_overflow(abi::ExecContext* exec, const uint8_t* pc, const uint8_t* frame) {
  set_trap(exec, TrapKind::call_stack_exhausted, pc, frame);
}

// The frame pointer on top is that of the stub which called the host function.
void add_parked_frames(const abi::ExecContext& exec, abi::Trap& trap) {
  const auto* top = static_cast<const uint8_t*>(exec.suspension.resume_point);
  const auto* frame = pointer_at<uint8_t>(top);
  add_frames(trap, pointer_at<uint8_t>(frame + 8), pointer_at<uint8_t>(frame));
}

namespace {

// Beside each other, so that nothing of it is kept in registers while the function runs.
struct CallOfHost {
  abi::HostCall call;
  const abi::HostFunc& host;
  abi::Value* values;
};

[[gnu::noinline]] uint32_t ended_otherwise(const CallOfHost& made, abi::Outcome outcome) {
  abi::check_ending(outcome, made.host, made.call.exec, made.values);
  if (outcome.is_suspended()) return 2;
  made.call.exec.trap = std::move(outcome).take_trap().release();
  return 1;
}

}  // namespace

uint32_t call_host(abi::ExecContext* exec, abi::VmCtx* caller, abi::FuncObject* function,
                   abi::Value* values) {
  const abi::HostFunc& host = *function->host;
  CallOfHost made = {{.exec = *exec, .caller = caller}, host, values};
  abi::Outcome outcome = host.call(made.call, host.data, values);
  if (outcome.is_returned()) [[likely]]
    return 0;
  return ended_otherwise(made, std::move(outcome));
}

namespace {

// Whether nothing but a bridge of tail calls is between the frame of a stub and who entered from
// the host.
bool is_outermost(const uint8_t* frame) {
  const auto* outer = pointer_at<uint8_t>(frame);
  if (outer == nullptr) return true;
  bool is_bridge = !find(pointer_at<uint8_t>(frame + 8), CodeSite::Kind::call);
  return is_bridge && pointer_at<uint8_t>(outer) == nullptr;
}

}  // namespace

uint32_t call_elsewhere(abi::ExecContext* exec, abi::VmCtx*, abi::FuncObject* function,
                        abi::Value* values, const uint8_t* frame) {
  exec->suspension = {.callee = function, .values = values, .tail = is_outermost(frame)};
  return 2;
}

const void* compile_function(abi::VmCtx* vmctx, uint32_t index) {
  Result<const void*> code = vmctx->code->entry(index);
  return code ? *code : fail_to_compile(vmctx, code.error());
}

const void* compile_object(abi::VmCtx*, abi::FuncObject* function) {
  Result<const void*> code = function->vmctx->code->object_entry(function->index);
  if (!code) return fail_to_compile(function->vmctx, code.error());
  function->code = const_cast<void*>(*code);
  return *code;
}

uint64_t address_of(StubCallee callee) {
  switch (callee) {
#define STUB_CALLEE(name) \
  case StubCallee::name:  \
    return reinterpret_cast<uintptr_t>(&name);
#include "native/stub_callees.def"
#undef STUB_CALLEE
  }
  return 0;
}

}  // namespace nacre::native
